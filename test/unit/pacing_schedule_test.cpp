#include <algorithm>
#include <vector>

#include "pacing/schedule.hpp"
#include "support/catch.hpp"

using namespace std::chrono_literals;
using namespace udperf;
using pacing::PacketPeriod;
using pacing::Schedule;

namespace {

constexpr MonoTime kStart{1000s};

SendRate bits(std::uint64_t bps) {
  return SendRate{SendRate::Kind::bits, bps};
}

}  // namespace

TEST_CASE("ten seconds are on rate to the packet, at every rate", "[pacing]") {
  for (const std::uint64_t bps : {10'000ULL, 1'000'000ULL, 99'999'999ULL, 1'000'000'000ULL}) {
    for (const std::uint32_t payload : {64U, 147U, 1448U}) {
      CAPTURE(bps, payload);
      const auto period = PacketPeriod::of(bits(bps), payload, 1);
      Schedule schedule{kStart, period, pacing::burst_for(period, 250us, 64)};
      std::uint64_t sent = 0;
      for (MonoTime now = kStart; now < kStart + 10s; now = schedule.next_deadline()) {
        sent += schedule.take_due(now);
      }
      const auto exact = bps * 10 / 8 / payload;
      CHECK(sent <= exact + schedule.burst());
      CHECK(sent + schedule.burst() >= exact);
      CHECK(schedule.skipped() == 0);
    }
  }
}

TEST_CASE("one packet a minute leaves once a minute", "[pacing]") {
  const auto period = PacketPeriod::of(SendRate{SendRate::Kind::packets, 1000}, 100, 60);
  Schedule schedule{kStart, period, 1};
  CHECK(schedule.take_due(kStart) == 1);
  CHECK(schedule.take_due(kStart + 59s) == 0);
  CHECK(schedule.next_deadline() == kStart + 60s);
  CHECK(schedule.take_due(kStart + 60s) == 1);
}

TEST_CASE("a burst is what the rate carries in its window, or one packet", "[pacing]") {
  CHECK(pacing::burst_for(PacketPeriod::of(bits(1'000'000'000), 1448, 1), 250us, 64) == 21);
  CHECK(pacing::burst_for(PacketPeriod::of(bits(10'000'000), 1448, 1), 250us, 64) == 1);
  CHECK(pacing::burst_for(PacketPeriod::of(bits(100'000'000), 1448, 1), 250us, 64) == 1);
  CHECK(pacing::burst_for(PacketPeriod::of(bits(120'000'000), 1448, 1), 250us, 64) == 2);
  CHECK(pacing::burst_for(PacketPeriod::of(bits(100'000'000'000), 1448, 1), 250us, 64) == 64);
}

TEST_CASE("after a stall of two seconds nothing is bunched up", "[pacing]") {
  constexpr std::uint64_t kPayload = 1448;
  const auto period = PacketPeriod::of(bits(100'000'000), kPayload, 1);
  Schedule schedule{kStart, period, pacing::burst_for(period, 250us, 64)};
  std::vector<std::pair<MonoTime, std::uint64_t>> sends;
  MonoTime now = kStart;
  while (now < kStart + 8s) {
    const bool stalled = now >= kStart + 1s && now < kStart + 3s;
    if (stalled) {
      now = kStart + 3s;
    }
    sends.emplace_back(now, schedule.take_due(now));
    now = std::max(schedule.next_deadline(), now + 1us);
  }
  const std::uint64_t allowed = 10'000'000ULL / 8 / kPayload * 105 / 1000 + schedule.burst();
  const std::uint64_t per_window = 100'000'000ULL / 8 / kPayload / 100 * 105 / 100;
  static_cast<void>(allowed);
  for (std::size_t i = 0; i < sends.size(); ++i) {
    std::uint64_t in_window = 0;
    for (std::size_t j = i; j < sends.size() && sends[j].first < sends[i].first + 10ms; ++j) {
      in_window += sends[j].second;
    }
    if (in_window > per_window + schedule.burst() + 1) {
      CAPTURE(i, (sends[i].first - kStart).count());
      CHECK(in_window <= per_window + schedule.burst() + 1);
    }
  }
  // Two seconds less the debt that is made up for.
  const auto packets = [&](Duration time) { return period.count_in(time); };
  CHECK(schedule.skipped() >= packets(1900ms));
  CHECK(schedule.skipped() <= packets(2s));
}

TEST_CASE("a short stall is made up for within a few seconds", "[pacing]") {
  const auto period = PacketPeriod::of(bits(100'000'000), 1448, 1);
  Schedule schedule{kStart, period, 2};
  std::uint64_t sent = 0;
  MonoTime now = kStart;
  while (now < kStart + 5s) {
    if (now >= kStart + 1s && now < kStart + 1020ms) {
      now = kStart + 1020ms;
    }
    sent += schedule.take_due(now);
    now = std::max(schedule.next_deadline(), now + 1us);
  }
  CHECK(schedule.skipped() == 0);
  CHECK(sent + 3 >= period.count_in(5s));
  CHECK(sent <= period.count_in(5s) + 3);
}

TEST_CASE("what could not be used is due again at once", "[pacing]") {
  const auto period = PacketPeriod::of(bits(100'000'000), 1448, 1);
  Schedule schedule{kStart, period, 4};
  static_cast<void>(schedule.take_due(kStart));
  const MonoTime due = schedule.next_deadline();
  CHECK(schedule.take_due(due) == 4);
  schedule.give_back(4);
  CHECK(schedule.next_deadline() == due);
}

TEST_CASE("a rate that changes all the time is kept on the whole, without a burst", "[pacing]") {
  // Every 50 ms another rate, as load adjustment does: half a megabit to a gigabit and back.
  using Rates = std::vector<std::uint64_t>;
  const auto rates = GENERATE(Rates{500'000, 10'000'000, 400'000'000, 1'000'000'000, 20'000'000},
                              Rates{500'000, 600'000}, Rates{2'000'000, 1'500'000, 3'000'000});
  const auto at = [](std::uint64_t bps) { return PacketPeriod::of(bits(bps), 1448, 1); };
  const auto burst = [&](std::uint64_t bps) { return pacing::burst_for(at(bps), 250us, 64); };
  Schedule schedule{kStart, at(rates[0]), burst(rates[0])};
  MonoTime now = kStart;
  double wanted = 0;
  std::uint64_t sent = 0;
  for (int turn = 0; turn < 1000; ++turn) {
    const std::uint64_t bps = rates[static_cast<std::size_t>(turn) % rates.size()];
    const MonoTime end = kStart + (turn + 1) * 50ms;
    schedule.change(at(bps), burst(bps), now);
    std::uint64_t here = 0;
    while (now < end) {
      here += schedule.take_due(now);
      now = std::clamp(schedule.next_deadline(), now + 1us, end);
    }
    wanted += static_cast<double>(bps) * 0.05 / 8 / 1448;
    sent += here;
    CHECK(static_cast<double>(here) <=
          static_cast<double>(bps) * 0.05 / 8 / 1448 + 1 + static_cast<double>(burst(bps)));
  }
  CHECK(static_cast<double>(sent) == Approx(wanted).epsilon(0.03));
  CHECK(schedule.skipped() == 0);
}

TEST_CASE("streams share the rate", "[pacing]") {
  const auto whole = PacketPeriod::of(bits(100'000'000), 1448, 1);
  const auto quarter = PacketPeriod::of(bits(100'000'000), 1448, 4);
  CHECK(quarter.times(1000) == 4 * whole.times(1000));
}
