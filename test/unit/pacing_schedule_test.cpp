#include <algorithm>
#include <vector>

#include "pacing/schedule.hpp"
#include "support/catch.hpp"

using namespace std::chrono_literals;
using namespace udperf;
using pacing::PacketPeriod;
using pacing::Schedule;
using pacing::Unsent;

namespace {

constexpr MonoTime kStart{1000s};

constexpr Schedule::Bursts kAdaptive{64, std::nullopt};

SendRate bits(std::uint64_t bps) {
  return SendRate{SendRate::Kind::bits, bps};
}

}  // namespace

TEST_CASE("ten seconds are on rate to the packet, at every rate", "[pacing]") {
  for (const std::uint64_t bps : {10'000ULL, 1'000'000ULL, 99'999'999ULL, 1'000'000'000ULL}) {
    for (const std::uint32_t payload : {64U, 147U, 1448U}) {
      CAPTURE(bps, payload);
      const auto period = PacketPeriod::of(bits(bps), payload, 1);
      Schedule schedule{kStart, period, kAdaptive};
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
  Schedule schedule{kStart, period, kAdaptive};
  CHECK(schedule.take_due(kStart) == 1);
  CHECK(schedule.take_due(kStart + 59s) == 0);
  CHECK(schedule.next_deadline() == kStart + 60s);
  CHECK(schedule.take_due(kStart + 60s) == 1);
}

TEST_CASE("a burst is what the rate carries in its window, or one packet", "[pacing]") {
  CHECK(pacing::burst_for(PacketPeriod::of(bits(1'000'000'000), 1448, 1), 250us, 64) == 21);
  CHECK(pacing::burst_for(PacketPeriod::of(bits(10'000'000), 1448, 1), 250us, 64) == 1);
  CHECK(pacing::burst_for(PacketPeriod::of(bits(100'000'000), 1448, 1), 250us, 64) == 1);
  const SendRate ten_thousand{SendRate::Kind::packets, 10'000'000};
  CHECK(pacing::burst_for(PacketPeriod::of(ten_thousand, 40, 1), 250us, 64) == 2);
  const SendRate just_below{SendRate::Kind::packets, 9'999'000};
  CHECK(pacing::burst_for(PacketPeriod::of(just_below, 40, 1), 250us, 64) == 1);
  CHECK(pacing::burst_for(PacketPeriod::of(bits(120'000'000), 1448, 1), 250us, 64) == 2);
  CHECK(pacing::burst_for(PacketPeriod::of(bits(100'000'000'000), 1448, 1), 250us, 64) == 64);
}

TEST_CASE("a stop of two seconds costs 50 ms' worth at most, and no flood", "[pacing]") {
  const auto period = PacketPeriod::of(bits(100'000'000), 1448, 1);
  Schedule schedule{kStart, period, kAdaptive};
  std::uint64_t after = 0;
  std::uint64_t fastest = 0;
  std::uint64_t in_window = 0;
  MonoTime window = kStart;
  MonoTime now = kStart;
  while (now < kStart + 4s) {
    const bool stopped = now >= kStart + 1s && now < kStart + 3s;
    now = stopped ? kStart + 3s : now;
    const std::uint64_t n = schedule.take_due(now);
    after += now >= kStart + 3s ? n : 0;
    if (now - window >= 10ms) {
      window = now;
      in_window = 0;
    }
    in_window += n;
    fastest = std::max(fastest, in_window);
    now = std::max(schedule.next_deadline(), now + 1us);
  }
  // In the second after it: what is due in a second, and what was still owed.
  CHECK(after <= period.count_in(1050ms) + 2);
  CHECK(after + 2 >= period.count_in(1050ms));
  CHECK(fastest <= period.count_in(12500us) + schedule.most_at_once() + 1);
  CHECK(schedule.skipped() >= period.count_in(1949ms));
  CHECK(schedule.skipped() <= period.count_in(1951ms));
}

TEST_CASE("what a short stall holds up leaves a quarter faster", "[pacing]") {
  const auto period = PacketPeriod::of(bits(100'000'000), 1448, 1);
  Schedule schedule{kStart, period, kAdaptive};
  std::uint64_t sent = 0;
  auto run_until = [&, now = kStart](MonoTime end) mutable {
    while (now < end) {
      const bool stalled = now >= kStart + 1s && now < kStart + 1020ms;
      now = stalled ? kStart + 1020ms : now;
      sent += schedule.take_due(now);
      now = std::max(schedule.next_deadline(), now + 1us);
    }
  };
  run_until(kStart + 1060ms);
  // 40 ms at a quarter more: half of the 20 ms are repaid.
  CHECK(sent + 4 >= period.count_in(1050ms));
  CHECK(sent <= period.count_in(1050ms) + 4);
  run_until(kStart + 1102ms);
  CHECK(sent + 2 >= period.count_in(1102ms));
  run_until(kStart + 5s);
  CHECK(schedule.skipped() == 0);
  CHECK(sent + 2 >= period.count_in(5s));
  CHECK(sent <= period.count_in(5s) + 2);
}

TEST_CASE("after a late wake-up as much leaves at once as fits the window", "[pacing]") {
  const auto period = PacketPeriod::of(bits(1'000'000'000), 1448, 1);  // 86.3 in a millisecond
  Schedule schedule{kStart, period, {64, 1ms}};
  CHECK(schedule.burst() == 64);
  CHECK(schedule.take_due(kStart) == 1);
  CHECK(schedule.take_due(kStart + 750us) == 64);
  CHECK(schedule.lateness().value() > Duration{0});
  CHECK(schedule.take_due(kStart + 30ms) == 64);  // 86 are the most that may
  CHECK(schedule.take_due(kStart + 30ms) == 0);
  CHECK(schedule.next_deadline() > kStart + 30ms);
  CHECK(schedule.next_deadline() < kStart + 31ms);
}

TEST_CASE("a host that is always late gets longer bursts, and short ones again", "[pacing]") {
  const auto period = PacketPeriod::of(bits(100'000'000), 1448, 1);
  Schedule schedule{kStart, period, kAdaptive};
  std::uint64_t sent = 0;
  auto run = [&, now = kStart](Duration length, Duration late) mutable {
    for (const MonoTime end = now + length; now < end;) {
      sent += schedule.take_due(now);
      now = std::max(schedule.next_deadline(), now) + late;
    }
    return now - kStart;
  };
  run(1s, 20us);
  CHECK(schedule.window().length() == 250us);
  run(2s, 500us);
  CHECK(schedule.window().length() == 1ms);
  run(2s, 2ms);
  CHECK(schedule.window().length() == 4ms);
  const Duration all = run(5s, 20us);
  CHECK(schedule.window().length() == 250us);
  CHECK(schedule.window().longest() == 4ms);
  CHECK(schedule.skipped() == 0);
  CHECK(sent + 40 >= period.count_in(all));
}

TEST_CASE("one long stop is no reason for longer bursts", "[pacing]") {
  const auto period = PacketPeriod::of(bits(100'000'000), 1448, 1);
  Schedule schedule{kStart, period, kAdaptive};
  for (MonoTime now = kStart; now < kStart + 1s; now = schedule.next_deadline() + 10us) {
    now += now > kStart + 400ms && now < kStart + 410ms ? 45ms : 0ms;
    static_cast<void>(schedule.take_due(now));
  }
  CHECK(schedule.window().longest() == 250us);
}

TEST_CASE("a window that was asked for stays", "[pacing]") {
  const auto period = PacketPeriod::of(bits(10'000'000), 1448, 1);
  Schedule schedule{kStart, period, {64, 4ms}};
  CHECK(schedule.burst() == 3);
  for (MonoTime now = kStart; now < kStart + 1s; now = schedule.next_deadline() + 20ms) {
    CHECK(schedule.take_due(now) <= 3);
  }
  CHECK(schedule.window().length() == 4ms);
  CHECK(Schedule{kStart, period, {64, 1us}}.burst() == 1);
}

TEST_CASE("what is still owed at the end is counted as given up", "[pacing]") {
  const auto period = PacketPeriod::of(bits(1'000'000'000), 1448, 1);
  Schedule schedule{kStart, period, kAdaptive};
  std::uint64_t sent = 0;
  MonoTime now = kStart;
  while (now < kStart + 980ms) {
    sent += schedule.take_due(now);
    now = schedule.next_deadline();
  }
  const std::uint64_t due = period.count_in(1s - 1ns) + 1;
  SECTION("nothing, where the last burst leaves on time") {
    while (now < kStart + 1s) {
      sent += schedule.take_due(now);
      now = schedule.next_deadline();
    }
    sent += schedule.take_last(kStart + 1s, kStart + 1s);
    CHECK(sent == due);
    CHECK(schedule.skipped() == 0);
  }
  SECTION("all but a burst, where the end is met late") {
    const std::uint64_t last = schedule.take_last(kStart + 1s, kStart + 1s + 100us);
    CHECK(last == schedule.most_at_once());
    CHECK(sent + last + schedule.skipped() == due);
  }
  SECTION("all, where it is met much later") {
    CHECK(schedule.take_last(kStart + 1s, kStart + 3s) == 0);
    CHECK(sent + schedule.skipped() == due);
  }
}

TEST_CASE("what could not be used is due again at once", "[pacing]") {
  const auto period = PacketPeriod::of(bits(100'000'000), 1448, 1);
  Schedule schedule{kStart, period, {64, 500us}};
  static_cast<void>(schedule.take_due(kStart));
  const MonoTime due = schedule.next_deadline();
  CHECK(schedule.take_due(due) == 4);
  schedule.give_back(3, Unsent::refused);
  CHECK(schedule.next_deadline() < due + schedule.window().length());
  schedule.give_back(1, Unsent::refused);
  CHECK(schedule.next_deadline() == due);
  CHECK(schedule.take_due(due + 1ms) >= 4);
  CHECK(!schedule.lateness());  // the socket's, not the host's
}

TEST_CASE("what there was no time for is due again at once, and no wake-up is late", "[pacing]") {
  const auto period = PacketPeriod::of(bits(100'000'000), 1448, 1);
  Schedule schedule{kStart, period, {64, 500us}};
  static_cast<void>(schedule.take_due(kStart));
  const MonoTime due = schedule.next_deadline();
  REQUIRE(schedule.take_due(due) == 4);
  schedule.give_back(4, Unsent::no_time);
  CHECK(schedule.next_deadline() == due);
  CHECK(schedule.take_due(due + 300us) == 4);
  CHECK(!schedule.lateness());  // nobody slept until then

  const MonoTime next = schedule.next_deadline();
  CHECK(schedule.take_due(next + 200us) > 0);
  CHECK(schedule.lateness() == 200us);
}

TEST_CASE("at a rate that no host has, only so many are due at once, for as long as it may take",
          "[pacing]") {
  constexpr std::uint64_t kMost = std::uint64_t{1} << 60U;
  const auto period = GENERATE(PacketPeriod::of(bits(kMost), 40, 1),
                               PacketPeriod::of(SendRate{SendRate::Kind::packets, kMost}, 40, 1),
                               PacketPeriod::of(bits(100'000'000'000), 64, 1));
  const auto window = GENERATE(std::optional<Duration>{}, std::optional<Duration>{50ms});
  Schedule schedule{kStart, period, {64, window}};
  CHECK(schedule.take_due(kStart) == 1);
  for (const Duration since :
       {Duration{1ms}, Duration{1s}, Duration{1h}, Duration{24h}, Duration{24h * 365}}) {
    CAPTURE(since.count());
    for (int i = 1; i <= 3; ++i) {
      const std::uint64_t n = schedule.take_due(kStart + since + i * 1ms);
      CHECK(n <= pacing::kMostAtOnce);
      CHECK(n > 10'000);
    }
  }
  CHECK(schedule.take_last(kStart + 24h * 365, kStart + 24h * 365) <= schedule.most_at_once());
}

TEST_CASE("a rate that changes all the time is kept on the whole, without a burst", "[pacing]") {
  // Every 50 ms another rate, as load adjustment does: half a megabit to a gigabit and back.
  using Rates = std::vector<std::uint64_t>;
  const auto rates = GENERATE(Rates{500'000, 10'000'000, 400'000'000, 1'000'000'000, 20'000'000},
                              Rates{500'000, 600'000}, Rates{2'000'000, 1'500'000, 3'000'000});
  const auto at = [](std::uint64_t bps) { return PacketPeriod::of(bits(bps), 1448, 1); };
  const auto burst = [&](std::uint64_t bps) { return pacing::burst_for(at(bps), 250us, 64); };
  Schedule schedule{kStart, at(rates[0]), kAdaptive};
  MonoTime now = kStart;
  double wanted = 0;
  std::uint64_t sent = 0;
  for (int turn = 0; turn < 1000; ++turn) {
    const std::uint64_t bps = rates[static_cast<std::size_t>(turn) % rates.size()];
    const MonoTime end = kStart + (turn + 1) * 50ms;
    schedule.change(at(bps), 64, now);
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

TEST_CASE("what is forgotten does not leave in place of what comes next", "[pacing]") {
  Schedule schedule{MonoTime{1s}, PacketPeriod{2'000'000'000, 1}, Schedule::Bursts{64, {}}};
  schedule.forget_before(MonoTime{1001ms});
  CHECK(schedule.next_deadline() == MonoTime{3s});
  CHECK(schedule.take_due(MonoTime{1006ms}) == 0);
  CHECK(schedule.take_due(MonoTime{3s}) == 1);
}

TEST_CASE("streams share the rate", "[pacing]") {
  const auto whole = PacketPeriod::of(bits(100'000'000), 1448, 1);
  const auto quarter = PacketPeriod::of(bits(100'000'000), 1448, 4);
  CHECK(quarter.times(1000) == 4 * whole.times(1000));
}

TEST_CASE("the last burst does not wait for datagrams that will never be due", "[pacing]") {
  // 1448 bytes at 10 Mb/s: 1158.4 us each, 43 in 50 ms. Twenty of them are due in 22.0096 ms.
  const auto period = PacketPeriod::of(bits(10'000'000), 1448, 1);
  Schedule schedule{kStart, period, {64, 50ms}};
  schedule.end_after(20);
  CHECK(schedule.take_due(kStart) == 1);
  CHECK(schedule.next_deadline() == kStart + 22'009'600ns);
  CHECK(schedule.take_due(kStart + 22'009'600ns) == 19);

  SECTION("and what was not taken of it is still to be sent") {
    schedule.give_back(9, Unsent::refused);
    CHECK(schedule.take_due(kStart + 30ms) == 9);
  }
  CHECK(schedule.take_last(kStart + 1s, kStart + 1s) == 0);
  CHECK(schedule.skipped() == 0);
}

TEST_CASE("whole bursts, then the rest, are due at the rate to the packet", "[pacing]") {
  const auto period = PacketPeriod::of(bits(1'000'000'000), 1448, 1);  // 11.584 us
  Schedule schedule{kStart, period, kAdaptive};
  schedule.end_after(100);
  std::uint64_t sent = 0;
  MonoTime now = kStart;
  while (true) {
    sent += schedule.take_due(now);
    if (sent == 100) {
      break;
    }
    now = schedule.next_deadline();
  }
  CHECK(now == kStart + period.times(99));
}
