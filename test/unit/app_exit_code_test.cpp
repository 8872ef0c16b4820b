#include <csignal>
#include <optional>
#include <tuple>

#include "app/exit_code.hpp"
#include "result/document.hpp"
#include "support/catch.hpp"

using namespace udperf;
using namespace udperf::app;

TEST_CASE("every way a test can end has its documented exit status", "[app]") {
  using Code = std::optional<ErrorCode>;
  const auto [status, code, signal, met, expected] =
      GENERATE(table<TestStatus, Code, int, ThresholdsMet, int>(
          {{TestStatus::complete, {}, 0, ThresholdsMet::yes, 0},
           {TestStatus::complete, {}, SIGINT, ThresholdsMet::yes, 0},
           {TestStatus::complete, {}, 0, ThresholdsMet::no, 6},
           {TestStatus::incomplete, {}, 0, ThresholdsMet::no, 5},
           {TestStatus::incomplete, ErrorCode::cut_short, 0, ThresholdsMet::yes, 5},
           {TestStatus::incomplete, ErrorCode::unreachable, 0, ThresholdsMet::yes, 5},
           {TestStatus::interrupted, {}, SIGINT, ThresholdsMet::no, 130},
           {TestStatus::interrupted, {}, SIGTERM, ThresholdsMet::yes, 143},
           {TestStatus::error, ErrorCode::internal, 0, ThresholdsMet::yes, 1},
           {TestStatus::error, ErrorCode::system, 0, ThresholdsMet::yes, 1},
           {TestStatus::error, ErrorCode::usage, 0, ThresholdsMet::yes, 2},
           {TestStatus::error, ErrorCode::unreachable, 0, ThresholdsMet::yes, 3},
           {TestStatus::error, ErrorCode::refused, 0, ThresholdsMet::yes, 4},
           {TestStatus::error, ErrorCode::cut_short, 0, ThresholdsMet::yes, 5},
           {TestStatus::error, {}, 0, ThresholdsMet::yes, 1}}));
  TestOutcome outcome;
  outcome.status = status;
  if (code) {
    outcome.error = Error{*code, "x", 0, {}};
  }
  CAPTURE(static_cast<int>(status), signal);
  CHECK(exit_code(outcome, signal, met) == expected);
}

TEST_CASE("a threshold is missed by a worse figure only", "[app]") {
  Thresholds thresholds;
  CHECK(missed_thresholds(thresholds, {100.0, 0.0, {}, {}}).empty());

  thresholds.loss_ratio = 0.01;
  CHECK(missed_thresholds(thresholds, {1.0, {}, {}, {}}).empty());
  CHECK(missed_thresholds(thresholds, {0.0, {}, {}, {}}).empty());
  REQUIRE(missed_thresholds(thresholds, {1.5, {}, {}, {}}).size() == 1);
  CHECK(missed_thresholds(thresholds, {1.5, {}, {}, {}}).front() ==
        "--fail-loss: 1.5 % were lost, accepted are 1 %");
  CHECK(missed_thresholds(thresholds, {100.0 * 104 / 3000, {}, {}, {}}).front() ==
        "--fail-loss: 3.467 % were lost, accepted are 1 %");
  CHECK(missed_thresholds(thresholds, {1.00001, {}, {}, {}}).front() ==
        "--fail-loss: 1.00001 % were lost, accepted are 1 %");

  thresholds.rate = BitRate::bits_per_second(900'000'000);
  CHECK(missed_thresholds(thresholds, {0.5, 900e6, {}, {}}).empty());
  CHECK(missed_thresholds(thresholds, {0.5, 899e6, {}, {}}).front() ==
        "--fail-rate: 899.0 Mb/s arrived, wanted are 900.0 Mb/s");
  CHECK(missed_thresholds(thresholds, {2.0, 1.0, {}, {}}).size() == 2);
}

namespace {

search::Answer answer_of(Way way, std::optional<double> bps) {
  search::Answer answer;
  answer.way = way;
  answer.answer_bps = bps;
  return answer;
}

/// The only sentence about the rate, or none.
std::string missed_rate(const result::ResultDocument& document, std::uint64_t wanted) {
  Thresholds thresholds;
  thresholds.rate = BitRate::bits_per_second(wanted);
  const auto missed = missed_thresholds(thresholds, measured_by(document));
  REQUIRE(missed.size() <= 1);
  return missed.empty() ? "" : missed.front();
}

}  // namespace

TEST_CASE("a loss of just the limit does not miss it, and the limit is told as it was given",
          "[app]") {
  Thresholds thresholds;
  for (int percent = 1; percent <= 100; ++percent) {
    CAPTURE(percent);
    thresholds.loss_ratio = percent / 100.0;
    CHECK(missed_thresholds(thresholds, {100.0 * percent / 100, {}, {}, {}}).empty());
  }
  thresholds.loss_ratio = 29 / 100.0;
  const auto missed = missed_thresholds(thresholds, {100.0 * 2901 / 10'000, {}, {}, {}});
  REQUIRE(missed.size() == 1);
  CHECK(missed.front() == "--fail-loss: 29.01 % were lost, accepted are 29 %");
}

TEST_CASE("any of several searches below the wanted rate misses it", "[app]") {
  result::ResultDocument document;
  document.search = answer_of(Way::up, 20e6);
  CHECK(missed_rate(document, 20'000'000).empty());
  CHECK(missed_rate(document, 20'000'001).find("arrived, wanted") != std::string::npos);

  document.search_down = answer_of(Way::down, 8e6);
  CHECK(missed_rate(document, 8'000'000).empty());
  CHECK(missed_rate(document, 9'000'000) ==
        "--fail-rate: 8.000 Mb/s arrived (down), wanted are 9.000 Mb/s");
  document.search_down = answer_of(Way::down, {});
  CHECK(missed_rate(document, 1) == "--fail-rate: the rate could not be measured (down)");
}

TEST_CASE("any size whose search found less than the wanted rate misses it", "[app]") {
  result::ResultDocument document;
  document.search = answer_of(Way::up, 90e6);
  document.search_sizes = {{64, 18, answer_of(Way::up, 7e6)},
                           {1518, 1472, answer_of(Way::up, 90e6)}};
  CHECK(missed_rate(document, 7'000'000).empty());
  CHECK(missed_rate(document, 8'000'000) ==
        "--fail-rate: 7.000 Mb/s arrived (18 B up), wanted are 8.000 Mb/s");
  document.search_sizes.push_back({82, 36, answer_of(Way::down, {})});
  CHECK(missed_rate(document, 1) == "--fail-rate: the rate could not be measured (36 B down)");
}

TEST_CASE("a longer round trip than accepted misses its threshold", "[app]") {
  Thresholds thresholds;
  thresholds.rtt_p99 = std::chrono::milliseconds{20};
  CHECK(missed_thresholds(thresholds, {0.0, 1.0, 20'000'000, {}}).empty());
  REQUIRE(missed_thresholds(thresholds, {0.0, 1.0, 20'000'001, {}}).size() == 1);
  CHECK(missed_thresholds(thresholds, {0.0, 1.0, 25'000'000, {}}).front() ==
        "--fail-rtt-p99: the 99th percentile was 25.0 ms, accepted are 20.0 ms");
  CHECK(missed_thresholds(thresholds, {0.0, 1.0, {}, {}}).front() ==
        "--fail-rtt-p99: the round trip under load was not measured");
}

TEST_CASE("what was not measured misses its threshold", "[app]") {
  Thresholds thresholds;
  thresholds.loss_ratio = 1.0;
  thresholds.rate = BitRate::bits_per_second(1);
  CHECK(missed_thresholds(thresholds, {{}, {}, {}, {}}).size() == 2);
}

TEST_CASE("a score below what is wanted, or none, misses its threshold", "[app]") {
  Thresholds thresholds;
  thresholds.mos = 4.0;
  const auto missed = [&thresholds](std::optional<double> mos) {
    return missed_thresholds(thresholds, {0.0, 1.0, {}, mos});
  };
  CHECK(missed(4.0).empty());
  CHECK(missed(4.41).empty());
  REQUIRE(missed(3.99).size() == 1);
  CHECK(missed(3.99).front() == "--fail-mos: the score was 3.99, wanted are 4");
  CHECK(missed(3.2729180971760465).front() == "--fail-mos: the score was 3.273, wanted are 4");
  REQUIRE(missed({}).size() == 1);
  CHECK(missed({}).front() == "--fail-mos: there is no score of every direction");
}
