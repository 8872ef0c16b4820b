#include <algorithm>
#include <vector>

#include "support/catch.hpp"
#include "support/seeded_random.hpp"
#include "traffic/shaped_schedule.hpp"

using namespace std::chrono_literals;
using namespace udperf;
using pacing::PacketPeriod;
using traffic::Deadlines;
using traffic::ShapedSchedule;

namespace {

constexpr MonoTime kStart{1000s};

Deadlines random_gaps(double pps, std::uint64_t seed) {
  TrafficShape shape;
  shape.spacing = Spacing::poisson;
  const SendRate rate{SendRate::Kind::packets, static_cast<std::uint64_t>(pps * 1000)};
  return {shape, PacketPeriod::of(rate, 100, 1), seed};
}

/// Times in the plan of what left, and when it did.
struct Departures {
  std::vector<MonoTime> left;
  std::vector<MonoTime> due;
};

/// The longest of `plan` that left in any `window`, in the plan's own time.
Duration most_in(const Departures& of, Duration window) {
  Duration most{0};
  std::size_t first = 0;
  for (std::size_t last = 0; last < of.left.size(); ++last) {
    while (of.left[last] - of.left[first] > window) {
      ++first;
    }
    most = std::max(most, of.due[last] - of.due[first]);
  }
  return most;
}

/// Wakes up as late as `late` says until `end`, on the plan as far as it was not put off.
template <typename Late>
Departures departures_of(ShapedSchedule& schedule, Deadlines truth, MonoTime end, Late late) {
  Departures out;
  for (MonoTime now = kStart; now < end;
       now = std::max(schedule.next_deadline(), now) + late(now)) {
    for (std::uint64_t n = schedule.take_due(now); n > 0; --n, truth.advance()) {
      REQUIRE(kStart + truth.due() <= now);
      out.due.push_back(kStart + truth.due());
      out.left.push_back(now);
    }
  }
  return out;
}

TrafficShape bunches(unsigned seed) {
  TrafficShape shape;
  shape.spacing = seed % 2 == 0 ? Spacing::poisson : Spacing::burst;
  shape.burst_packets = seed % 2 == 0 ? 0 : 2 + seed % 40;
  return shape;
}

}  // namespace

TEST_CASE("what a late wake-up missed follows a quarter faster, not all at once", "[traffic]") {
  for (unsigned seed = 1; seed <= 60; ++seed) {
    CAPTURE(seed);
    test::SeededRandom random{seed};
    const SendRate rate{SendRate::Kind::packets,
                        static_cast<std::uint64_t>(random.between(100, 20'000)) * 1000};
    const Deadlines plan{bunches(seed), PacketPeriod::of(rate, 100, 1), seed};
    ShapedSchedule schedule{kStart, plan};
    MonoTime next_stop = kStart;
    const auto late = [&](MonoTime now) {
      if (now >= next_stop) {  // a long one, when the one before it is made good for
        next_stop = now + 300ms;
        return Duration{random.between(0, 45'000'000)};
      }
      return Duration{random.between(0, 60'000)};
    };

    const Departures out = departures_of(schedule, plan, kStart + 4s, late);

    REQUIRE(out.left.size() > 10);
    CHECK(schedule.skipped() == 0);
    constexpr Duration kWindow = pacing::BurstWindow::kSteps.back();
    for (const Duration time : {Duration{0}, Duration{10ms}, Duration{100ms}}) {
      CAPTURE(time.count());
      CHECK(most_in(out, time) <= time + time / 4 + kWindow);
    }
  }
}

TEST_CASE("a shaped schedule keeps its mean on a host that is late by milliseconds", "[traffic]") {
  for (unsigned seed = 1; seed <= 20; ++seed) {
    CAPTURE(seed);
    test::SeededRandom random{seed};
    const Deadlines plan{bunches(seed),
                         PacketPeriod::of({SendRate::Kind::packets, 5'000'000}, 100, 1), seed};
    ShapedSchedule schedule{kStart, plan};
    const auto late = [&random](MonoTime /*now*/) {
      return Duration{random.between(0, 4'000'000)};
    };

    const Departures out = departures_of(schedule, plan, kStart + 4s, late);

    CHECK(schedule.skipped() == 0);
    CHECK(kStart + 4s - out.due.back() < 60ms);
  }
}

TEST_CASE("what a socket refused is due again at once, and is no more than it was", "[traffic]") {
  for (unsigned seed = 1; seed <= 100; ++seed) {
    CAPTURE(seed);
    test::SeededRandom random{seed};
    ShapedSchedule schedule{kStart,
                            random_gaps(static_cast<double>(random.between(10, 20'000)), seed)};
    MonoTime now = kStart;
    for (int i = 0; i < 300; ++i) {
      const std::uint64_t n = schedule.take_due(now);
      if (n > 0 && random.chance(0.3)) {
        schedule.give_back(1, pacing::Unsent::refused);
        REQUIRE(schedule.next_deadline() <= now);
        REQUIRE(schedule.take_due(now) >= 1);
        REQUIRE_FALSE(schedule.lateness());
      }
      now = std::max(schedule.next_deadline(), now) + Duration{random.between(0, 1'000'000)};
    }
    CHECK(schedule.skipped() == 0);
  }
}

TEST_CASE("a shaped schedule hands out only so many at once, and forgets none", "[traffic]") {
  constexpr double kPps = 40e6;
  const Deadlines plan = random_gaps(kPps, 3);
  Deadlines truth = plan;
  const auto due_by = [&truth](MonoTime time) {
    while (kStart + truth.due() <= time) {
      truth.advance();
    }
    return truth.next();
  };
  ShapedSchedule schedule{kStart, plan};
  MonoTime now = kStart + 2ms;
  const std::uint64_t due = due_by(now);
  SECTION("what is left is due at the next look") {
    std::uint64_t sent = 0;
    for (int i = 0; i < 100 && schedule.next_deadline() <= now + 100us; ++i) {
      now = std::max(now, schedule.next_deadline());
      const std::uint64_t n = schedule.take_due(now);
      REQUIRE(n <= pacing::kMostAtOnce);
      sent += n;
      if (sent >= due) {
        break;
      }
    }
    CHECK(sent >= due);
    CHECK(sent <= due_by(now));
    CHECK(schedule.skipped() == 0);
  }
  SECTION("what there was no time for is no late wake-up's") {
    const std::uint64_t n = schedule.take_due(now);
    schedule.give_back(n - 10, pacing::Unsent::no_time);
    CHECK(schedule.next_deadline() <= now);
    CHECK(schedule.take_due(now + 1ms) <= pacing::kMostAtOnce);
    CHECK(!schedule.lateness());
  }
  SECTION("what is left at the end is skipped") {
    const std::uint64_t last = schedule.take_last(now, now + 1us);
    CHECK(last == Approx(kPps * 250e-6).epsilon(0.05));  // a window's worth
    CHECK(static_cast<double>(last + schedule.skipped()) ==
          Approx(static_cast<double>(due)).epsilon(0.02));
  }
}

TEST_CASE("after a stop the plan goes on where it stood, without a flood", "[traffic]") {
  ShapedSchedule schedule{kStart, random_gaps(1000, 5)};
  std::uint64_t sent = schedule.take_due(kStart);
  const MonoTime after = kStart + 2s;
  const std::uint64_t burst = schedule.take_due(after);
  CHECK(burst < 15);  // what a window has, by chance
  CHECK(burst >= 1);
  CHECK(schedule.skipped() >= 1940);
  CHECK(schedule.skipped() <= 1960);
  sent += burst;
  for (MonoTime now = after; now < after + 1s; now = schedule.next_deadline()) {
    sent += schedule.take_due(now);
  }
  sent += schedule.take_last(after + 1s, after + 1s);
  CHECK(sent > 900);
  CHECK(sent < 1200);
}
