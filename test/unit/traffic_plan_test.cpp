#include <algorithm>
#include <cmath>
#include <map>
#include <vector>

#include "support/catch.hpp"
#include "support/seeded_random.hpp"
#include "traffic/deadlines.hpp"
#include "traffic/plan.hpp"

using namespace std::chrono_literals;
using namespace udperf;
using pacing::PacketPeriod;
using traffic::Deadlines;
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

TEST_CASE("streams of one rate take turns, unless chance says when", "[traffic]") {
  TestParams params;
  params.amount.duration = 10s;
  params.streams = 4;
  params.rate_up = SendRate{SendRate::Kind::packets, 4'000'000};
  for (std::uint16_t stream = 0; stream < 4; ++stream) {
    const TrafficPlan plan{params, Way::up, stream};
    CHECK(plan.period().times(1) == 1ms);
    CHECK(plan.first_due() == stream * 250us);
  }
  params.shape_up.spacing = Spacing::poisson;
  CHECK(TrafficPlan{params, Way::up, 3}.first_due() == 0ns);
}

TEST_CASE("streams that take turns send together what their rate carries in the time",
          "[traffic]") {
  const auto sent = [](std::uint16_t streams, std::uint64_t milli_pps, Duration time) {
    TestParams params;
    params.amount.duration = time;
    params.streams = streams;
    params.rate_up = SendRate{SendRate::Kind::packets, milli_pps};
    std::uint64_t sum = 0;
    for (std::uint16_t stream = 0; stream < streams; ++stream) {
      const TrafficPlan plan{params, Way::up, stream};
      CHECK(plan.first_due() < time);  // each has its turn
      sum += plan.period().count_in(time - 1ns - plan.first_due()) + 1;
    }
    return sum;
  };
  CHECK(sent(16, 300'000, 1s) == 300);
  CHECK(sent(8, 3'000, 7s) == 21);
  CHECK(sent(7, 1'000'000, 3s) == 3000);
  CHECK(sent(64, 10'000, 5s) == 64);  // one each, where the rate would carry fewer
}

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
