#include "search/capacity_search.hpp"
#include "support/catch.hpp"

using namespace std::chrono_literals;
using namespace udperf;
using search::Answer;
using search::CapacityGoal;
using search::CapacitySearch;
using search::Limit;
using search::Observation;
using search::Step;
using search::SubInterval;
using search::Verdict;

namespace {

SubInterval second(double start_s, double offered_mbps, double arrived_mbps, double loss,
                   std::int64_t rtt_max_ms = 6) {
  SubInterval part;
  part.start_s = start_s;
  part.offered_ip_bps = offered_mbps * 1e6;
  part.ip_bps = arrived_mbps * 1e6;
  part.loss_ratio = loss;
  part.rtt_min_ns = 5'000'000;
  part.rtt_max_ns = rtt_max_ms * 1'000'000;
  return part;
}

/// A test over a path of 50 Mb/s (IP layer) that loses what is beyond it.
Observation overshot() {
  Observation seen;
  seen.complete = true;
  seen.payload_bytes = 972;
  seen.sent = 40'000;
  seen.lost = 400;
  seen.rtt_idle_p50_ns = 5'000'000;
  seen.rtt_idle_min_ns = 5'000'000;
  seen.sub_intervals = {second(0, 30, 30, 0), second(1, 60, 49.9, 0.05), second(2, 49, 49, 0),
                        second(3, 51, 50, 0.02)};
  return seen;
}

Observation verified(double rate_bps) {
  Observation seen;
  seen.complete = true;
  seen.payload_bytes = 972;
  seen.sent = 20'000;
  seen.offered_bps = rate_bps;
  seen.goodput_bps = rate_bps;
  return seen;
}

/// The answer after the adjusted test alone.
Answer after(const Observation& seen, const CapacityGoal& goal = {}) {
  CapacitySearch search{goal};
  REQUIRE(search.next(0s));
  search.finished(seen, 10s);
  return search.answer();
}

}  // namespace

TEST_CASE("the best second of the adjusted test is the capacity, and is verified", "[search]") {
  CapacitySearch search{CapacityGoal{}};

  const auto adjust = search.next(0s);
  REQUIRE(adjust);
  CHECK(adjust->step == Step::adjust);
  CHECK(adjust->duration == 10s);
  CHECK(adjust->interval == 1s);
  CHECK(search.finished(overshot(), 10500ms) == Verdict::congested);

  const auto verify = search.next(10500ms);
  REQUIRE(verify);
  CHECK(verify->step == Step::confirm);
  CHECK(verify->rate_bps == Approx(0.99 * 50e6 * 0.972));
  CHECK(verify->duration > 3s);
  CHECK(search.finished(verified(verify->rate_bps), 14s) == Verdict::passed);
  CHECK_FALSE(search.next(14s));

  const Answer& answer = search.answer();
  CHECK(answer.algorithm == search::Algorithm::rfc9097);
  CHECK(answer.answer_ip_bps == Approx(50e6));
  CHECK(answer.answer_bps == Approx(50e6 * 0.972));
  CHECK(answer.confirmed);
  CHECK(answer.limited_by == Limit::network);
  CHECK_FALSE(answer.underestimate_likely);
  CHECK(answer.capacity->maximum == 3U);
  CHECK(answer.trials.size() == 2);
  CHECK(answer.trials.front().rate_bps == Approx(60e6 * 0.972));
}

TEST_CASE("only seconds that keep the loss target count", "[search]") {
  CapacityGoal goal;
  goal.max_loss = 0.01;
  const Answer answer = after(overshot(), goal);
  CHECK(answer.answer_ip_bps == Approx(49e6));
  CHECK(answer.capacity->maximum == 2U);

  Observation lossy = overshot();
  for (auto& part : lossy.sub_intervals) {
    part.loss_ratio = 0.5;
  }
  const Answer none = after(lossy, goal);
  CHECK_FALSE(none.answer_bps);
  CHECK_FALSE(none.capacity->maximum);
  CHECK(none.limited_by == Limit::path_loss);
}

TEST_CASE("without a sign of congestion the maximum is likely too low", "[search]") {
  Observation seen = overshot();
  seen.lost = 0;
  seen.sub_intervals = {second(0, 100, 100, 0), second(1, 200, 200, 0)};
  const Answer rising = after(seen);
  CHECK(rising.underestimate_likely);
  CHECK(rising.limited_by == Limit::time);

  seen.sub_intervals.back().rtt_max_ns = 36'000'000;  // 31 ms above the idle round trip
  const Answer queued = after(seen);
  CHECK_FALSE(queued.underestimate_likely);
  CHECK(queued.limited_by == Limit::network);
}

TEST_CASE("what held the rate down is named", "[search]") {
  Observation seen = overshot();
  seen.host_lost = 300;
  CHECK(after(seen).limited_by == Limit::host_limited);

  seen.host_lost = 0;
  seen.skipped = 4000;
  CHECK(after(seen).limited_by == Limit::host_limited);

  CapacityGoal goal;
  goal.max_rate_bps = 49e6;  // payload
  CHECK(after(overshot(), goal).limited_by == Limit::max_rate);
  goal.max_rate_bps = 80e6;
  CHECK(after(overshot(), goal).limited_by == Limit::network);

  seen = overshot();
  seen.granted_bps = 49e6;
  CHECK(after(seen).limited_by == Limit::server_policy);
}

TEST_CASE("a failed verification leaves the answer unconfirmed", "[search]") {
  CapacitySearch search{CapacityGoal{}};
  REQUIRE(search.next(0s));
  search.finished(overshot(), 10s);
  const auto verify = search.next(10s);
  REQUIRE(verify);
  Observation lossy = verified(verify->rate_bps);
  lossy.lost = 100;
  CHECK(search.finished(lossy, 14s) == Verdict::lossy);
  CHECK_FALSE(search.answer().confirmed);
  CHECK(search.answer().answer_bps);
}

TEST_CASE("a test that did not complete has no capacity, and no time no verification", "[search]") {
  CapacitySearch broken{CapacityGoal{}};
  REQUIRE(broken.next(0s));
  CHECK(broken.finished(Observation{}, 2s) == Verdict::unusable);
  CHECK_FALSE(broken.next(2s));
  CHECK_FALSE(broken.answer().answer_bps);
  CHECK(broken.answer().limited_by == Limit::unstable);

  CapacitySearch late{CapacityGoal{}};
  REQUIRE(late.next(0s));
  late.finished(overshot(), 12s);
  CHECK_FALSE(late.next(12s));
  CHECK(late.answer().answer_bps);
  CHECK_FALSE(late.answer().confirmed);
}
