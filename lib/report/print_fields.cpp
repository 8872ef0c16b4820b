#include <algorithm>
#include <charconv>
#include <string_view>

#include "report/find_field.hpp"
#include "report/writer.hpp"

namespace udperf::report {
namespace {

/// A document in which everything is there, to know which paths exist.
Json full_shape() {
  result::DirectionPart part;
  part.loss.ci95.emplace(0.0, 0.0);
  part.intervals.emplace_back();
  part.delay_variation.histogram.emplace_back();
  part.outages.emplace_back();
  part.tx.pauses.emplace_back();
  part.streams.emplace_back().intervals.emplace_back();
  result::ResultDocument document;
  document.up = part;
  document.down = part;
  document.warnings.emplace_back();
  document.notes.emplace_back();
  document.error = Error{};
  document.test.mtu_up.emplace();
  document.test.mtu_down.emplace();
  document.repeats.emplace();
  document.repeats->runs.emplace_back();
  stats::Spread spread;
  spread.ci95.emplace(0.0, 0.0);
  document.repeats->goodput_bps = spread;
  document.repeats->loss_percent = spread;
  document.repeats->rtt_loaded_p50_ns = spread;
  document.search.emplace().trials.emplace_back();
  search::Capacity& capacity = document.search->capacity.emplace();
  capacity.sub_intervals.emplace_back();
  capacity.maximum = 0;
  document.search_down = document.search;
  return document_tree(document);
}

void collect_paths(const Json& node, const std::string& path, std::vector<std::string>& paths) {
  if (!node.is_structured() || node.empty()) {
    paths.push_back(path);
    return;
  }
  for (const auto& [key, below] : node.items()) {
    collect_paths(below, path.empty() ? key : std::string{path}.append(".").append(key), paths);
  }
}

std::optional<std::size_t> as_index(std::string_view text) {
  std::size_t index = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), index);
  if (problem != std::errc{} || end != text.data() + text.size()) {
    return std::nullopt;
  }
  return index;
}

const Json* step(const Json& at, std::string_view part, Indices indices) {
  if (at.is_object()) {
    const auto found = at.find(std::string{part});
    return found != at.end() ? &*found : nullptr;
  }
  const auto index = as_index(part);
  if (!at.is_array() || !index) {
    return nullptr;
  }
  // A pair such as ci95 has no more than its two elements in any document.
  const bool fixed = !at.empty() && at.front().is_number();
  const std::size_t i = indices == Indices::any && !fixed ? 0 : *index;
  return i < at.size() ? &at[i] : nullptr;
}

/// Labels are the user's: whichever are not there are null.
bool is_label(const std::string& path) {
  constexpr std::string_view kLabels = "test.labels.";
  return path.rfind(kLabels, 0) == 0 && path.size() > kLabels.size();
}

}  // namespace

const Json* find_field(const Json& root, const std::string& path, Indices indices) {
  const std::string_view all{path};
  const Json* at = &root;
  if (is_label(path)) {
    const Json& labels = root.at("test").at("labels");
    const auto found = labels.find(path.substr(std::string{"test.labels."}.size()));
    return found != labels.end() ? &*found : nullptr;
  }
  for (std::size_t start = 0; at != nullptr && start <= all.size();) {
    const std::size_t dot = std::min(all.find('.', start), all.size());
    at = step(*at, all.substr(start, dot - start), indices);
    start = dot + 1;
  }
  return at;
}

std::string bare_text(const Json* value) {
  if (value == nullptr) {
    return "null";
  }
  if (value->is_string()) {
    return value->get<std::string>();
  }
  std::string text = dump(*value, -1);
  text.pop_back();  // the line end
  return text;
}

std::optional<std::string> check_fields(const std::vector<std::string>& fields) {
  const Json shape = full_shape();
  for (const std::string& field : fields) {
    if (!is_label(field) && find_field(shape, field, Indices::any) == nullptr) {
      return "no such field: " + field +
             " (see docs/metrics.md, e.g. goodput_bps or up.loss.packets)";
    }
  }
  return std::nullopt;
}

std::vector<std::string> field_paths() {
  std::vector<std::string> paths;
  collect_paths(full_shape(), "", paths);
  std::sort(paths.begin(), paths.end());
  return paths;
}

Result<std::string> print_fields(const result::ResultDocument& document,
                                 const std::vector<std::string>& fields) {
  if (auto problem = check_fields(fields)) {
    return tl::unexpected<Error>{Error{ErrorCode::usage, *std::move(problem), 0, "output"}};
  }
  const Json tree = document_tree(document);
  std::string line;
  const char* separator = "";
  for (const std::string& field : fields) {
    line += separator + bare_text(find_field(tree, field, Indices::exact));
    separator = " ";
  }
  return line + "\n";
}

}  // namespace udperf::report
