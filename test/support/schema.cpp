#include "support/schema.hpp"

#include <fstream>
#include <memory>
#include <valijson/adapters/nlohmann_json_adapter.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validation_results.hpp>
#include <valijson/validator.hpp>

#include "support/places.hpp"

namespace udperf::test {
namespace {

using Adapter = valijson::adapters::NlohmannJsonAdapter;

using SchemaPtr = std::unique_ptr<valijson::Schema>;

/// A published schema. valijson knows draft 7: what the files use of 2020-12 is the same there,
/// save that its references may lead to "$defs" by path, which is how they are written.
SchemaPtr published_schema(const std::string& name) {
  std::ifstream file{std::string{kSourceDir} + "/docs/" + name};
  const auto text = nlohmann::json::parse(file);
  auto schema = std::make_unique<valijson::Schema>();
  valijson::SchemaParser{valijson::SchemaParser::kDraft7}.populateSchema(Adapter{text}, *schema);
  return schema;
}

std::string problems_by(const valijson::Schema& schema, const nlohmann::json& document) {
  valijson::Validator validator;
  valijson::ValidationResults results;
  if (validator.validate(schema, Adapter{document}, &results)) {
    return {};
  }
  std::string problems;
  valijson::ValidationResults::Error error;
  while (results.popError(error)) {
    for (const std::string& step : error.context) {
      problems += step;
    }
    problems += ": " + error.description + "\n";
  }
  return problems.empty() ? "not valid\n" : problems;
}

}  // namespace

std::string schema_problems(const nlohmann::json& document) {
  static const SchemaPtr schema = published_schema("result.schema.json");
  return problems_by(*schema, document);
}

std::string event_schema_problems(const nlohmann::json& line) {
  static const SchemaPtr schema = published_schema("events.schema.json");
  return problems_by(*schema, line);
}

std::string server_line_schema_problems(const nlohmann::json& line) {
  static const SchemaPtr schema = published_schema("server-lines.schema.json");
  return problems_by(*schema, line);
}

std::string monitor_schema_problems(const nlohmann::json& answer) {
  static const SchemaPtr schema = published_schema("monitor.schema.json");
  return problems_by(*schema, answer);
}

}  // namespace udperf::test
