#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "html/assets.hpp"
#include "html/report_page.hpp"
#include "report/writer.hpp"
#include "result/document.hpp"
#include "support/catch.hpp"
#include "support/example_outcomes.hpp"

using nlohmann::json;
using udperf::html::find_document;
using udperf::html::report_page;

namespace {

std::string document_text() {
  return udperf::report::to_json(udperf::result::build_result(udperf::test::normal_up()));
}

/// What the page's script element of the document holds.
std::string embedded(const std::string& page) {
  const std::string open = "<script id=\"document\" type=\"application/json\">";
  const auto begin = page.find(open) + open.size();
  return page.substr(begin, page.find("</script>", begin) - begin);
}

std::string joined(const std::vector<std::string>& lines, const std::string& end) {
  std::string text;
  for (const std::string& line : lines) {
    text += text.empty() ? "" : end;
    text += line;
  }
  return text;
}

std::size_t occurrences(const std::string& text, const std::string& what) {
  std::size_t count = 0;
  for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + 1)) {
    ++count;
  }
  return count;
}

}  // namespace

TEST_CASE("a page holds the document, the library and its licence", "[html]") {
  const std::string page = report_page(document_text());

  CHECK(json::parse(embedded(page)) == json::parse(document_text()));
  CHECK(page.find("Chart.js v3") != std::string::npos);
  CHECK(page.find("Permission is hereby granted") != std::string::npos);
  CHECK(page.find("default-src 'none'") != std::string::npos);
  CHECK(udperf::html::chart_js.size() > 100'000);
  CHECK(page.size() > udperf::html::chart_js.size() + udperf::html::page_js.size());
}

TEST_CASE("nothing in a document can become markup or script", "[html]") {
  json document = json::parse(document_text());
  const std::string hostile =
      "</script><script>alert(1)</script><!-- & \xE2\x80\xA8 \xE2\x80\xA9 ]]>";
  document["test"]["labels"]["<b>"] = hostile;
  document["verdict"] = hostile;

  const std::string page = report_page(document.dump());

  CHECK(json::parse(embedded(page)) == document);
  CHECK(occurrences(page, "<script") == occurrences(report_page(document_text()), "<script"));
  CHECK(embedded(page).find('<') == std::string::npos);
  CHECK(embedded(page).find("\xE2\x80\xA8") == std::string::npos);
  // Neither the page's own files nor the library may end their element.
  CHECK(occurrences(page, "</script>") == 3);
}

TEST_CASE("the document is found in what --json and --jsonl write", "[html]") {
  const json document = json::parse(document_text());
  const std::string event = json{{"event", "end"}, {"seq", 2}, {"data", document}}.dump();
  const std::string start = R"({"event":"start","data":{}})";

  for (const std::string& text :
       {document_text(), document.dump(), event, joined({start, event}, "\n"),
        joined({start, event, "", ""}, "\r\n"), joined({event, "rubbish", ""}, "\n")}) {
    const auto found = find_document(text);
    REQUIRE(found);
    CHECK(json::parse(*found) == document);
  }
}

TEST_CASE("a file that is nested without end is refused, not followed", "[html]") {
  for (const char bracket : {'[', '{'}) {
    const auto found =
        find_document(R"({"schema":"udperf/1","test":{"a":)" + std::string(300'000, bracket));
    REQUIRE_FALSE(found);
    CHECK(found.error().code == udperf::ErrorCode::usage);
  }
  // Brackets in a text are no nesting.
  json document = json::parse(document_text());
  document["verdict"] = std::string(1000, '[') + "\"" + std::string(1000, '{');
  CHECK(find_document(document.dump()).has_value());
}

TEST_CASE("what holds no document is refused with a reason", "[html]") {
  const std::string of_another = R"({"schema":"iperf","test":{}})";
  for (const std::string& text :
       {std::string{}, std::string{"\n\n"}, std::string{"{}"}, std::string{"[1]"}, of_another,
        std::string{"{\"schema\":"}, std::string{R"({"event":"end","data":3})"},
        std::string{R"({"schema":"udperf/1"})"},
        std::string{R"({"schema":"udperf/1","test":1})"}}) {
    CAPTURE(text);
    const auto found = find_document(text);
    REQUIRE_FALSE(found);
    CHECK(found.error().code == udperf::ErrorCode::usage);
    CHECK(found.error().message().find("--json") != std::string::npos);
  }
}
