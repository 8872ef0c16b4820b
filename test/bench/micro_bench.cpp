// The pure hot code, a datagram or a batch at a time.
#include <benchmark/benchmark.h>

#include "base/log_histogram.hpp"
#include "pacing/schedule.hpp"
#include "sender/batch_buffer.hpp"
#include "sender/native_format.hpp"
#include "stats/stream_stats.hpp"
#include "wire/header.hpp"

namespace {

using namespace udperf;

void decode_header(benchmark::State& state) {
  std::array<std::byte, kDataHeaderBytes> frame{};
  wire::encode(wire::DataHeader{}, frame);
  for (auto _ : state) {
    benchmark::DoNotOptimize(wire::decode_data(frame));
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(decode_header);

void stamp_batch(benchmark::State& state) {
  constexpr std::uint32_t kLength = 64;
  const auto capacity = static_cast<std::uint32_t>(state.range(0));
  const auto format = sender::make_native_format({});
  sender::BatchBuffer buffer{*format, kLength, capacity};
  std::uint64_t sequence = 0;
  for (auto _ : state) {
    benchmark::DoNotOptimize(buffer.stamped({sequence, 1, 2}, capacity, kLength));
    sequence += capacity;
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(stamp_batch)->Arg(1)->Arg(45)->Arg(128);

void account_runs(benchmark::State& state) {
  TestParams params;
  params.amount.duration = std::chrono::seconds{10};
  stats::StreamStats::Settings settings;
  settings.plan = PacketPlan::for_stream(params, Way::up, 0);
  stats::StreamStats stats{settings};
  stats::Run run;
  run.count = static_cast<std::uint32_t>(state.range(0));
  run.timed = true;
  MonoTime now{std::chrono::seconds{1}};
  for (auto _ : state) {
    run.rx = now;
    run.tx_ns = to_ns(now) - 1000;
    stats.add(run);
    run.first += run.count;
    now += std::chrono::microseconds{10};
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(account_runs)->Arg(1)->Arg(45)->Arg(128);

void add_to_histogram(benchmark::State& state) {
  LogHistogram histogram;
  std::int64_t ns = 1;
  for (auto _ : state) {
    histogram.add(Duration{ns});
    ns = (ns * 5 + 1) & 0xFFFFF;
  }
  benchmark::DoNotOptimize(histogram.total());
}
BENCHMARK(add_to_histogram);

void take_from_schedule(benchmark::State& state) {
  const auto period = pacing::PacketPeriod::of({SendRate::Kind::bits, 1'000'000'000}, 1448, 1);
  pacing::Schedule schedule{MonoTime{}, period, {21, std::nullopt}};
  MonoTime now{};
  for (auto _ : state) {
    benchmark::DoNotOptimize(schedule.take_due(now));
    now = schedule.next_deadline();
  }
}
BENCHMARK(take_from_schedule);

}  // namespace

BENCHMARK_MAIN();
