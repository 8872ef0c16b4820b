// Whole outputs of the example outcomes, so that a change of any of them is seen and decided on.

#include "report/writer.hpp"
#include "support/catch.hpp"
#include "support/example_outcomes.hpp"
#include "support/golden.hpp"

using namespace udperf;
using test::check_golden;
using test::example_outcomes;

namespace {

/// The version is not what is compared.
result::ResultDocument document_of(const TestOutcome& outcome) {
  auto document = result::build_result(outcome);
  document.version = "0.0.0";
  return document;
}

constexpr report::TextStyle kPlain{};

}  // namespace

TEST_CASE("the JSON document of each example is as agreed", "[report]") {
  for (const auto& example : example_outcomes()) {
    check_golden("report/" + example.name + ".json", report::to_json(document_of(example.outcome)));
  }
}

TEST_CASE("the text of each example is as agreed", "[report]") {
  for (const auto& example : example_outcomes()) {
    check_golden("report/" + example.name + ".txt",
                 report::to_text(document_of(example.outcome), kPlain));
  }
}

TEST_CASE("the table of the examples is as agreed", "[report]") {
  std::string table = report::csv_header();
  for (const auto& example : example_outcomes()) {
    table += report::to_csv(document_of(example.outcome));
  }
  check_golden("report/examples.csv", table);
}

TEST_CASE("the server's half of each example is as agreed", "[report]") {
  std::string text;
  std::string lines;
  for (const auto& example : example_outcomes()) {
    const auto session = test::session_of(example.outcome);
    text += report::session_to_text(session);
    lines += report::session_to_json(session);
  }
  check_golden("report/sessions.txt", text);
  check_golden("report/sessions.jsonl", lines);
}

TEST_CASE("the events of a test are as agreed", "[report]") {
  const TestOutcome outcome = test::both_directions();
  report::JsonlWriter writer;
  report::IntervalView view;
  view.way = Way::down;
  view.start_s = 1;
  view.end_s = 2;
  view.packets = 248;
  view.payload_bytes = 248'000;
  view.lost = -1;
  view.duplicates = 2;

  std::string lines = writer.start(outcome, outcome.start);
  lines += writer.interval(view, outcome.start + std::chrono::seconds{2});
  lines += writer.finish(document_of(outcome), outcome.end);

  check_golden("report/events.jsonl", lines);
}
