#include <algorithm>
#include <cmath>
#include <map>
#include <vector>

#include "support/catch.hpp"
#include "support/seeded_random.hpp"
#include "traffic/plan.hpp"
#include "traffic/shaped_schedule.hpp"

using namespace std::chrono_literals;
using namespace udperf;
using pacing::PacketPeriod;
using traffic::Deadlines;
using traffic::ShapedSchedule;
using traffic::TrafficPlan;

namespace {

constexpr MonoTime kStart{1000s};

TestParams imix() {
  TestParams params;
  params.amount.duration = 10s;
  params.payload_bytes = 1472;
  params.shape_up.sizes = {{{64, 7}, {548, 4}, {1472, 1}}};
  params.seed = 1;
  return params;
}

Deadlines poisson(double pps, std::uint64_t seed) {
  TrafficShape shape;
  shape.spacing = Spacing::poisson;
  const SendRate rate{SendRate::Kind::packets, static_cast<std::uint64_t>(pps * 1000)};
  return {shape, PacketPeriod::of(rate, 100, 1), seed};
}

std::vector<double> gaps_of(Deadlines deadlines, std::size_t count) {
  std::vector<double> gaps;
  for (Duration before = deadlines.due(); gaps.size() < count; before = deadlines.due()) {
    deadlines.advance();
    gaps.push_back(static_cast<double>((deadlines.due() - before).count()));
  }
  return gaps;
}

/// The largest distance of the values from an exponential distribution (Kolmogorov and Smirnov).
double distance_from_exponential(std::vector<double> values, double mean) {
  std::sort(values.begin(), values.end());
  const auto n = static_cast<double>(values.size());
  double most = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const double expected = 1 - std::exp(-values[i] / mean);
    most = std::max(
        {most, expected - static_cast<double>(i) / n, static_cast<double>(i + 1) / n - expected});
  }
  return most;
}

}  // namespace

TEST_CASE("Poisson gaps are exponential, by Kolmogorov and Smirnov", "[traffic]") {
  constexpr std::size_t kGaps = 10'000;
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    const auto gaps = gaps_of(poisson(1000, seed), kGaps);
    CAPTURE(seed);
    // Of a thousand times twenty truly exponential samples, one has one that is further off.
    CHECK(distance_from_exponential(gaps, 1e6) < 2.30 / std::sqrt(static_cast<double>(kGaps)));
    // Neighbours have nothing to do with each other.
    double product = 0;
    for (std::size_t i = 1; i < gaps.size(); ++i) {
      product += (gaps[i] / 1e6 - 1) * (gaps[i - 1] / 1e6 - 1);
    }
    CHECK(std::abs(product / static_cast<double>(kGaps)) < 0.05);
  }
  CHECK(gaps_of(poisson(1000, 1), 100) == gaps_of(poisson(1000, 1), 100));
  CHECK(gaps_of(poisson(1000, 1), 100) != gaps_of(poisson(1000, 2), 100));
}

TEST_CASE("bursts leave together and keep the mean", "[traffic]") {
  TrafficShape shape;
  shape.spacing = Spacing::burst;
  shape.burst_packets = 7;
  Deadlines deadlines{shape, PacketPeriod::of({SendRate::Kind::packets, 1'000'000}, 100, 1), 1};
  for (std::int64_t k = 0; k < 1000; ++k) {
    REQUIRE(deadlines.due() == (k / 7) * 7ms);
    deadlines.advance();
  }
}

TEST_CASE("a mix has every weight's worth of each length in each turn", "[traffic]") {
  const auto plan = PacketPlan::for_stream(imix(), Way::up, 0);
  std::map<std::uint32_t, std::uint64_t> seen;
  constexpr std::uint64_t kTurn = 12 * (1024 / 12);
  for (std::uint64_t k = 0; k < kTurn; ++k) {
    ++seen[plan.length(k)];
  }
  CHECK(seen == std::map<std::uint32_t, std::uint64_t>{
                    {64, kTurn * 7 / 12}, {548, kTurn * 4 / 12}, {1472, kTurn / 12}});
  const MeanLength mean = imix().mean_length(Way::up);
  CHECK(mean.bytes * 12 == mean.packets * (7 * 64 + 4 * 548 + 1472));
  CHECK(plan.bytes_of_first(kTurn) * mean.packets == kTurn * mean.bytes);
}

TEST_CASE("lengths are the same at both ends, and another for each stream", "[traffic]") {
  const auto lengths = [](const PacketPlan& plan) {
    std::vector<std::uint32_t> out;
    for (std::uint64_t k = 0; k < 1000; ++k) {
      out.push_back(plan.length(k));
    }
    return out;
  };
  TestParams params = imix();
  params.streams = 3;
  params.shape_down = params.shape_up;
  params.direction = Direction::both;
  const auto first = lengths(PacketPlan::for_stream(params, Way::up, 0));
  CHECK(first == lengths(PacketPlan::for_stream(params, Way::up, 0)));
  CHECK(first != lengths(PacketPlan::for_stream(params, Way::up, 1)));
  CHECK(first != lengths(PacketPlan::for_stream(params, Way::down, 0)));
  params.seed = 2;
  CHECK(first != lengths(PacketPlan::for_stream(params, Way::up, 0)));
  // Both ends may be of different versions: the order is part of the protocol.
  params.seed = 7;
  const auto seventh = lengths(PacketPlan::for_stream(params, Way::up, 0));
  const std::vector<std::uint32_t> head{seventh.begin(), seventh.begin() + 16};
  CHECK(head == std::vector<std::uint32_t>{64, 548, 1472, 548, 64, 64, 64, 64, 64, 64, 64, 64, 64,
                                           548, 548, 1472});
}

TEST_CASE("sums and runs of a mix are those of its lengths", "[traffic]") {
  for (unsigned seed = 1; seed <= 200; ++seed) {
    CAPTURE(seed);
    test::SeededRandom random{seed};
    TestParams params;
    params.amount.duration = 1s;
    params.payload_bytes = kMaxPayloadBytes;
    params.seed = seed;
    const auto kinds = static_cast<std::size_t>(random.between(1, kMostSizes));
    for (std::size_t i = 0; i < kinds; ++i) {
      params.shape_up.sizes.at(i) = {static_cast<std::uint16_t>(random.between(40, 65507)),
                                     static_cast<std::uint16_t>(random.between(1, 512))};
    }
    REQUIRE_FALSE(check_params(params));
    const auto plan = PacketPlan::for_stream(params, Way::up, 0);
    std::uint64_t sum = 0;
    for (std::uint64_t k = 0; k < 5000; ++k) {
      REQUIRE(plan.bytes_of_first(k) == sum);
      const auto most = static_cast<std::uint64_t>(random.between(1, 20));
      const std::uint64_t run = plan.run_at(k, most);
      REQUIRE(run >= 1);
      REQUIRE(run <= most);
      REQUIRE(plan.length(k + run - 1) == plan.length(k));
      REQUIRE((run == most || plan.length(k + run) != plan.length(k)));
      REQUIRE(plan.bytes_of(k, run) == run * plan.length(k));
      sum += plan.length(k);
    }
    // Far out, too.
    const std::uint64_t far = std::uint64_t{1} << 40U;
    REQUIRE(plan.bytes_of(far, 1) == plan.length(far));
  }
}

TEST_CASE("a mix of a given size is cut to the byte", "[traffic]") {
  unsigned cut = 0;
  for (unsigned seed = 1; seed <= 2000; ++seed) {
    CAPTURE(seed);
    test::SeededRandom random{seed};
    TestParams params;
    params.amount.size_bytes = static_cast<std::uint64_t>(random.between(40, 200'000));
    params.seed = seed;
    const auto kinds = static_cast<std::size_t>(random.between(1, 4));
    for (std::size_t i = 0; i < kinds; ++i) {
      params.shape_up.sizes.at(i) = {
          static_cast<std::uint16_t>(40 + random.between(0, random.chance(0.5) ? 9 : 1400)),
          static_cast<std::uint16_t>(random.between(1, 9))};
    }
    params.payload_bytes = largest_of(params.shape_up);
    if (check_params(params)) {
      continue;
    }
    ++cut;
    TestParams endless = params;
    endless.amount = {0, 0, 1s};
    const auto plan = PacketPlan::for_stream(params, Way::up, 0);
    const auto whole = PacketPlan::for_stream(endless, Way::up, 0);
    std::uint64_t sum = 0;
    for (std::uint64_t k = 0; k < plan.packets(); ++k) {
      REQUIRE(plan.length(k) >= kDataHeaderBytes);
      REQUIRE((k >= plan.first_short() || plan.length(k) == whole.length(k)));
      REQUIRE(plan.bytes_of_first(k) == sum);
      sum += plan.length(k);
    }
    REQUIRE(sum == params.amount.size_bytes);
    // With one sharer less, one of them would be too small.
    const std::uint64_t sharers = plan.packets() - plan.first_short();
    if (sharers > 1) {
      const std::uint64_t before = whole.bytes_of_first(plan.first_short() + 1);
      REQUIRE((sum - before) / (sharers - 1) < kDataHeaderBytes);
    }
  }
  CHECK(cut > 1500);
}

namespace {

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
    ShapedSchedule schedule{kStart, poisson(static_cast<double>(random.between(10, 20'000)), seed)};
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
  const Deadlines plan = poisson(kPps, 3);
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
  SECTION("what there was no time for is late, and none of the socket's doing") {
    const std::uint64_t n = schedule.take_due(now);
    schedule.give_back(n - 10, pacing::Unsent::no_time);
    CHECK(schedule.next_deadline() <= now);
    CHECK(schedule.take_due(now + 1ms) <= pacing::kMostAtOnce);
    CHECK(schedule.lateness() == 1ms);
  }
  SECTION("what is left at the end is skipped") {
    const std::uint64_t last = schedule.take_last(now, now + 1us);
    CHECK(last == Approx(kPps * 250e-6).epsilon(0.05));  // a window's worth
    CHECK(static_cast<double>(last + schedule.skipped()) ==
          Approx(static_cast<double>(due)).epsilon(0.02));
  }
}

TEST_CASE("after a stop the plan goes on where it stood, without a flood", "[traffic]") {
  ShapedSchedule schedule{kStart, poisson(1000, 5)};
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
