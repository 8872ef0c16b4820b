#include <algorithm>
#include <charconv>
#include <iterator>
#include <span>
#include <string_view>

#include "base/nearest_word.hpp"
#include "base/printable.hpp"
#include "report/fields/walk.hpp"
#include "report/find_field.hpp"
#include "report/writer.hpp"

namespace udperf::report {
namespace {

std::optional<std::size_t> as_index(std::string_view text) {
  std::size_t index = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), index);
  if (problem != std::errc{} || end != text.data() + text.size()) {
    return std::nullopt;
  }
  return index;
}

const Json* step(const Json& at, std::string_view part) {
  if (at.is_object()) {
    const auto found = at.find(std::string{part});
    return found != at.end() ? &*found : nullptr;
  }
  const auto index = as_index(part);
  return at.is_array() && index && *index < at.size() ? &at[*index] : nullptr;
}

/// The parts of a dotted path.
std::vector<std::string_view> parts_of(std::string_view path) {
  std::vector<std::string_view> parts;
  for (std::size_t start = 0; start <= path.size();) {
    const auto dot = std::min(path.find('.', start), path.size());
    parts.push_back(path.substr(start, dot - start));
    start = dot + 1;
  }
  return parts;
}

/// Whether the parts lead to a field of some document. Of a list every index may be there, of one
/// of fixed length those that are.
bool leads_somewhere(const std::vector<Described>& fields,
                     std::span<const std::string_view> parts) {
  const auto found = std::find_if(fields.begin(), fields.end(), [&](const Described& field) {
    return field.name == parts.front();
  });
  if (found == fields.end()) {
    return false;
  }
  parts = parts.subspan(1);
  if (found->type.kind == FieldKind::list && !parts.empty()) {
    const auto index = as_index(parts.front());
    if (!index || (found->type.fixed != 0 && *index >= found->type.fixed)) {
      return false;
    }
    parts = parts.subspan(1);
  }
  return parts.empty() || leads_somewhere(found->below, parts);
}

/// Paths of all that holds no further fields, each list with one element.
void collect_paths(const std::vector<Described>& fields, const std::string& prefix,
                   std::vector<std::string>& paths) {
  for (const Described& field : fields) {
    const std::string path = prefix + field.name;
    for (std::size_t i = 0; i < field.type.fixed; ++i) {
      paths.push_back(path + "." + std::to_string(i));
    }
    if (!field.below.empty()) {
      collect_paths(field.below, path + (field.type.kind == FieldKind::list ? ".0." : "."), paths);
    } else if (field.type.fixed == 0) {
      paths.push_back(path);
    }
  }
}

/// Labels are the user's: whichever are not there are null.
bool is_label(const std::string& path) {
  constexpr std::string_view kLabels = "test.labels.";
  return path.rfind(kLabels, 0) == 0 && path.size() > kLabels.size();
}

/// The field whose path ends like the word, where '_' may stand for '.': up.loss.ratio of
/// loss_ratio.
std::optional<std::string_view> end_of_path(const std::string& word,
                                            const std::vector<std::string_view>& paths) {
  const auto flat = [](std::string_view text) {
    std::string all = "_";
    std::replace_copy(text.begin(), text.end(), std::back_inserter(all), '.', '_');
    return all;
  };
  const std::string wanted = flat(word);
  std::optional<std::string_view> best;
  for (const std::string_view path : paths) {
    const bool first_way = path.rfind("up.", 0) == 0;  // both ways have the same fields
    if (flat(path).ends_with(wanted) && (!best || (first_way && best->rfind("up.", 0) != 0))) {
      best = path;
    }
  }
  return best;
}

}  // namespace

const Json* find_field(const Json& root, const std::string& path) {
  if (is_label(path)) {
    const Json& labels = root.at("test").at("labels");
    const auto found = labels.find(path.substr(std::string{"test.labels."}.size()));
    return found != labels.end() ? &*found : nullptr;
  }
  const Json* at = &root;
  for (const std::string_view part : parts_of(path)) {
    at = at != nullptr ? step(*at, part) : nullptr;
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
  for (const std::string& field : fields) {
    if (is_label(field) || leads_somewhere(document_fields(), parts_of(field))) {
      continue;
    }
    const auto paths = field_paths();
    const std::vector<std::string_view> names(paths.begin(), paths.end());
    auto nearest = nearest_word(field, names);
    if (!nearest) {
      nearest = end_of_path(field, names);
    }
    const std::string meant =
        nearest ? "did you mean " + std::string{*nearest} + "? " : std::string{};
    return "no such field: " + field + " (" + meant +
           "see docs/metrics.md, e.g. goodput_bps or up.loss.packets)";
  }
  return std::nullopt;
}

std::vector<std::string> field_paths() {
  std::vector<std::string> paths;
  collect_paths(document_fields(), "", paths);
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
    const Json* const value = find_field(tree, field);
    const std::string text = bare_text(value);
    // A stranger's words must not be taken for more lines.
    line += separator + (value != nullptr && value->is_string() ? printable(text) : text);
    separator = " ";
  }
  return line + "\n";
}

}  // namespace udperf::report
