#include <array>
#include <string>

#include "stats/stream_stats.hpp"
#include "support/catch.hpp"
#include "support/stats_replay.hpp"

using udperf::ClockAnchor;
using udperf::IntervalRow;
using udperf::RxReport;
using udperf::stats::StreamStats;
using udperf::test::ArrivalLog;
using udperf::test::at_ms;
using udperf::test::checked;
using udperf::test::kMs;
using udperf::test::log_of;
using udperf::test::plan_of_packets;
using udperf::test::replay;
using udperf::test::run_of;
using udperf::test::unlimited_plan;

TEST_CASE("of a run only the head's stamps count", "[stats]") {
  const RxReport whole = replay(log_of({run_of(0, 44, 0), run_of(44, 44, 1)}, 88),  //
                                unlimited_plan());
  CHECK(whole.delay_variation->n == 2);
  CHECK(whole.ipdv_max_abs_ns == 0);

  ArrivalLog untimed = log_of({run_of(0, 44, 0)}, 44);
  untimed.runs[0].timed = false;
  CHECK_FALSE(replay(untimed, unlimited_plan()).delay_variation);

  const RxReport known_head = replay(log_of({run_of(0, 1, 0), run_of(0, 9, 1)}, 9),  //
                                     unlimited_plan());
  CHECK(known_head.delay_variation->n == 1);
}

TEST_CASE("a silence longer than the threshold is an outage", "[stats]") {
  const ArrivalLog log = log_of({run_of(0, 1, 0), run_of(1, 1, 50),  // 50 ms is not longer
                                 run_of(5, 2, 120), run_of(4, 1, 200)},
                                7);
  const RxReport seen = checked(replay(log, unlimited_plan()));

  REQUIRE(seen.outages.size() == 2);
  CHECK(seen.outages[0] == udperf::Outage{50 * kMs, 70 * kMs, 3});
  CHECK(seen.outages[1] == udperf::Outage{120 * kMs, 80 * kMs, 0});
}

TEST_CASE("marks are counted by code point, on first copies only", "[stats]") {
  ArrivalLog log = log_of({run_of(0, 3, 0), run_of(3, 2, 1), run_of(3, 2, 2), run_of(5, 1, 3)}, 6);
  log.runs[1].ecn = 2;
  log.runs[2].ecn = 3;
  log.runs[3].ecn = 1;

  CHECK(*replay(log, unlimited_plan()).ecn == std::array<std::uint64_t, 4>{3, 1, 2, 0});
}

TEST_CASE("a late packet fills the row in which its number was passed", "[stats]") {
  const ArrivalLog log = log_of({run_of(0, 4, 0), run_of(6, 2, 900), run_of(8, 2, 1200),
                                 run_of(4, 1, 1300), run_of(12, 1, 2100)},
                                15);
  const RxReport seen = checked(replay(log, unlimited_plan()));

  REQUIRE(seen.intervals.size() == 3);
  const auto row = [&seen](std::size_t i) {
    const IntervalRow& r = seen.intervals[i];
    return std::to_string(r.unique) + " " + std::to_string(r.sent) + " " + std::to_string(r.lost) +
           " " + std::to_string(r.reordered);
  };
  CHECK(row(0) == "6 8 1 0");  // 5 is lost; 4 came in row 1, but was passed here
  CHECK(row(1) == "3 2 0 1");
  CHECK(row(2) == "1 5 4 0");  // 10, 11 and the tail 13, 14
}

TEST_CASE("streams of one test share the origin of the grid", "[stats]") {
  StreamStats stats{{unlimited_plan()}};
  stats.set_anchor(at_ms(1000));
  stats.add(udperf::test::stats_run(run_of(0, 1, 3500)));
  RxReport seen;
  stats.finalize(1, true, ClockAnchor{}, seen);

  CHECK(seen.anchor_mono_ns == 1000 * kMs);
  REQUIRE(seen.intervals.size() == 3);
  CHECK(seen.intervals[2].unique == 1);
  CHECK(seen.first_mono_ns == 3500 * kMs);
}

TEST_CASE("times are given on both clocks", "[stats]") {
  StreamStats stats{{plan_of_packets(9)}};
  stats.add(udperf::test::stats_run(run_of(0, 2, 20)));
  stats.add(udperf::test::stats_run(run_of(2, 1, 25)));
  RxReport seen;
  const ClockAnchor clock{at_ms(10), udperf::unix_from_ns(7000 * kMs)};
  stats.finalize(3, false, clock, seen);

  CHECK(seen.first_mono_ns == 20 * kMs);
  CHECK(seen.last_mono_ns == 25 * kMs);
  CHECK(seen.first_unix_ns == 7010 * kMs);
  CHECK(seen.last_unix_ns == 7015 * kMs);
  CHECK(seen.first_bytes == 100);
  CHECK_FALSE(seen.tail_known);
}

TEST_CASE("everything received is told from a count that merely fits", "[stats]") {
  StreamStats stats{{plan_of_packets(9)}};
  stats.add(udperf::test::stats_run(run_of(0, 2, 0)));
  stats.add(udperf::test::stats_run(run_of(3, 1, 0)));
  CHECK_FALSE(stats.all_received(3));
  CHECK_FALSE(stats.all_received(4));

  stats.add(udperf::test::stats_run(run_of(2, 1, 0)));
  CHECK(stats.all_received(4));
  CHECK_FALSE(stats.all_received(5));
  CHECK(stats.unique_bytes() == 400);
}

TEST_CASE("a departure that no clock can show counts, but has no delay", "[stats]") {
  ArrivalLog log = log_of({run_of(0, 1, 10), run_of(1, 1, 20), run_of(2, 1, 30), run_of(3, 1, 40),
                           run_of(4, 1, 50), run_of(5, 1, 60)},
                          6);
  constexpr std::int64_t kTooFar = std::int64_t{1} << 60U;
  log.runs[1].tx_ns = INT64_MIN;
  log.runs[2].tx_ns = INT64_MAX;
  log.runs[3].tx_ns = kTooFar;
  log.runs[4].tx_ns = -kTooFar;
  const RxReport seen = checked(replay(log, unlimited_plan()));

  CHECK(seen.unique == 6);
  REQUIRE(seen.delay_variation);
  CHECK(seen.delay_variation->n == 2);
  CHECK(seen.delay_variation->max_ns == 0);
  CHECK(seen.jitter_ns == 0);
  CHECK_FALSE(seen.ipdv_mean_abs_ns);
}

TEST_CASE("delays as far apart as clocks can be are still told apart", "[stats]") {
  ArrivalLog log = log_of({run_of(0, 1, 0), run_of(1, 1, 0), run_of(2, 1, 0)}, 3);
  constexpr std::int64_t kFar = (std::int64_t{1} << 60U) - 1;
  log.runs[0].tx_ns = kFar;
  log.runs[1].tx_ns = -kFar;
  log.runs[2].tx_ns = kFar;
  const RxReport seen = checked(replay(log, unlimited_plan()));

  REQUIRE(seen.delay_variation);
  CHECK(seen.delay_variation->n == 3);
  CHECK(seen.delay_variation->max_ns == 2 * kFar);
  CHECK(seen.ipdv_max_abs_ns == 2 * kFar);
  CHECK(seen.raw_delay_min_ns == -kFar);
}
