#include <string>
#include <tuple>

#include <nlohmann/json.hpp>

#include "app/output/render.hpp"
#include "support/catch.hpp"
#include "support/schema.hpp"

using namespace udperf;
using namespace udperf::app;

namespace {

result::ResultDocument failed_document() {
  const Error error{ErrorCode::unreachable, "nobody there", 0, "connect"};
  engine::ClientOptions options;
  options.host = "server.example";
  options.labels = {{"site", "lab"}};
  options.params.amount.size_bytes = 25'000'000;
  return result::build_result(failed_outcome(error, options, unix_from_ns(77)));
}

std::string finished(OutputFormat format, const result::ResultDocument& document) {
  OutputOptions options;
  options.format = format;
  options.fields = {"status", "goodput_bps"};
  Renderer renderer{options, report::TextStyle{}};
  const auto text = renderer.finished(document, unix_from_ns(78));
  REQUIRE(text.has_value());
  return *text;
}

}  // namespace

TEST_CASE("a test that never ran is a document where programs read, and nothing for people",
          "[app]") {
  const auto document = failed_document();
  CHECK(finished(OutputFormat::text, document).empty());
  CHECK(finished(OutputFormat::print, document) == "error null\n");

  const auto json = nlohmann::json::parse(finished(OutputFormat::json, document));
  CHECK(json["status"] == "error");
  CHECK(json["error"]["message"] == "nobody there");
  CHECK(json["test"]["labels"]["site"] == "lab");
  CHECK(json["test"]["start_unix_ns"] == 77);

  const auto event = nlohmann::json::parse(finished(OutputFormat::jsonl, document));
  CHECK(event["event"] == "error");
  CHECK(finished(OutputFormat::csv, document).find('\n') != std::string::npos);
}

TEST_CASE("a partial result is printed in every format", "[app]") {
  auto document = failed_document();
  document.status = TestStatus::interrupted;
  const auto format = GENERATE(OutputFormat::text, OutputFormat::json, OutputFormat::jsonl,
                               OutputFormat::csv, OutputFormat::print);
  const auto text = finished(format, document);
  REQUIRE_FALSE(text.empty());
  CHECK(text.back() == '\n');
  if (format == OutputFormat::print) {
    CHECK(text == "interrupted null\n");
  }
}

TEST_CASE("of several sizes each has a row of the CSV, under one heading", "[app]") {
  const auto [format, rows] = GENERATE(table<OutputFormat, bool>({{OutputFormat::csv, true},
                                                                  {OutputFormat::json, false},
                                                                  {OutputFormat::jsonl, false},
                                                                  {OutputFormat::print, false},
                                                                  {OutputFormat::text, false}}));
  OutputOptions options;
  options.format = format;
  Renderer renderer{options, report::TextStyle{}};
  auto document = failed_document();
  document.status = TestStatus::complete;
  const std::string first = renderer.size(document);
  CHECK(first.empty() == !rows);
  if (rows) {
    CHECK(first.starts_with("status,"));
    document.status = TestStatus::incomplete;
    const auto last = renderer.finished(document, {});
    REQUIRE(last);
    CHECK(last->starts_with("incomplete,"));
  }
}

TEST_CASE("live lines come with --jsonl, and in text when an interval was asked for", "[app]") {
  const auto [format, live, verbosity, lines] =
      GENERATE(table<OutputFormat, bool, Verbosity, bool>({
          {OutputFormat::text, false, Verbosity::normal, false},
          {OutputFormat::text, true, Verbosity::normal, true},
          {OutputFormat::text, true, Verbosity::quiet, false},
          {OutputFormat::jsonl, false, Verbosity::normal, true},
          {OutputFormat::jsonl, false, Verbosity::quiet, true},
          {OutputFormat::json, true, Verbosity::normal, false},
          {OutputFormat::csv, true, Verbosity::normal, false},
          {OutputFormat::print, true, Verbosity::normal, false},
      }));
  OutputOptions options;
  options.format = format;
  options.live_intervals = live;
  options.verbosity = verbosity;
  Renderer renderer{options, report::TextStyle{}};
  engine::LiveInterval interval;
  interval.way = Way::down;
  interval.start = std::chrono::milliseconds{1500};
  interval.end = std::chrono::seconds{2};
  interval.packets = 4711;
  interval.bytes = 1'000'000;

  const auto start = renderer.started(TestOutcome{}, unix_from_ns(1));
  const auto text = renderer.interval(interval, unix_from_ns(2));

  CHECK(start.empty() == !lines);
  CHECK(text.empty() == !lines);
  if (lines) {
    CHECK(text.back() == '\n');
    CHECK(text.find("4711") != std::string::npos);
    CHECK(text.find("1.5") != std::string::npos);
    CHECK(text.find("down") != std::string::npos);
  }
}

TEST_CASE("the ready event is the line that is promised", "[app]") {
  CHECK(ready_event(Endpoint{*parse_ip_address("::1"), 5555}) ==
        "{\"event\":\"ready\",\"data\":{\"address\":\"::1\",\"port\":5555}}\n");
  const Endpoint any{*parse_ip_address("::"), 5555};
  for (const auto& line :
       {ready_event(any), ready_event(any, {{"iperf3", any}, {"metrics", any}})}) {
    CHECK(test::server_line_schema_problems(nlohmann::json::parse(line)) == "");
  }
}
