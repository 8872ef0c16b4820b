// Arbitrary runs of arrivals: the books balance whatever comes.
#include <cstdint>
#include <cstdlib>
#include <cstring>

#include "base/memory_account.hpp"
#include "stats/stream_stats.hpp"

// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer names it so
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace udperf;
  TestParams params;
  params.payload_bytes = 100;
  params.amount.duration = std::chrono::seconds{1};
  params.interval = std::chrono::milliseconds{10};
  stats::StreamStats::Settings settings;
  settings.plan = PacketPlan::for_stream(params, Way::up, 0);
  settings.interval = params.interval;
  // Some have little memory: the books must agree all the same.
  MemoryAccount account{size > 0 ? std::uint64_t{1} << (data[0] % 32U) : 0};
  settings.memory = &account;
  stats::StreamStats stats{settings};
  MonoTime now{std::chrono::seconds{1}};
  std::uint64_t given = 0;
  for (; size >= 8; data += 8, size -= 8) {
    std::uint32_t first = 0;
    std::memcpy(&first, data, sizeof first);
    stats::Run run;
    run.first = first >> (data[7] % 32U);
    run.count = 1U + data[4] % 128U;
    now += std::chrono::microseconds{data[5] * data[5] * data[5]};
    run.rx = now;
    run.tx_ns = data[6];
    run.timed = (data[6] & 1U) != 0;
    stats.add(run);
    given += run.count;
  }
  RxReport report;
  stats.finalize(given, true, ClockAnchor{}, report);
  std::uint64_t rows = 0;
  for (const IntervalRow& row : report.intervals) {
    rows += row.unique + row.lost;
  }
  const bool balanced =
      report.datagrams == report.unique + report.duplicates + report.late + report.invalid &&
      report.sent == report.unique + report.lost && rows == report.sent &&
      report.datagrams == given;
  if (!balanced) {
    std::abort();
  }
  return 0;
}
