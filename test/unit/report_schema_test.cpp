// docs/result.schema.json and docs/metrics.md against what is really written, in both directions.

#include <fstream>
#include <functional>
#include <iterator>
#include <set>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "classic/run_report.hpp"
#include "report/fields/walk.hpp"
#include "report/writer.hpp"
#include "support/catch.hpp"
#include "support/example_outcomes.hpp"
#include "support/places.hpp"
#include "support/schema.hpp"
#include "support/strict_json.hpp"

using namespace udperf;
using nlohmann::json;

namespace {

std::string read_file(const std::string& path) {
  std::ifstream file{std::string{udperf::test::kSourceDir} + "/" + path};
  REQUIRE(file.good());
  return {std::istreambuf_iterator<char>{file}, {}};
}

json parse(const std::string& text) {
  const auto document = test::parse_strict_json(text);
  INFO((document ? std::string{} : document.error().what));
  REQUIRE(document.has_value());
  return *document;
}

const json& schema() {
  static const json read = parse(read_file("docs/result.schema.json"));
  return read;
}

/// Follows "$ref", and takes the branch of a "oneOf" that is not null.
const json& resolve(const json& node) {
  if (node.contains("oneOf")) {
    for (const json& branch : node.at("oneOf")) {
      if (branch.value("type", "") != "null") {
        return resolve(branch);
      }
    }
  }
  if (node.contains("$ref")) {
    return schema().at(json::json_pointer{node.at("$ref").get<std::string>().substr(1)});
  }
  return node;
}

bool is_open(const json& node) {
  return node.contains("additionalProperties") && node.at("additionalProperties").is_object();
}

using Paths = std::set<std::string>;

/// Dotted paths of all fields; an element of a list has the name 0.
void schema_paths(const json& unresolved, const std::string& prefix, Paths& paths) {
  const json& node = resolve(unresolved);
  if (node.contains("items")) {
    schema_paths(node.at("items"), prefix + "0.", paths);
    return;
  }
  if (!node.contains("properties")) {
    return;
  }
  for (const auto& [key, below] : node.at("properties").items()) {
    paths.insert(prefix + key);
    schema_paths(below, prefix + key + ".", paths);
  }
}

void document_paths(const json& node, const json& unresolved, const std::string& prefix,
                    Paths& paths) {
  const json& rules = resolve(unresolved);
  if (node.is_array()) {
    for (const json& element : node) {
      document_paths(element, rules.value("items", json::object()), prefix + "0.", paths);
    }
    return;
  }
  if (!node.is_object() || is_open(rules)) {
    return;
  }
  for (const auto& [key, below] : node.items()) {
    paths.insert(prefix + key);
    const json none = json::object();
    const json& properties = rules.contains("properties") ? rules.at("properties") : none;
    document_paths(below, properties.value(key, json::object()), prefix + key + ".", paths);
  }
}

/// Every document of the examples, and one in which every list has an element.
std::vector<json> documents() {
  std::vector<json> all;
  for (const auto& example : test::example_outcomes()) {
    all.push_back(parse(report::to_json(result::build_result(example.outcome))));
  }
  auto outcome = test::both_directions();
  outcome.error = Error{ErrorCode::cut_short, "cut short", 0, "report"};
  outcome.warnings.push_back(Warning{"code", "sentence"});
  outcome.down->streams.front().rx->outages = {Outage{1, 2, 3}};
  outcome.down->streams.front().rx->rx_socket_drop.reset();
  outcome.params.voice.codec = VoiceCodec::g711;
  for (auto* way : {&*outcome.up, &*outcome.down}) {
    StreamOutcome& stream = way->streams.front();
    stream.tx->omitted.emplace();
    stream.rx->omitted.emplace();
    stream.rx->voice = VoiceReport{{500, 5, 2, 60'000'000}, {250, 5, 2, 60'000'000}, 1, 2};
    way->streams.front().tx->time.emplace().pauses = {SendPause{1, 2, 3, 1}};
    way->streams.push_back(way->streams.front());  // rows by stream are for several
  }
  auto last = result::build_result(outcome);
  result::RunPart run = result::shorten(last);
  run.status = TestStatus::complete;
  last.repeats = result::build_repeats(2, {run, run});
  search::Answer& answer = last.search.emplace();
  answer.limited_by = search::Limit::network;
  answer.rtt_idle_p50_ns = 1;
  answer.rtt_loaded_p50_ns = 2;
  answer.trials.emplace_back().rtt_p50_ns = 2;
  search::Capacity& capacity = answer.capacity.emplace();
  capacity.sub_intervals.emplace_back();
  capacity.maximum = 0;
  last.search_down = last.search;
  last.search_sizes = {{64, 18, answer}};
  result::FlowsPart& flows = last.flows.emplace();
  flows.groups.emplace_back().flows.emplace_back();
  flows.groups.back().direction = "up";
  flows.outliers.emplace_back();
  flows.outliers.back().direction = "up";
  flows.outliers.back().sign = "loss";
  all.push_back(parse(report::to_json(last)));
  return all;
}

/// Every object of the schema that has properties.
void each_object(const json& node, const std::string& path,
                 const std::function<void(const json&, const std::string&)>& visit) {
  if (!node.is_object()) {
    return;
  }
  if (node.contains("properties") && node.at("properties").is_object()) {
    visit(node, path);
  }
  for (const auto& [key, below] : node.items()) {
    each_object(below, std::string{path}.append("/").append(key), visit);
  }
}

}  // namespace

TEST_CASE("every key of a document is in the schema, and every key of the schema in one",
          "[report]") {
  Paths described;
  schema_paths(schema(), "", described);
  Paths written;
  for (const json& document : documents()) {
    document_paths(document, schema(), "", written);
  }

  for (const std::string& path : written) {
    CAPTURE(path);
    CHECK(described.count(path) == 1);
  }
  for (const std::string& path : described) {
    CAPTURE(path);
    CHECK(written.count(path) == 1);
  }
}

TEST_CASE("every document has the types, values and keys that the schema says", "[report]") {
  for (const json& document : documents()) {
    CHECK(test::schema_problems(document) == "");
  }
}

TEST_CASE("the validator finds a wrong type, a missing, an unknown and an impossible value",
          "[report]") {
  const json good = documents().back();
  REQUIRE(test::schema_problems(good).empty());
  for (const char* const change : {R"([{"op":"replace","path":"/up/tx/packets","value":"7"}])",
                                   R"([{"op":"remove","path":"/down/rx/unique"}])",
                                   R"([{"op":"add","path":"/rtt/surprise","value":1}])",
                                   R"([{"op":"replace","path":"/status","value":"fine"}])",
                                   R"([{"op":"replace","path":"/up/loss/packets","value":-1}])"}) {
    CAPTURE(change);
    CHECK_FALSE(test::schema_problems(good.patch(json::parse(change))).empty());
  }
}

TEST_CASE("the schema allows no unknown key and lets none be left out", "[report]") {
  std::size_t objects = 0;
  each_object(schema(), "", [&objects](const json& node, const std::string& path) {
    CAPTURE(path);
    ++objects;
    CHECK(node.at("additionalProperties") == false);
    Paths required;
    for (const json& key : node.at("required")) {
      required.insert(key.get<std::string>());
    }
    for (const auto& [key, below] : node.at("properties").items()) {
      CAPTURE(key);
      CHECK(required.count(key) == 1);
      CHECK_FALSE(below.value("description", "").empty());
    }
    CHECK(required.size() == node.at("properties").size());
  });
  CHECK(objects > 20);
}

TEST_CASE("docs/metrics.md explains every field of the schema", "[report]") {
  const std::string page = read_file("docs/metrics.md");
  Paths described;
  schema_paths(schema(), "", described);

  for (const std::string& path : described) {
    // Both directions have the same fields: those of the first stand for them.
    if (path.rfind("down.", 0) != 0 && path.rfind("search_down.", 0) != 0) {
      CAPTURE(path);
      CHECK(page.find("| `" + path + "` |") != std::string::npos);
    }
  }
}

TEST_CASE("docs/metrics.md explains no field that is not there", "[report]") {
  const std::string page = read_file("docs/metrics.md");
  Paths described;
  schema_paths(schema(), "", described);

  std::size_t rows = 0;
  for (std::size_t at = page.find("\n| `"); at != std::string::npos;
       at = page.find("\n| `", at + 1)) {
    const std::size_t start = at + 4;
    const std::string path = page.substr(start, page.find('`', start) - start);
    CAPTURE(path);
    CHECK(described.count(path) == 1);
    CHECK(report::check_fields({path}) == std::nullopt);
    ++rows;
  }
  CHECK(rows > 150);
}

TEST_CASE("schema and tables are those that the field table makes", "[report]") {
  // After a change of the table: build/release/bin/udperf_generate --docs docs
  CHECK(read_file("docs/result.schema.json") == report::schema_text());
  CHECK(read_file("docs/events.schema.json") == report::events_schema_text());
  CHECK(read_file("docs/server-lines.schema.json") ==
        report::server_lines_schema_text(classic::described_run()));
  const std::string page = read_file("docs/metrics.md");
  CHECK(page == report::with_tables(page));
  CHECK(page.find("THERE IS NO FIELD") == std::string::npos);
}

TEST_CASE("the columns of the CSV are numbered without a gap, each once", "[report]") {
  std::set<int> columns;
  const std::function<void(const std::vector<report::Described>&, int report::About::*)> collect =
      [&](const auto& fields, int report::About::*column) {
        for (const auto& field : fields) {
          const bool down = field.name == "down" || field.name == "search_down";
          if (field.about.*column >= 0) {
            CAPTURE(field.name);
            CHECK(columns.insert(field.about.*column).second);
          }
          collect(field.below, down ? &report::About::csv_down : column);
        }
      };
  collect(report::document_fields(), &report::About::csv);
  CHECK(columns.size() == report::csv_columns().size());
  CHECK(*columns.rbegin() == static_cast<int>(columns.size()) - 1);
}
