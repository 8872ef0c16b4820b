#include "html/report_page.hpp"

#include <array>
#include <utility>

#include <nlohmann/json.hpp>

#include "html/assets.hpp"

namespace udperf::html {
namespace {

using Json = nlohmann::json;

/// In JSON these can only stand inside of strings, where an escape means the same; to HTML and to
/// JavaScript they would mean something else.
std::string harmless(std::string_view json) {
  std::string out;
  out.reserve(json.size() + json.size() / 16);
  for (std::size_t i = 0; i < json.size(); ++i) {
    const char c = json[i];
    const bool separator = json.compare(i, 2, "\xE2\x80") == 0 && i + 2 < json.size() &&
                           (json[i + 2] == '\xA8' || json[i + 2] == '\xA9');
    if (c == '<') {
      out += "\\u003c";
    } else if (c == '>') {
      out += "\\u003e";
    } else if (c == '&') {
      out += "\\u0026";
    } else if (separator) {
      out += json[i + 2] == '\xA8' ? "\\u2028" : "\\u2029";
      i += 2;
    } else {
      out += c;
    }
  }
  return out;
}

/// Whether brackets are nested deeper than in any document: what reads and writes JSON recurses.
bool too_deep(std::string_view text) {
  constexpr int kDeepest = 64;
  int depth = 0;
  bool quoted = false;
  for (std::size_t i = 0; i < text.size() && depth <= kDeepest; ++i) {
    const char c = text[i];
    if (quoted && c == '\\') {
      ++i;
    } else if (c == '"') {
      quoted = !quoted;
    } else if (!quoted) {
      depth += c == '{' || c == '[' ? 1 : 0;
      depth -= c == '}' || c == ']' ? 1 : 0;
    }
  }
  return depth > kDeepest;
}

Error refusal(std::string what) {
  return Error{ErrorCode::usage, std::move(what), 0, {}};
}

bool is_document(const Json& json) {
  return json.is_object() && json.value("schema", Json{}) == "udperf/1" && json.contains("test") &&
         json.at("test").is_object();
}

/// The document in one line of --jsonl, if that is what it is.
std::optional<std::string> document_of_event(std::string_view line) {
  const auto json = Json::parse(line, nullptr, false);
  if (!json.is_object() || !json.contains("event") || !json.contains("data")) {
    return std::nullopt;
  }
  const bool last = json.at("event") == "end" || json.at("event") == "error";
  return last && is_document(json.at("data")) ? std::optional{json.at("data").dump()}
                                              : std::nullopt;
}

}  // namespace

std::string report_page(std::string_view document) {
  const std::string inside = harmless(document);
  const std::array<std::pair<std::string_view, std::string_view>, 4> parts{{
      {"@STYLE@", page_css},
      {"@DOCUMENT@", inside},
      {"@LIBRARY@", chart_js},
      {"@SCRIPT@", page_js},
  }};
  std::string page;
  page.reserve(page_html.size() + page_css.size() + inside.size() + chart_js.size() +
               page_js.size());
  std::string_view rest = page_html;
  for (const auto& [marker, part] : parts) {
    const std::size_t at = rest.find(marker);
    page.append(rest.substr(0, at)).append(part);
    rest.remove_prefix(at + marker.size());
  }
  return page.append(rest);
}

InlineParts report_inline_parts() {
  const std::string line = "\n";
  return {line + std::string{page_css}, line + std::string{chart_js} + line,
          line + std::string{page_js} + line};
}

std::string comparison_page(std::string_view before, std::string_view after,
                            std::string_view comparison) {
  std::string all = R"({"old":)";
  all.append(before).append(R"(,"new":)").append(after);
  all.append(R"(,"comparison":)").append(comparison).append("}");
  return report_page(all);
}

Result<std::string> find_document(std::string_view text) {
  if (text.size() > kMostInput) {
    return tl::unexpected{refusal("is larger than any result document (64 MiB)")};
  }
  if (too_deep(text)) {
    return tl::unexpected{refusal("is nested deeper than any result of udperf")};
  }
  if (const auto json = Json::parse(text, nullptr, false); is_document(json)) {
    return json.dump();
  }
  while (!text.empty()) {
    const auto end = text.find_last_not_of(" \t\r\n");
    text = text.substr(0, end == std::string_view::npos ? 0 : end + 1);
    const auto begin = text.rfind('\n');
    const auto line = begin == std::string_view::npos ? text : text.substr(begin + 1);
    if (auto found = document_of_event(line)) {
      return *std::move(found);
    }
    text = begin == std::string_view::npos ? std::string_view{} : text.substr(0, begin);
  }
  return tl::unexpected{refusal(
      "holds no result of udperf: expected the document that --json prints, or the events of "
      "--jsonl with their end")};
}

}  // namespace udperf::html
