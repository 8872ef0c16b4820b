// What the statistics of the receiver cost for each datagram. Built with -DUDPERF_BUILD_BENCH=ON.
#include <benchmark/benchmark.h>

#include "model/packet_plan.hpp"
#include "stats/stream_stats.hpp"

namespace {

using udperf::mono_from_ns;
using udperf::stats::Run;
using udperf::stats::StreamStats;

constexpr std::int64_t kPacketNs = 1000;  // a million datagrams a second

StreamStats::Settings unlimited() {
  udperf::TestParams params;
  params.amount.duration = std::chrono::seconds{10};
  StreamStats::Settings settings;
  settings.plan = udperf::PacketPlan::for_stream(params, udperf::Way::up, 0);
  return settings;
}

/// A transit time that wanders by up to 64 us, without a generator's cost.
std::int64_t transit_ns(std::uint64_t number) {
  return 100'000 + static_cast<std::int64_t>((number * 2654435761U) % 64'000);
}

Run run_of(std::uint64_t first, std::uint32_t count) {
  const auto at = static_cast<std::int64_t>(first) * kPacketNs;
  return Run{first, count, mono_from_ns(at), at - transit_ns(first), 0, true};
}

void report(benchmark::State& state, std::uint64_t datagrams) {
  const auto done = static_cast<double>(datagrams);
  state.counters["per_datagram"] =
      benchmark::Counter(done, benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}

/// Reads of `range(0)` datagrams in order.
void in_order(benchmark::State& state) {
  StreamStats stats{unlimited()};
  const auto count = static_cast<std::uint32_t>(state.range(0));
  std::uint64_t number = 0;
  for (auto _ : state) {
    stats.add(run_of(number, count));
    number += count;
  }
  report(state, number);
}
BENCHMARK(in_order)->Arg(1)->Arg(8)->Arg(44)->Arg(64);

/// Single datagrams, one in ten lost.
void with_loss(benchmark::State& state) {
  StreamStats stats{unlimited()};
  std::uint64_t number = 0;
  std::uint64_t arrived = 0;
  for (auto _ : state) {
    stats.add(run_of(number, 1));
    number += ++arrived % 9 == 0 ? 2U : 1U;
  }
  report(state, arrived);
}
BENCHMARK(with_loss);

/// Single datagrams, each pair the wrong way round.
void swapped(benchmark::State& state) {
  StreamStats stats{unlimited()};
  std::uint64_t arrived = 0;
  for (auto _ : state) {
    stats.add(run_of(arrived ^ 1U, 1));
    ++arrived;
  }
  report(state, arrived);
}
BENCHMARK(swapped);

/// Every datagram twice.
void doubled(benchmark::State& state) {
  StreamStats stats{unlimited()};
  std::uint64_t arrived = 0;
  for (auto _ : state) {
    stats.add(run_of(arrived / 2, 1));
    ++arrived;
  }
  report(state, arrived);
}
BENCHMARK(doubled);

}  // namespace

BENCHMARK_MAIN();
