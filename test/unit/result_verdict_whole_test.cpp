// The verdict on both directions together, and on tests that did not run.

#include <utility>

#include "result/document.hpp"
#include "support/catch.hpp"
#include "support/example_outcomes.hpp"

using namespace udperf;
using Catch::Matchers::ContainsSubstring;

namespace {

result::Verdict verdict_on(const TestOutcome& outcome) {
  const auto document = result::build_result(outcome);
  return {document.limited_by, document.verdict};
}

}  // namespace

TEST_CASE("of two directions the one that was limited counts", "[result]") {
  CHECK(verdict_on(test::both_directions()).limited_by == "network");

  auto outcome = test::both_directions();
  std::swap(outcome.up, outcome.down);
  CHECK(verdict_on(outcome).limited_by == "network");

  outcome.up->streams.front().rx.reset();
  CHECK_FALSE(verdict_on(outcome).limited_by.has_value());
}

TEST_CASE("loss in one direction counts more than a slow sender in the other", "[result]") {
  auto outcome = test::both_directions();
  std::swap(outcome.up, outcome.down);
  outcome.up->streams.front().tx->span_ns = 4'000'000'000;  // half of the asked rate

  CHECK(verdict_on(outcome).limited_by == "network");
}

TEST_CASE("a test that did not run is explained by its error", "[result]") {
  const auto verdict = verdict_on(test::error_before_start());

  CHECK_FALSE(verdict.limited_by.has_value());
  CHECK(verdict.sentence == "127.0.0.1:5555: nothing listens there");
}

TEST_CASE("nothing sent and no report are no verdict on the network", "[result]") {
  CHECK_FALSE(verdict_on(test::zero_packets()).limited_by.has_value());
  CHECK_THAT(verdict_on(test::zero_packets()).sentence, ContainsSubstring("nothing was sent"));
  CHECK_FALSE(verdict_on(test::interrupted_tx_only()).limited_by.has_value());
}
