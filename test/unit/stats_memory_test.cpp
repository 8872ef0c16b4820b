#include <algorithm>
#include <malloc.h>

#include "stats/stream_stats.hpp"
#include "support/catch.hpp"
#include "support/seeded_random.hpp"
#include "support/stats_replay.hpp"

using udperf::Duration;
using udperf::stats::Run;
using udperf::stats::StreamStats;
using udperf::test::at_ns;
using udperf::test::unlimited_plan;

namespace {

struct Flow {
  std::uint64_t packets = 0;
  std::uint64_t one_lost_in = 0;  ///< 0 = none
  std::int64_t packet_ns = 0;     ///< time from one packet to the next
};

/// What the allocator has given out: counts every part of the books, not the ledger alone. 0 where
/// a sanitizer's allocator does not say.
std::size_t heap_in_use() {
  const auto info = mallinfo2();
  return info.uordblks + info.hblkhd;
}

/// How many bytes the books grow between the first million packets and the end.
std::size_t growth(const Flow& flow) {
  constexpr std::uint64_t kWarmUp = 1'000'000;
  constexpr std::uint64_t kBetweenLooks = 100'000;
  constexpr std::uint64_t kRun = 44;  // what one buffer of GRO brings
  StreamStats stats{{unlimited_plan()}};
  std::size_t before = 0;
  std::size_t largest = 0;
  std::size_t heap_before = 0;
  std::size_t heap_largest = 0;
  std::uint64_t number = 0;
  std::uint64_t next_look = kWarmUp;
  while (number < flow.packets) {
    std::uint64_t count = std::min(kRun, flow.packets - number);
    if (flow.one_lost_in != 0) {
      number += number % flow.one_lost_in == 0 ? 1U : 0U;
      count = std::min(count, flow.one_lost_in - number % flow.one_lost_in);
    }
    const auto ns = static_cast<std::int64_t>(number) * flow.packet_ns;
    stats.add(Run{number, static_cast<std::uint32_t>(count), at_ns(ns), ns, 0, true});
    number += count;
    before = number <= kWarmUp ? stats.memory_bytes() : before;
    largest = std::max(largest, stats.memory_bytes());
    if (number >= next_look) {
      next_look = number + kBetweenLooks;
      heap_largest = std::max(heap_largest, heap_in_use());
      heap_before = heap_before == 0 ? heap_largest : heap_before;
    }
  }
  return std::max(largest - std::min(before, largest), heap_largest - heap_before);
}

constexpr std::size_t kMostGrowth = std::size_t{2} << 20U;

}  // namespace

TEST_CASE("memory does not grow with the number of packets", "[stats]") {
  CHECK(growth({30'000'000, 0, 0}) < kMostGrowth);
  CHECK(growth({30'000'000, 0, 1000}) < kMostGrowth);
  CHECK(growth({30'000'000, 1000, 1000}) < kMostGrowth);
}

TEST_CASE("memory does not grow with 10^9 packets", "[.long][stats]") {
  CHECK(growth({1'000'000'000, 0, 0}) < kMostGrowth);
  CHECK(growth({1'000'000'000, 1000, 1000}) < kMostGrowth);
}

TEST_CASE("memory does not grow with the days that a test takes", "[stats]") {
  // Ten datagrams an interval, one of them lost, until long after the last row that is kept.
  constexpr std::uint64_t kRows = udperf::stats::IntervalGrid::kMostRows;
  constexpr std::int64_t kIntervalNs = 1'000'000'000;
  udperf::MemoryAccount account{UINT64_MAX};
  StreamStats::Settings settings{unlimited_plan()};
  settings.interval = Duration{kIntervalNs};
  settings.memory = &account;
  StreamStats stats{settings};
  std::uint64_t full = 0;
  std::uint64_t largest = 0;
  for (std::uint64_t row = 0; row < 3 * kRows; ++row) {
    const auto ns = static_cast<std::int64_t>(row) * kIntervalNs;
    stats.add(Run{row * 10, 9, at_ns(ns), ns, 0, true});
    full = row == kRows ? account.used() : full;
    largest = row > kRows ? std::max(largest, account.used()) : 0;
  }
  CHECK(full > kRows * sizeof(udperf::IntervalRow));
  CHECK(largest - std::min(full, largest) < 64'000);

  udperf::RxReport report;
  const std::uint64_t sent = 30 * kRows;
  stats.finalize(sent, true, {}, report);
  CHECK(report.intervals.size() == kRows);
  std::uint64_t unique = 0;
  std::uint64_t lost = 0;
  for (const auto& row : report.intervals) {
    unique += row.unique;
    lost += row.lost;
  }
  CHECK(unique == stats.unique());
  CHECK(unique + lost == sent);
}

TEST_CASE("a wild number allocates nothing", "[stats]") {
  StreamStats stats{{unlimited_plan()}};
  stats.add(Run{0, 10, at_ns(0), 0, 0, true});
  const auto before = stats.memory_bytes();
  stats.add(Run{std::uint64_t{1} << 59U, 10, at_ns(1), 0, 0, true});
  stats.add(Run{UINT64_MAX - 20, 1, at_ns(2), 0, 0, true});

  CHECK(stats.memory_bytes() == before);
  CHECK(stats.next_expected() == 10);
}

TEST_CASE("the books of a light test take a few kilobytes, however its delays vary", "[stats]") {
  // As a monitor has two of them for each of its targets.
  constexpr std::size_t kMost = 24'000;
  constexpr std::uint64_t kPackets = 100;
  constexpr std::int64_t kGapNs = 100'000'000;
  udperf::TestParams params;
  params.amount.packets = kPackets;
  StreamStats::Settings settings;
  settings.plan = udperf::PacketPlan::for_stream(params, udperf::Way::down, 0);
  udperf::test::SeededRandom random{7};
  const std::size_t before = heap_in_use();
  StreamStats stats{settings};
  for (std::uint64_t number = 0; number < kPackets; ++number) {
    const auto ns = static_cast<std::int64_t>(number) * kGapNs;
    const std::int64_t delay = random.between(10'000'000, 30'000'000);
    stats.add(Run{number, 1, at_ns(ns + delay), ns, 0, true});
  }
  CHECK(heap_in_use() - before < kMost);
}
