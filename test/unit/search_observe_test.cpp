// What a trial's reports say: the rate at the end, the queue's growth, and the verdict. The numbers
// are made by hand.

#include <cmath>

#include "search/trial.hpp"
#include "support/catch.hpp"

using namespace udperf;
using namespace std::chrono_literals;
using search::judge;
using search::Observation;
using search::Step;
using search::Trial;
using search::Verdict;

namespace {

constexpr std::uint32_t kPayload = 1250;  // 10 000 bits
constexpr std::int64_t kMs = 1'000'000;

/// A second in rows of 50 ms: packets and median delay of each.
struct Rows {
  std::vector<std::uint64_t> packets = std::vector<std::uint64_t>(20, 50);
  std::vector<std::int64_t> delay_ns = std::vector<std::int64_t>(20, 0);
};

TestOutcome outcome_of(const Rows& rows, std::uint64_t sent) {
  RxReport rx;
  rx.interval_ns = 50 * kMs;
  rx.anchor_mono_ns = 7 * kMs;
  rx.first_mono_ns = 7 * kMs;
  rx.last_mono_ns = 7 * kMs + 1000 * kMs;
  rx.first_bytes = kPayload;
  rx.sent = sent;
  for (std::size_t i = 0; i < rows.packets.size(); ++i) {
    IntervalRow row;
    row.unique = rows.packets[i];
    row.bytes = rows.packets[i] * kPayload;
    row.dv_p50_ns = rows.delay_ns[i];
    rx.intervals.push_back(row);
    rx.unique += row.unique;
    rx.unique_bytes += row.bytes;
  }
  rx.lost = sent - rx.unique;
  TxReport tx;
  tx.packets = sent;
  tx.payload_bytes = sent * kPayload;
  tx.first_bytes = kPayload;
  tx.span_ns = 1000 * kMs;
  TestOutcome outcome;
  outcome.status = TestStatus::complete;
  outcome.params.payload_bytes = kPayload;
  outcome.up = WayOutcome{{StreamOutcome{tx, rx}}};
  return outcome;
}

Observation seen_of(const Rows& rows, std::uint64_t sent) {
  return search::observe(outcome_of(rows, sent), Way::up);
}

Trial trial_of(Step step, double rate_bps) {
  return Trial{step, rate_bps, 1s, 50ms};
}

}  // namespace

TEST_CASE("the rate at the end is one datagram below and above what was counted", "[search]") {
  // 1000 datagrams of 10 000 bits in a second; the window begins after the first three tenths:
  // 700 datagrams in 0.7 s.
  const auto seen = seen_of({}, 1000);

  REQUIRE(seen.late.has_value());
  CHECK(seen.late->steady);
  CHECK(seen.late->low_bps == Approx(699 * 10'000 / 0.7));
  CHECK(seen.late->high_bps == Approx(701 * 10'000 / 0.7));
  CHECK(std::abs(seen.late->burst_bytes) < 1);
  CHECK(seen.offered_bps == Approx(999 * 10'000));
}

TEST_CASE("what a token bucket gave at first is not in the rate at the end", "[search]") {
  Rows rows;
  for (std::size_t i = 0; i < 5; ++i) {  // 250 ms at twice the rate
    rows.packets[i] = 100;
  }
  const auto seen = seen_of(rows, 2000);

  REQUIRE(seen.late.has_value());
  CHECK(seen.late->steady);
  CHECK(seen.late->high_bps == Approx(10e6).epsilon(0.01));
  CHECK(seen.late->burst_bytes == Approx(250 * kPayload).epsilon(0.01));
}

TEST_CASE("a bucket that lasts nearly to the end leaves no steady rate", "[search]") {
  Rows rows;
  for (std::size_t i = 0; i < 17; ++i) {
    rows.packets[i] = 100;
  }
  const auto seen = seen_of(rows, 2000);

  REQUIRE(seen.late.has_value());
  CHECK_FALSE(seen.late->steady);
  CHECK(seen.late->high_bps == Approx(10e6).epsilon(0.02));
}

TEST_CASE("a queue that grows all the time is congestion, although nothing is lost", "[search]") {
  Rows rows;
  for (std::size_t i = 0; i < 20; ++i) {
    rows.delay_ns[i] = static_cast<std::int64_t>(i) * kMs / 2;  // 10 ms in a second
  }
  const auto seen = seen_of(rows, 1000);

  CHECK(*seen.growth == Approx(0.01).epsilon(0.01));
  CHECK(judge(trial_of(Step::confirm, 10e6), seen, 0) == Verdict::congested);
  CHECK(judge(trial_of(Step::approach, 10e6), seen, 0) == Verdict::passed);  // too small to tell
}

TEST_CASE("a moment's delay is no growing queue", "[search]") {
  Rows rows;
  for (std::size_t i = 15; i < 17; ++i) {
    rows.delay_ns[i] = 40 * kMs;
  }
  CHECK(judge(trial_of(Step::confirm, 10e6), seen_of(rows, 1000), 0) == Verdict::passed);
}

TEST_CASE("loss above the target fails a trial, below it does not", "[search]") {
  const auto seen = seen_of({}, 1010);  // ten lost of 1010

  CHECK(judge(trial_of(Step::bisect, 10e6), seen, 0) == Verdict::lossy);
  CHECK(judge(trial_of(Step::bisect, 10e6), seen, 0.0098) == Verdict::lossy);
  CHECK(judge(trial_of(Step::bisect, 10e6), seen, 0.01) == Verdict::passed);
}

TEST_CASE("what the hosts lost is not the network's", "[search]") {
  auto outcome = outcome_of({}, 1010);
  outcome.up->streams.front().rx->rx_socket_drop = 9;

  const auto seen = search::observe(outcome, Way::up);
  CHECK(judge(trial_of(Step::bisect, 10e6), seen, 0) == Verdict::host_limited);
}

TEST_CASE("a sender that did not reach the rate proves nothing about the path", "[search]") {
  CHECK(judge(trial_of(Step::approach, 10.4e6), seen_of({}, 1000), 0) == Verdict::passed);
  CHECK(judge(trial_of(Step::approach, 11e6), seen_of({}, 1000), 0) == Verdict::host_limited);
}

TEST_CASE("a quarter and more missing is congestion, whatever may be lost", "[search]") {
  CHECK(judge(trial_of(Step::overload, 20e6), seen_of({}, 2000), 0.9) == Verdict::congested);
}

TEST_CASE("without both reports, or cut short, a trial is not used", "[search]") {
  auto outcome = outcome_of({}, 1000);
  outcome.status = TestStatus::incomplete;
  const Trial trial = trial_of(Step::approach, 10e6);
  CHECK(judge(trial, search::observe(outcome, Way::up), 0) == Verdict::unusable);

  outcome = outcome_of({}, 1000);
  outcome.up->streams.front().rx.reset();
  CHECK(judge(trial, search::observe(outcome, Way::up), 0) == Verdict::unusable);
  CHECK(judge(trial, search::observe(outcome_of({}, 1000), Way::down), 0) == Verdict::unusable);
}

TEST_CASE("absurd reports are survived", "[search]") {
  auto outcome = outcome_of({}, 1000);
  RxReport& rx = *outcome.up->streams.front().rx;
  rx.first_mono_ns = INT64_MIN;
  rx.last_mono_ns = INT64_MAX;
  rx.anchor_mono_ns = INT64_MIN;
  rx.interval_ns = INT64_MAX;
  rx.lost = UINT64_MAX;
  for (auto& row : rx.intervals) {
    row.bytes = UINT64_MAX;
    row.dv_p50_ns = INT64_MAX;
  }
  const auto seen = search::observe(outcome, Way::up);
  CHECK(seen.loss_ratio() <= 1);
  static_cast<void>(judge(trial_of(Step::confirm, 1e6), seen, 0));
}
