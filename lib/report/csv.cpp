#include "report/fields/walk.hpp"
#include "report/find_field.hpp"
#include "report/writer.hpp"

// The flat table: one row a test, RFC 4180 but for the line end, which is a bare LF.

namespace udperf::report {
namespace {

/// Empty for null; quoted where it holds a comma, a quote or a line end.
std::string cell(const Json* json) {
  if (json == nullptr || json->is_null()) {
    return {};
  }
  std::string text = bare_text(json);
  if (text.find_first_of(",\"\r\n") == std::string::npos) {
    return text;
  }
  std::string quoted = "\"";
  for (const char c : text) {
    quoted += c == '"' ? "\"\"" : std::string(1, c);
  }
  return quoted + "\"";
}

}  // namespace

std::string csv_header() {
  std::string line;
  for (const std::string& column : csv_columns()) {
    line += (line.empty() ? "" : ",") + column;
  }
  return line + "\n";
}

std::string to_csv(const result::ResultDocument& document) {
  const Json tree = document_tree(document);
  std::string line;
  const char* separator = "";
  for (const std::string& column : csv_columns()) {
    line += separator + cell(find_field(tree, column));
    separator = ",";
  }
  return line + "\n";
}

}  // namespace udperf::report
