// Whatever a peer asks for, over the whole range of every field: what is granted stays within the
// limits, and no figure about it wraps.

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <random>

#include "base/saturating.hpp"
#include "model/packet_plan.hpp"
#include "pacing/schedule.hpp"
#include "session/admission.hpp"
#include "session/light.hpp"
#include "support/catch.hpp"

using namespace std::chrono_literals;
using namespace udperf;

namespace {

/// Numbers of every magnitude, powers of two and their neighbours among them.
class Values {
 public:
  explicit Values(std::uint64_t seed) : engine_(seed) {}

  std::uint64_t any(std::uint64_t most) {
    constexpr std::uint64_t kFew = 4096;
    if (most < kFew) {
      return engine_() % (most + 1);
    }
    const auto most_bits = static_cast<unsigned>(std::bit_width(most)) - 1;
    const auto bits = std::uniform_int_distribution<unsigned>{0, most_bits}(engine_);
    const std::uint64_t power = std::uint64_t{1} << bits;
    const std::uint64_t value = engine_() % 3 == 0 ? power + engine_() % 3 - 1 : engine_() % power;
    return engine_() % 16 == 0 ? most : std::min(value, most);
  }
  std::uint64_t between(std::uint64_t low, std::uint64_t high) { return low + any(high - low); }

 private:
  std::mt19937_64 engine_;
};

constexpr std::uint64_t kMost = std::uint64_t{1} << 60U;

SendRate any_rate(Values& values) {
  const auto kind = static_cast<SendRate::Kind>(values.between(0, 3));
  return {kind, kind == SendRate::Kind::unlimited ? 0 : values.between(1, kMost)};
}

TestParams any_params(Values& values) {
  TestParams params;
  params.direction = static_cast<Direction>(values.between(1, 3));
  params.streams = static_cast<std::uint16_t>(values.between(1, kMaxStreams));
  params.payload_bytes =
      static_cast<std::uint32_t>(values.between(kDataHeaderBytes, kMaxPayloadBytes));
  switch (values.between(0, 2)) {
    case 0:
      params.amount.size_bytes = values.between(1, kMost);
      break;
    case 1:
      params.amount.packets = values.between(1, kMost);
      break;
    default:
      params.amount.duration = Duration{static_cast<std::int64_t>(
          values.between(1, std::uint64_t{366} * 24 * 3600 * 1'000'000'000))};
  }
  params.rate_up = any_rate(values);
  params.rate_down = any_rate(values);
  return params;
}

TrafficShape any_shape(Values& values) {
  TrafficShape shape;
  shape.spacing = static_cast<Spacing>(values.between(0, 3));
  shape.burst_packets = shape.spacing == Spacing::burst
                            ? static_cast<std::uint32_t>(values.between(2, kMostBurstPackets))
                            : 0;
  if (shape.spacing == Spacing::frames) {
    shape.frames.per_1000_s = static_cast<std::uint32_t>(values.between(1, kMostFrames));
  } else if (values.any(1) == 1) {
    const auto sizes = values.between(1, kMostSizes);
    for (std::size_t i = 0; i < sizes; ++i) {
      shape.sizes[i].bytes = static_cast<std::uint16_t>(values.between(18, kMaxPayloadBytes));
      shape.sizes[i].weight = static_cast<std::uint16_t>(values.between(1, 400));
    }
  }
  return shape;
}

/// Payload bits a second of one way, worked out in floating point.
long double bits_of(const SendRate& rate, const TestParams& params) {
  const auto value = static_cast<long double>(rate.value);
  return rate.kind == SendRate::Kind::packets ? value * params.payload_bytes * 8 / 1000 : value;
}

long double bits_of(const TestParams& params) {
  long double sum = 0;
  for (const Way way : {Way::up, Way::down}) {
    sum += includes(params.direction, way) ? bits_of(params.rate(way), params) : 0;
  }
  return sum;
}

bool limited(const TestParams& params) {
  return (!includes(params.direction, Way::up) || params.rate_up.limited()) &&
         (!includes(params.direction, Way::down) || params.rate_down.limited());
}

}  // namespace

TEST_CASE("what is granted never exceeds what is left, whatever is asked", "[session]") {
  Values values{20261128};
  int granted_tests = 0;
  for (int i = 0; i < 40'000; ++i) {
    const TestParams asked = any_params(values);
    if (check_params(asked)) {
      continue;
    }
    session::Policy policy;
    policy.max_rate = BitRate::bits_per_second(values.between(1, kMost));
    policy.max_duration = Duration{static_cast<std::int64_t>(values.between(1, kMost))};
    session::Occupancy now;
    now.granted_bps = values.any(UINT64_MAX);
    now.light_granted_bps = values.any(now.granted_bps);
    const auto decision = session::admit(asked, policy, now);
    const auto* granted = std::get_if<TestParams>(&decision);
    if (granted == nullptr) {
      continue;
    }
    ++granted_tests;
    CAPTURE(i, policy.max_rate->bps(), now.granted_bps, asked.payload_bytes);
    REQUIRE_FALSE(check_params(*granted));
    REQUIRE(limited(*granted));
    const auto budget = static_cast<long double>(policy.max_rate->bps());
    long double left = budget - static_cast<long double>(now.granted_bps);
    if (session::is_light(asked)) {
      left = std::max(left, budget / 10 - static_cast<long double>(now.light_granted_bps));
    }
    REQUIRE(bits_of(*granted) <= left * 1.000001L + 1);
    const auto takes = session::granted_time(*granted);
    REQUIRE((!takes || *takes <= *policy.max_duration));
  }
  CHECK(granted_tests > 1000);
}

TEST_CASE("GO, which may make datagrams smaller, makes no rate higher, whatever the traffic",
          "[session]") {
  Values values{20261129};
  std::array<int, 4> seen{};
  int mixed = 0;
  for (int i = 0; i < 400'000; ++i) {
    TestParams granted = any_params(values);
    granted.rate_up.value = values.between(1, 10'000'000);
    granted.rate_down.value = values.between(1, 10'000'000);
    granted.shape_up = any_shape(values);
    granted.shape_down = any_shape(values);
    granted.header = values.any(1) == 1 ? HeaderKind::compact : HeaderKind::full;
    if (!limited(granted) || check_params(granted)) {
      continue;
    }
    TestParams final_params = granted;
    final_params.payload_bytes = static_cast<std::uint32_t>(
        values.between(header_bytes(granted.header), granted.payload_bytes));
    if (check_params(final_params)) {
      continue;  // as a server refuses it
    }
    CAPTURE(i, granted.payload_bytes, final_params.payload_bytes);
    REQUIRE(session::offered_bps(final_params) <= session::offered_bps(granted));
    ++seen.at(static_cast<std::size_t>(granted.shape_down.spacing));
    mixed += granted.shape_down.mixed() ? 1 : 0;
  }
  CAPTURE(seen, mixed);
  CHECK(std::all_of(seen.begin(), seen.end(), [](int n) { return n > 50; }));
  CHECK(mixed > 50);
}

TEST_CASE("a rate that no 64 bits hold counts as the largest, not as a small one", "[session]") {
  TestParams params;
  params.payload_bytes = 65507;
  params.amount.duration = 10s;
  params.rate_up = SendRate{SendRate::Kind::packets, 35'199'948'237'801'000};
  CHECK(session::offered_bps(params) > 18'000'000'000'000'000'000ULL);
  params.rate_up.value += 1'000'000;
  CHECK(session::offered_bps(params) == UINT64_MAX);
  session::Policy policy;
  policy.max_rate = BitRate::bits_per_second(10'000'000);
  const auto granted = std::get<TestParams>(session::admit(params, policy, {}));
  CHECK(granted.rate_up == SendRate{SendRate::Kind::bits, 10'000'000});
}

TEST_CASE("how long a test lasts is right or the longest, never negative", "[model]") {
  Values values{7};
  int known = 0;
  for (int i = 0; i < 40'000; ++i) {
    const TestParams params = any_params(values);
    if (check_params(params)) {
      continue;
    }
    const auto takes = expected_duration(params, Way::up);
    if (!takes || params.amount.duration != Duration{0}) {
      continue;
    }
    ++known;
    CAPTURE(i, params.rate_up.value, params.payload_bytes, params.amount.size_bytes,
            params.amount.packets);
    const auto payload = static_cast<long double>(params.payload_bytes);
    const auto amount = static_cast<long double>(
        params.amount.packets != 0 ? params.amount.packets : params.amount.size_bytes);
    const long double bits = params.amount.packets != 0 ? amount * payload * 8 : amount * 8;
    const long double seconds = bits / bits_of(params.rate_up, params);
    constexpr long double kLongest = 9223372036.8L;                           // seconds in 2^63 ns
    const long double slack = payload * 8 / bits_of(params.rate_up, params);  // of one datagram
    const auto told = static_cast<long double>(takes->count()) / 1e9L;
    REQUIRE(told >= std::min(seconds, kLongest) * 0.999999L - 1e-9L);
    REQUIRE(told <= std::min(seconds + slack, kLongest) * 1.000001L + 2e-9L);
  }
  CHECK(known > 1000);
}

TEST_CASE("a schedule never goes backwards, at any rate and after any stall", "[pacing]") {
  Values values{11};
  for (int i = 0; i < 4000; ++i) {
    const TestParams params = any_params(values);
    const SendRate rate =
        params.rate_up.limited() ? params.rate_up : SendRate{SendRate::Kind::bits, 1};
    const auto period = pacing::PacketPeriod::of(rate, params.payload_bytes, params.streams);
    const MonoTime start{Duration{static_cast<std::int64_t>(values.any(kMost))}};
    pacing::Schedule schedule{start, period, pacing::Schedule::Bursts{64, std::nullopt}};
    MonoTime now = start;
    MonoTime before = start;
    for (int step = 0; step < 8; ++step) {
      CAPTURE(i, step, rate.value, params.payload_bytes, params.streams);
      static_cast<void>(schedule.take_due(now));
      REQUIRE(schedule.next_deadline() >= std::min(before, now));
      before = schedule.next_deadline();
      now += Duration{static_cast<std::int64_t>(values.any(kMost / 64))};
    }
  }
}

TEST_CASE("bytes of any number of datagrams of a stream do not wrap", "[model]") {
  Values values{13};
  for (int i = 0; i < 4000; ++i) {
    TestParams params;
    params.payload_bytes =
        static_cast<std::uint32_t>(values.between(kDataHeaderBytes, kMaxPayloadBytes));
    params.amount.duration = 1s;
    const auto plan = PacketPlan::for_stream(params, Way::up, 0);
    const std::uint64_t count = values.any(UINT64_MAX);
    CAPTURE(count, params.payload_bytes);
    const long double exact = static_cast<long double>(count) * params.payload_bytes;
    const long double most = 18446744073709551615.0L;
    REQUIRE(std::abs(static_cast<long double>(plan.bytes_of_first(count)) -
                     std::min(exact, most)) <= exact * 1e-15L);
  }
}
