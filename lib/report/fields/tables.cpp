#include <algorithm>
#include <sstream>

#include "base/marked_sections.hpp"
#include "report/fields/parts.hpp"
#include "report/fields/walk.hpp"

namespace udperf::report {
namespace {

/// The field at a path, its elements' fields behind ".0.".
const Described* find(const std::vector<Described>& fields, std::string_view path) {
  const auto dot = std::min(path.find('.'), path.size());
  const std::string_view name = path.substr(0, dot);
  const auto found = std::find_if(fields.begin(), fields.end(),
                                  [name](const Described& field) { return field.name == name; });
  if (found == fields.end() || dot == path.size()) {
    return found != fields.end() ? &*found : nullptr;
  }
  std::string_view rest = path.substr(dot + 1);
  if (found->type.kind == FieldKind::list) {
    const auto next = std::min(rest.find('.'), rest.size());
    rest = next == rest.size() ? std::string_view{} : rest.substr(next + 1);
  }
  return find(found->below, rest);
}

std::string one_of(const Described& field) {
  const std::string_view all = field.about.choices;
  if (all.find(' ') == std::string_view::npos ||
      field.about.meaning.find("One of") != std::string_view::npos) {
    return {};
  }
  std::string text = " One of `";
  for (const char c : all) {
    text += c == ' ' ? std::string{"`, `"} : std::string{c};
  }
  return text + "`.";
}

std::string row(const Described& field, const std::string& path) {
  const About& about = field.about;
  std::string text = "| `" + path + "` | " + std::string{about.meaning} + one_of(field) + " | ";
  text.append(about.unit).append(" | ").append(about.source).append(" | ");
  return text.append(about.null_when).append(" |\n");
}

void add_rows(const Described& field, const std::string& path, std::string& rows) {
  rows += row(field, path);
  const char* const dot = field.type.kind == FieldKind::list ? ".0." : ".";
  for (const Described& below : field.below) {
    add_rows(below, path + dot + below.name, rows);
  }
}

std::string table(const std::string& names) {
  std::string rows = "\n| field | meaning | unit | source | null when |\n|---|---|---|---|---|\n";
  std::istringstream words{names};
  for (std::string name; words >> name;) {
    const bool alone = name.front() == '=';
    const std::string path = name.substr(alone ? 1 : 0);
    const Described* const field = find(document_fields(), path);
    if (field == nullptr) {
      rows += "THERE IS NO FIELD " + path + "\n";
    } else if (alone) {
      rows += row(*field, path);
    } else {
      add_rows(*field, path, rows);
    }
  }
  return rows + "\n";
}

void collect_columns(const std::vector<Described>& fields, const std::string& path, bool down,
                     std::vector<std::pair<int, std::string>>& columns) {
  for (const Described& field : fields) {
    const std::string here = path + field.name;
    const int column = down ? field.about.csv_down : field.about.csv;
    if (column >= 0) {
      columns.emplace_back(column, here);
    }
    if (field.type.kind == FieldKind::object) {
      collect_columns(field.below, here + ".", down || here == "down" || here == "search_down",
                      columns);
    }
  }
}

}  // namespace

const std::vector<Described>& document_fields() {
  static const std::vector<Described> fields = describe(result_fields());
  return fields;
}

std::string with_tables(const std::string& page) {
  return with_marked_sections(page, "<!-- fields: ", "<!-- end of fields -->", table);
}

std::vector<std::string> csv_columns() {
  std::vector<std::pair<int, std::string>> columns;
  collect_columns(document_fields(), "", false, columns);
  std::sort(columns.begin(), columns.end());
  std::vector<std::string> names;
  for (auto& [column, path] : columns) {
    names.push_back(std::move(path));
  }
  return names;
}

}  // namespace udperf::report
