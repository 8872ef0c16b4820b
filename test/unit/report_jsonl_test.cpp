#include <chrono>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "classic/run_report.hpp"
#include "report/writer.hpp"
#include "support/catch.hpp"
#include "support/example_outcomes.hpp"
#include "support/schema.hpp"
#include "support/strict_json.hpp"

using namespace udperf;
using nlohmann::json;

namespace {

json event_of(const std::string& line) {
  CHECK(line.find('\n') == line.size() - 1);
  const auto event = test::parse_strict_json(line);
  INFO(line);
  REQUIRE(event.has_value());
  return *event;
}

}  // namespace

TEST_CASE("events are numbered from zero and carry the time they are given", "[report]") {
  const TestOutcome outcome = test::normal_up();
  report::JsonlWriter writer;

  const json start = event_of(writer.start(outcome, unix_from_ns(5)));
  const json interval = event_of(writer.interval({}, unix_from_ns(6)));
  const json end = event_of(writer.finish(result::build_result(outcome), unix_from_ns(7)));

  CHECK(start.at("event") == "start");
  CHECK(interval.at("event") == "interval");
  CHECK(end.at("event") == "end");
  for (std::size_t i = 0; const json& event : {start, interval, end}) {
    CHECK(event.size() == 4);
    CHECK(event.at("seq") == i);
    CHECK(event.at("t_unix_ns") == 5 + i);
    ++i;
  }
}

TEST_CASE("the start tells the parameters and the end is the result document", "[report]") {
  const TestOutcome outcome = test::normal_up();
  const auto document = result::build_result(outcome);
  report::JsonlWriter writer;

  const json start = event_of(writer.start(outcome, outcome.start));
  const json end = event_of(writer.finish(document, outcome.end));

  CHECK(end.at("data") == event_of(json::parse(report::to_json(document)).dump() + "\n"));
  json test = end.at("data").at("test");
  test["end_unix_ns"] = nullptr;  // not known when it starts
  CHECK(start.at("data") == test);
}

TEST_CASE("a test that never started ends with an error, any other with an end", "[report]") {
  for (const auto& example : test::example_outcomes()) {
    CAPTURE(example.name);
    report::JsonlWriter writer;
    const json last = event_of(writer.finish(result::build_result(example.outcome), {}));
    const bool started = example.outcome.status != TestStatus::error;
    CHECK(last.at("event") == (started ? "end" : "error"));
  }
}

TEST_CASE("nothing follows the last event", "[report]") {
  const auto document = result::build_result(test::normal_up());
  report::JsonlWriter writer;

  CHECK_FALSE(writer.finish(document, {}).empty());
  CHECK(writer.finish(document, {}).empty());
  CHECK(writer.interval({}, {}).empty());
  CHECK(writer.start({}, {}).empty());
}

TEST_CASE("an interval's rate is its payload over its length", "[report]") {
  report::JsonlWriter writer;
  report::IntervalView view;
  view.way = Way::down;
  view.start_s = 1;
  view.end_s = 1.5;
  view.payload_bytes = 1000;

  const json row = event_of(writer.interval(view, {})).at("data");
  CHECK(row.at("goodput_bps") == 16'000);
  CHECK(row.at("direction") == "down");
  CHECK(row.at("provisional") == true);

  CHECK(row.at("sent_packets").is_null());
  CHECK(row.at("offered_bps").is_null());

  view.end_s = view.start_s;
  CHECK(event_of(writer.interval(view, {})).at("data").at("goodput_bps").is_null());
}

TEST_CASE("an interval of which only the sender tells has no arrivals, rather than none") {
  report::JsonlWriter writer;
  report::IntervalView view;
  view.end_s = 2;
  view.sent_alone = {25, 25'000};
  const json row = event_of(writer.interval(view, {})).at("data");
  for (const char* const key :
       {"packets", "payload_bytes", "goodput_bps", "lost", "duplicates", "reordered"}) {
    CHECK(row.at(key).is_null());
  }
  CHECK(row.at("sent_packets") == 25);
  CHECK(row.at("offered_bps") == 100'000);
}

TEST_CASE("every line is as docs/events.schema.json has it, and none as another", "[report]") {
  const auto document = result::build_result(test::both_directions());
  report::JsonlWriter writer;
  report::IntervalView sent_alone;
  sent_alone.end_s = 2;
  sent_alone.sent_alone = {25, 25'000};
  search::TrialPart trial;
  trial.rtt_p50_ns = 7;
  std::vector<json> lines{
      event_of(writer.start(test::both_directions(), {})),
      event_of(writer.interval({}, {})),
      event_of(writer.interval(sent_alone, {})),
      event_of(writer.trial(trial, Way::down, {})),
      event_of(writer.run(document, {})),
      event_of(writer.finish(document, {})),
      event_of(report::JsonlWriter{}.finish(result::build_result(test::error_before_start()), {}))};
  for (json& line : lines) {
    CHECK(test::event_schema_problems(line) == "");
    json strange = line;
    strange["data"]["surprise"] = 1;
    CHECK_FALSE(test::event_schema_problems(strange).empty());
    line["event"] = line["event"] == "start" ? "interval" : "start";
    CHECK_FALSE(test::event_schema_problems(line).empty());
  }
}

TEST_CASE("every line of a server is as docs/server-lines.schema.json has it", "[report]") {
  std::vector<json> lines{event_of(classic::to_json({}))};
  classic::RunOutcome run;
  run.payload_bytes = 1500;
  run.span = std::chrono::seconds{1};
  lines.push_back(event_of(classic::to_json(run)));
  for (const auto& example : test::example_outcomes()) {
    lines.push_back(event_of(report::session_to_json(test::session_of(example.outcome))));
  }
  for (json& line : lines) {
    CHECK(test::server_line_schema_problems(line) == "");
    json strange = line;
    strange["data"]["surprise"] = 1;
    CHECK_FALSE(test::server_line_schema_problems(strange).empty());
    strange = line;
    strange["data"].erase("reason");
    CHECK_FALSE(test::server_line_schema_problems(strange).empty());
    line["event"] = "ready";
    CHECK_FALSE(test::server_line_schema_problems(line).empty());
  }
}
