#include <string>

#include "stats/stream_stats.hpp"
#include "support/catch.hpp"
#include "support/stats_replay.hpp"

using udperf::RxReport;
using udperf::stats::StreamStats;
using udperf::test::ArrivalLog;
using udperf::test::arrivals;
using udperf::test::at_ms;
using udperf::test::checked;
using udperf::test::kMs;
using udperf::test::log_of;
using udperf::test::plan_of_packets;
using udperf::test::replay;
using udperf::test::run_of;
using udperf::test::unlimited_plan;

TEST_CASE("duplicates, losses and reordering do not hide each other", "[stats]") {
  const RxReport seen = checked(replay({0, 1, 3, 2, 2, 3, 5, 5, 4, 8, 6, 1}, 10));

  CHECK(seen.datagrams == 12);
  CHECK(seen.unique == 8);
  CHECK(seen.unique_bytes == 800);
  CHECK(seen.lost == 2);  // 7 and 9
  CHECK(seen.lost_bytes == 200);
  CHECK(seen.loss_periods == 2);
  CHECK(seen.tail_lost == 1);
  CHECK(seen.duplicates == 4);
  CHECK(seen.replicated == 4);
  CHECK(seen.reordered == 3);
  CHECK(seen.extent_count == 3);
  CHECK(seen.extent_sum == 3);  // 1, 1, 1
  CHECK(seen.extent_max == 1);
  CHECK(seen.late == 0);
  CHECK(seen.invalid == 0);
}

TEST_CASE("copies are counted as RFC 5560 s5.3 has it, in any order", "[stats]") {
  const auto counts = [](std::initializer_list<std::uint64_t> numbers) {
    const RxReport seen = checked(replay(numbers, 5));
    return std::to_string(seen.unique) + " " + std::to_string(seen.duplicates) + " " +
           std::to_string(seen.replicated);
  };

  CHECK(counts({1, 2, 3, 4}) == "4 0 0");
  CHECK(counts({1, 1, 2, 2, 3, 3, 4, 4}) == "4 4 4");
  CHECK(counts({1, 2, 3, 4, 4, 3, 2, 1}) == "4 4 4");
  CHECK(counts({1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 4}) == "4 8 4");
  CHECK(counts({1, 1, 1, 2, 3, 3, 3, 4}) == "4 4 2");
  CHECK(counts({3, 1, 3, 4, 1, 2, 1, 3}) == "4 4 2");
}

TEST_CASE("more duplicates than datagrams sent are no contradiction", "[stats]") {
  const RxReport seen = checked(replay({0, 0, 0, 0, 0, 0}, 2));

  CHECK(seen.datagrams == 6);
  CHECK(seen.unique == 1);
  CHECK(seen.duplicates == 5);
  CHECK(seen.lost == 1);
}

TEST_CASE("nothing sent gives an empty report", "[stats]") {
  const RxReport seen = checked(replay({}, 0));

  CHECK(seen.sent == 0);
  CHECK(seen.lost == 0);
  CHECK(seen.intervals.empty());
  CHECK_FALSE(seen.burst_ratio);
}

TEST_CASE("all lost is all lost, with no delay and one row", "[stats]") {
  const RxReport seen = checked(replay({}, 9));

  CHECK(seen.unique == 0);
  CHECK(seen.lost == 9);
  CHECK(seen.lost_bytes == 900);
  CHECK(seen.head_lost == 9);
  CHECK(seen.tail_lost == 9);
  CHECK(seen.loss_periods == 1);
  CHECK(seen.loss_period_max == 9);
  CHECK_FALSE(seen.burst_ratio);
  CHECK_FALSE(seen.jitter_ns);
  CHECK_FALSE(seen.ipdv_mean_abs_ns);
  CHECK_FALSE(seen.delay_variation);
  CHECK_FALSE(seen.raw_delay_min_ns);
  CHECK(seen.first_mono_ns == 0);
  CHECK(seen.intervals.size() == 1);
}

TEST_CASE("one datagram has a delay, but nothing to vary against", "[stats]") {
  const RxReport seen = checked(replay({0}, 1));

  CHECK(seen.unique == 1);
  CHECK(seen.reordered == 0);
  REQUIRE(seen.delay_variation);
  CHECK(seen.delay_variation->n == 1);
  CHECK(seen.delay_variation->max_ns == 0);
  CHECK(seen.raw_delay_min_ns == kMs);
  CHECK_FALSE(seen.jitter_ns);
  CHECK_FALSE(seen.jitter_max_ns);
  CHECK_FALSE(seen.ipdv_mean_abs_ns);
  CHECK_FALSE(seen.ipdv_p95_abs_ns);
  CHECK_FALSE(seen.ipdv_max_abs_ns);
  CHECK(seen.last_mono_ns == seen.first_mono_ns);
}

TEST_CASE("a lost head counts, and the grid starts at the first arrival", "[stats]") {
  const RxReport seen = checked(replay({4, 5}, 6));

  CHECK(seen.head_lost == 4);
  CHECK(seen.lost == 4);
  CHECK(seen.anchor_mono_ns == 1000 * kMs);
  REQUIRE(seen.intervals.size() == 1);
  CHECK(seen.intervals[0].sent == 6);
}

TEST_CASE("nine dropped of ten leave nine lost", "[stats]") {
  const RxReport seen = checked(replay({0}, 10));

  CHECK(seen.lost == 9);
  CHECK(seen.tail_lost == 9);
  CHECK(seen.intervals.back().lost == 9);
}

TEST_CASE("a duplicate of a reordered packet is a duplicate only", "[stats]") {
  const RxReport seen = checked(replay({0, 2, 1, 1, 1}, 3));

  CHECK(seen.reordered == 1);
  CHECK(seen.duplicates == 2);
  CHECK(seen.replicated == 1);
  CHECK(seen.lost == 0);
}

TEST_CASE("a packet that seemed lost and comes late after all is not lost", "[stats]") {
  ArrivalLog log = arrivals({0, 2, 3}, 4);
  log.runs.push_back(run_of(1, 1, 5000));
  log.runs.push_back(run_of(1, 1, 5001));
  const RxReport seen = checked(replay(log, unlimited_plan()));

  CHECK(seen.lost == 0);
  CHECK(seen.reordered == 1);
  CHECK(seen.duplicates == 1);
  CHECK(seen.late_ns_max == 3999 * kMs);  // since 2 came, at 1001 ms
}

TEST_CASE("numbers the sender never used are invalid and in no row", "[stats]") {
  ArrivalLog log = log_of({run_of(0, 4, 0), run_of(9, 2, 1500), run_of(4, 2, 2500)}, 5);
  log.runs.push_back(run_of(10, 1, 2600));
  const RxReport seen = checked(replay(log, unlimited_plan()));

  CHECK(seen.sent == 5);
  CHECK(seen.unique == 5);
  CHECK(seen.unique_bytes == 500);
  CHECK(seen.invalid == 3);  // 5, 9 and 10
  CHECK(seen.duplicates == 1);
  CHECK(seen.lost == 0);
  CHECK(seen.intervals.size() == 3);
}

TEST_CASE("invalid numbers take their own bytes along", "[stats]") {
  // 10 datagrams, the last 10 bytes shorter than the header shared with the one before.
  udperf::TestParams params;
  params.payload_bytes = 100;
  params.amount.size_bytes = 910;
  const auto plan = udperf::PacketPlan::for_stream(params, udperf::Way::up, 0);
  REQUIRE(plan.packets() == 10);
  REQUIRE(plan.length(8) == 55);

  const RxReport seen = checked(replay(log_of({run_of(0, 2, 0), run_of(8, 1, 5)}, 6), plan));
  CHECK(seen.unique_bytes == 200);
  CHECK(seen.lost_bytes == 400);
  CHECK(seen.invalid == 1);
}

TEST_CASE("a sender that owns up to less than was reordered keeps the sums", "[stats]") {
  const RxReport seen = checked(replay({5, 4, 3, 2, 1, 0}, 1));

  CHECK(seen.unique == 1);
  CHECK(seen.invalid == 5);
  CHECK(seen.reordered == 1);
}

TEST_CASE("a wild number is invalid, however it comes", "[stats]") {
  ArrivalLog log = arrivals({0, 1}, 2);
  log.runs.push_back(run_of(std::uint64_t{1} << 59U, 3, 1010));
  const RxReport seen = checked(replay(log, unlimited_plan()));

  CHECK(seen.invalid == 3);
  CHECK(seen.unique == 2);
  CHECK(seen.delay_variation->n == 2);
}

TEST_CASE("what comes beyond Tmax is late, and lost", "[stats]") {
  // 32768 numbers are passed at 1 s; Tmax is 3 s.
  const ArrivalLog log =
      log_of({run_of(1, 32768, 1000), run_of(0, 1, 4001), run_of(40000, 1, 4002)}, 40001);
  const RxReport seen = checked(replay(log, unlimited_plan()));

  CHECK(seen.late == 1);
  CHECK(seen.head_lost == 1);
  CHECK(seen.lost == 40001 - 32769);
  CHECK(seen.reordered == 0);
}

TEST_CASE("a sender that owns up to less than was settled long ago is not believed", "[stats]") {
  const ArrivalLog log = log_of({run_of(0, 5, 0), run_of(32768, 1, 0), run_of(32769, 1, 3001)}, 5);
  const RxReport seen = checked(replay(log, unlimited_plan()));

  CHECK(seen.sent == 32768);
  CHECK(seen.unique == 5);
  CHECK(seen.invalid == 2);
}

TEST_CASE("one new datagram at the head of a known run is timed", "[stats]") {
  const ArrivalLog log = log_of({run_of(1, 1, 0), run_of(0, 2, 1)}, 2);

  const RxReport seen = replay(log, unlimited_plan());
  CHECK(seen.delay_variation->n == 2);
  CHECK(seen.ipdv_max_abs_ns == 0);
}

TEST_CASE("a clock that goes back does not shorten the span", "[stats]") {
  const RxReport seen = checked(replay(log_of({run_of(0, 1, 10), run_of(1, 1, 30),  //
                                               run_of(2, 1, 20)},
                                              3),
                                       unlimited_plan()));

  CHECK(seen.first_mono_ns == 10 * kMs);
  CHECK(seen.last_mono_ns == 30 * kMs);
}

TEST_CASE("a run that is partly known already counts what is new in it", "[stats]") {
  const RxReport seen =
      checked(replay(log_of({run_of(2, 2, 0), run_of(0, 6, 1), run_of(0, 6, 2)}, 6),  //
                     plan_of_packets(6)));

  CHECK(seen.datagrams == 14);
  CHECK(seen.unique == 6);
  CHECK(seen.duplicates == 8);
  CHECK(seen.replicated == 6);
  CHECK(seen.reordered == 2);  // 0 and 1
}

TEST_CASE("the counts are known while the stream runs", "[stats]") {
  StreamStats stats{{unlimited_plan()}};
  CHECK_FALSE(stats.last_arrival());
  stats.add(udperf::test::stats_run(run_of(std::uint64_t{1} << 59U, 2, 5)));
  CHECK(stats.invalid() == 2);
  CHECK_FALSE(stats.last_arrival());
  CHECK(stats.missing_so_far() == 0);

  stats.add(udperf::test::stats_run(run_of(2, 3, 10)));
  CHECK(stats.missing_so_far() == 2);  // 0 and 1
  stats.add(udperf::test::stats_run(run_of(1, 1, 20)));
  stats.add(udperf::test::stats_run(run_of(1, 1, 30)));
  CHECK(stats.next_expected() == 5);
  CHECK(stats.unique() == 4);
  CHECK(stats.duplicates() == 1);
  CHECK(stats.reordered() == 1);
  CHECK(stats.missing_so_far() == 1);
  CHECK(stats.last_arrival() == at_ms(20));  // the duplicate is no first copy

  stats.add(udperf::test::stats_run(run_of(32768, 1, 40)));
  stats.add(udperf::test::stats_run(run_of(0, 1, 3041)));  // its page was passed at 40 ms
  CHECK(stats.late() == 1);
  CHECK(stats.missing_so_far() == 32769 - 5);
  CHECK(stats.last_arrival() == at_ms(40));
}

TEST_CASE("a listener hears first copies in time, and nothing where no time is known", "[stats]") {
  const bool all_timed = GENERATE(true, false);
  StreamStats::Settings settings;
  settings.plan = unlimited_plan();
  settings.voice = udperf::VoiceSetup{udperf::VoiceCodec::g711, std::chrono::milliseconds{60}};
  StreamStats stats{settings};
  // A hundred, each twice; number 10 is lost, 20 comes 100 ms late, 30 twice, late the first time.
  for (std::uint64_t i = 0; i < 100; ++i) {
    for (int copy = 0; copy < 2 && i != 10; ++copy) {
      udperf::stats::Run run;
      run.first = i;
      run.count = 1;
      run.tx_ns = static_cast<std::int64_t>(i) * 20'000'000;
      const std::int64_t late = i == 20 || (i == 30 && copy == 0) ? 100'000'000 : 0;
      run.rx = udperf::mono_from_ns(run.tx_ns + 5'000'000 + late);
      run.timed = all_timed || i != 50;
      run.length = 100;
      stats.add(run);
    }
  }
  RxReport report;
  stats.finalize(101, true, udperf::ClockAnchor{}, report);
  CHECK(report.sent == 101);
  CHECK(report.lost == 2);
  CHECK(report.voice.has_value() == all_timed);
  if (report.voice) {
    CHECK(report.voice->whole.packets == 101);
    CHECK(report.voice->whole.missed == 4);  // 10, 20, 30 and the last
    CHECK(report.voice->whole.runs == 4);
  }
}
