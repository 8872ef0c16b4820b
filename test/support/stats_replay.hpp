#pragma once

#include <cstdint>
#include <initializer_list>

#include "model/packet_plan.hpp"
#include "stats/stream_stats.hpp"
#include "support/catch.hpp"
#include "support/oracle.hpp"

namespace udperf::test {

inline MonoTime at_ns(std::int64_t ns) {
  return mono_from_ns(ns);
}
inline MonoTime at_ms(std::int64_t ms) {
  return mono_from_ns(ms * 1'000'000);
}

/// A plan of `packets` datagrams of `payload_bytes`.
inline PacketPlan plan_of_packets(std::uint64_t packets, std::uint32_t payload_bytes = 100) {
  TestParams params;
  params.payload_bytes = payload_bytes;
  params.amount.packets = packets;
  return PacketPlan::for_stream(params, Way::up, 0);
}

/// A plan that only time ends.
inline PacketPlan unlimited_plan(std::uint32_t payload_bytes = 100) {
  TestParams params;
  params.payload_bytes = payload_bytes;
  params.amount.duration = std::chrono::seconds{1};
  return PacketPlan::for_stream(params, Way::up, 0);
}

inline stats::Run stats_run(const ArrivedRun& run) {
  return stats::Run{run.first, run.count, at_ns(run.rx_ns), run.tx_ns, run.ecn, run.timed};
}

inline constexpr std::int64_t kMs = 1'000'000;

/// Read at `rx_ms`, sent 1 ms before on the same clock.
inline ArrivedRun run_of(std::uint64_t first, std::uint32_t count, std::int64_t rx_ms) {
  ArrivedRun run;
  run.first = first;
  run.count = count;
  run.rx_ns = rx_ms * kMs;
  run.tx_ns = run.rx_ns - kMs;
  return run;
}

/// Datagrams of 100 bytes.
inline ArrivalLog log_of(std::initializer_list<ArrivedRun> runs, std::uint64_t sent) {
  ArrivalLog log;
  log.runs = runs;
  log.payload_bytes = 100;
  log.sent = sent;
  return log;
}

/// What StreamStats makes of the log.
inline RxReport replay(const ArrivalLog& log, const PacketPlan& plan) {
  stats::StreamStats stats{
      {plan, Duration{log.interval_ns}, Duration{log.gap_threshold_ns}, Duration{log.tmax_ns}}};
  for (const ArrivedRun& run : log.runs) {
    stats.add(stats_run(run));
  }
  RxReport report;
  stats.finalize(log.sent, true, ClockAnchor{}, report);
  return report;
}

/// Checks what holds in every report, and hands it on.
inline RxReport checked(RxReport report) {
  CHECK(broken_law(report) == "");
  return report;
}

/// The numbers arrive one by one, 1 ms apart and 1 ms old, from 1 s on.
inline ArrivalLog arrivals(std::initializer_list<std::uint64_t> numbers, std::uint64_t sent) {
  ArrivalLog log;
  log.payload_bytes = 100;
  log.sent = sent;
  std::int64_t at = 1'000'000'000;
  for (const std::uint64_t number : numbers) {
    ArrivedRun run;
    run.first = number;
    run.rx_ns = at;
    run.tx_ns = at - 1'000'000;
    log.runs.push_back(run);
    at += 1'000'000;
  }
  return log;
}

/// As above, with a plan of datagrams of 100 bytes that is large enough for them.
inline RxReport replay(std::initializer_list<std::uint64_t> numbers, std::uint64_t sent) {
  return replay(arrivals(numbers, sent), unlimited_plan());
}

}  // namespace udperf::test
