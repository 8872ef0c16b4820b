#include <array>

#include "model/forever.hpp"
#include "session/admission.hpp"
#include "session/refusal.hpp"
#include "support/catch.hpp"

using namespace std::chrono_literals;
using namespace udperf;
using session::admit;
using session::Occupancy;
using session::Policy;
using wire::RejectReason;

namespace {

TestParams ten_seconds() {
  TestParams params;
  params.amount.duration = 10s;
  return params;
}

std::optional<RejectReason> refusal(const TestParams& params, const Policy& policy,
                                    const Occupancy& now) {
  const auto decision = admit(params, policy, now);
  const auto* reject = std::get_if<wire::Reject>(&decision);
  return reject == nullptr ? std::nullopt : std::optional{reject->reason};
}

}  // namespace

TEST_CASE("a test without end is given the longest that the policy allows", "[session]") {
  TestParams forever;
  forever.amount.duration = kForever;
  CHECK(std::get<TestParams>(admit(forever, Policy{}, Occupancy{})).amount.duration == kForever);
  Policy policy;
  policy.max_duration = 9s;
  CHECK(std::get<TestParams>(admit(forever, policy, Occupancy{})).amount.duration == 9s);
  forever.omit = 2s;  // a part of what it may take
  CHECK(std::get<TestParams>(admit(forever, policy, Occupancy{})).amount.duration == 7s);
  forever.omit = 9s;
  CHECK(refusal(forever, policy, Occupancy{}) == RejectReason::duration);
  forever.omit = 0s;
  forever.amount.duration = kForever - 1ns;  // a wish, and too long
  CHECK(refusal(forever, policy, Occupancy{}) == RejectReason::duration);
}

TEST_CASE("who has too many is told when one of its own ends, others when any does", "[session]") {
  Occupancy now;
  now.sessions = 8;
  now.sessions_of_address = 8;
  now.soonest_end_ms = 1000;
  now.soonest_end_of_address_ms = 60'000;
  Policy policy;
  const auto told = [&](const Occupancy& taken) {
    const auto decision = admit(ten_seconds(), policy, taken);
    return std::get<wire::Reject>(decision).retry_after_ms;
  };
  policy.max_sessions_per_address = 8;
  CHECK(told(now) == 60'000);
  policy.max_sessions = 8;
  CHECK(told(now) == 1000);
  Occupancy other;
  other.soonest_end_ms = 500;
  other.soonest_end_of_address_ms = 0;  // it has none there
  policy.max_sessions = 64;
  CHECK(told(together(now, other)) == 60'000);
  other.soonest_end_of_address_ms = 7000;
  CHECK(told(together(now, other)) == 7000);
}

TEST_CASE("each limit refuses with its own reason", "[session]") {
  Occupancy now;
  now.sessions = 2;
  now.sessions_of_address = 2;
  Policy policy;
  CHECK_FALSE(refusal(ten_seconds(), policy, now));
  policy.max_sessions = 2;
  CHECK(refusal(ten_seconds(), policy, now) == RejectReason::busy);
  policy = {};
  policy.max_sessions_per_address = 2;
  CHECK(refusal(ten_seconds(), policy, now) == RejectReason::too_many_from_you);
  policy = {};
  policy.exclusive = true;
  CHECK(refusal(ten_seconds(), policy, now) == RejectReason::exclusive);
  policy = {};
  policy.max_duration = 9s;
  CHECK(refusal(ten_seconds(), policy, now) == RejectReason::duration);
  policy.max_duration = 10s;
  CHECK_FALSE(refusal(ten_seconds(), policy, now));
}

TEST_CASE("a rate is granted from what is left of the budget", "[session]") {
  Policy policy;
  policy.max_rate = BitRate::bits_per_second(100'000'000);
  Occupancy now;
  now.granted_bps = 70'000'000;
  TestParams params = ten_seconds();
  const auto rate_of = [&](Way way) {
    return std::get<TestParams>(admit(params, policy, now)).rate(way).value;
  };

  CHECK(rate_of(Way::up) == 30'000'000);  // unlimited: all of it
  params.rate_up = SendRate{SendRate::Kind::bits, 20'000'000};
  CHECK(rate_of(Way::up) == 20'000'000);
  params.direction = Direction::both;
  CHECK(rate_of(Way::up) == 15'000'000);
  CHECK(rate_of(Way::down) == 15'000'000);
  now.granted_bps = 100'000'000;
  CHECK(refusal(params, policy, now) == RejectReason::rate);
}

TEST_CASE("light tests have a tenth of the budget beside full ones", "[session]") {
  Policy policy;
  policy.max_rate = BitRate::bits_per_second(100'000'000);
  Occupancy now;
  now.granted_bps = 100'000'000;
  TestParams light = ten_seconds();
  light.payload_bytes = 1000;
  light.rate_up = SendRate{SendRate::Kind::bits, 600'000};
  TestParams full = light;
  full.rate_up.value = 1'100'000;
  const auto rate_of = [&](const TestParams& params) {
    return std::get<TestParams>(admit(params, policy, now)).rate_up.value;
  };

  CHECK(refusal(full, policy, now) == RejectReason::rate);
  CHECK(rate_of(light) == 600'000);
  now.light_granted_bps = 9'500'000;
  now.granted_bps += now.light_granted_bps;
  CHECK(rate_of(light) == 500'000);
  now.light_granted_bps = 9'999'000;  // less than a datagram a second is left
  CHECK(refusal(light, policy, now) == RejectReason::rate);
  now.granted_bps = 20'000'000;  // more than a tenth where nobody else wants it
  now.light_granted_bps = 20'000'000;
  CHECK(rate_of(light) == 600'000);
  now.granted_bps = 100'000'000;
  now.light_granted_bps = 0;
  policy.counts_light_apart = false;
  CHECK(refusal(light, policy, now) == RejectReason::rate);
}

TEST_CASE("a rate that is adjusted stays so within the budget", "[session]") {
  Policy policy;
  policy.max_rate = BitRate::bits_per_second(100'000'000);
  TestParams params = ten_seconds();
  params.rate_up = SendRate{SendRate::Kind::adjusted, 1'000'000'000'000};
  const auto granted = std::get<TestParams>(admit(params, policy, Occupancy{})).rate_up;
  CHECK(granted == SendRate{SendRate::Kind::adjusted, 100'000'000});
}

TEST_CASE("packets per second count against the budget as bits", "[session]") {
  TestParams params = ten_seconds();
  params.payload_bytes = 1000;
  params.rate_up = SendRate{SendRate::Kind::packets, 500'000};  // 500 a second
  CHECK(session::offered_bps(params) == 4'000'000);
}

TEST_CASE("a burst counts against the budget as if it were spread over a second", "[session]") {
  TestParams params = ten_seconds();
  params.direction = Direction::down;
  params.payload_bytes = 1000;
  params.rate_down = SendRate{SendRate::Kind::bits, 1'000'000};
  params.shape_down.spacing = Spacing::burst;
  params.shape_down.burst_packets = 100;
  CHECK(session::charged_bps(params) == 1'000'000);  // 800 kbit at once are in its rate
  params.shape_down.burst_packets = 60'000;
  CHECK(session::charged_bps(params) == 480'000'000);
  CHECK(session::charged_bps(params, Way::up) == 0);  // does not run

  Policy policy;
  policy.max_rate = BitRate::bits_per_second(10'000'000);
  CHECK(refusal(params, policy, Occupancy{}) == RejectReason::parameters);
  CHECK_FALSE(refusal(params, Policy{}, Occupancy{}));
  params.shape_down.burst_packets = 1250;
  CHECK_FALSE(refusal(params, policy, Occupancy{}));
  Occupancy half;
  half.granted_bps = 5'000'000;
  CHECK(refusal(params, policy, half) == RejectReason::rate);
}

TEST_CASE("what never fits into the budget is not told to come again", "[session]") {
  TestParams params = ten_seconds();
  params.payload_bytes = 1000;
  Policy policy;
  policy.max_rate = BitRate::bits_per_second(10'000'000);
  std::uint64_t limit = 10'000'000;
  SECTION("a burst") {
    params.rate_up = SendRate{SendRate::Kind::bits, 1'000'000};
    params.shape_up.spacing = Spacing::burst;
    params.shape_up.burst_packets = 1251;
  }
  SECTION("a burst of either way") {
    params.direction = Direction::both;
    params.rate_up = SendRate{SendRate::Kind::bits, 1'000'000};
    params.rate_down = params.rate_up;
    params.shape_down.spacing = Spacing::burst;
    params.shape_down.burst_packets = 626;
    limit = 5'000'000;
  }
  SECTION("a datagram") {
    policy.max_rate = BitRate::bits_per_second(7999);
    limit = 7999;
  }
  for (const std::uint64_t taken : {0U, 9'000'000U}) {
    Occupancy now;
    now.granted_bps = taken;
    const auto decision = admit(params, policy, now);
    const auto* const reject = std::get_if<wire::Reject>(&decision);
    REQUIRE(reject != nullptr);
    CHECK(reject->reason == RejectReason::parameters);
    CHECK(reject->retry_after_ms == 0);
    CHECK(reject->limit == limit);
    CHECK(session::obstacle_of(reject->reason) == session::Obstacle::denied);
    CHECK_THAT(session::describe(*reject), Catch::Matchers::ContainsSubstring("make it smaller"));
  }
}

TEST_CASE("frames get the rate at which the largest fits into the budget", "[session]") {
  TestParams params = ten_seconds();
  params.direction = Direction::down;
  params.payload_bytes = 1472;
  params.shape_down.spacing = Spacing::frames;
  params.shape_down.frames.per_1000_s = 100;  // one in 10 s: ten seconds' worth at once
  params.rate_down = SendRate{SendRate::Kind::bits, 10'000'000};
  CHECK(session::charged_bps(params) >= 100'000'000);

  Policy policy;
  policy.max_rate = BitRate::bits_per_second(10'000'000);
  const auto granted = admit(params, policy, Occupancy{});
  REQUIRE(std::get_if<TestParams>(&granted) != nullptr);
  const auto& got = std::get<TestParams>(granted);
  CHECK(got.rate_down.value < 1'000'000);
  CHECK(got.rate_down.value > 900'000);
  CHECK(session::charged_bps(got) <= 10'000'000);

  // Frames below a header are filled up: they take more than their rate.
  params.header = HeaderKind::compact;
  params.payload_bytes = 1000;
  params.shape_down.frames = {100'000'000, 20'000, 0, 0};
  params.rate_down = SendRate{SendRate::Kind::bits, 20'000'000};
  CHECK(session::charged_bps(params) > 20'000'000);
}

TEST_CASE("no shape takes more of the budget than there is", "[session][property]") {
  Policy policy;
  policy.max_rate = BitRate::bits_per_second(10'000'000);
  for (const std::uint32_t frames : {1U, 100U, 30'000U, 10'000'000U, 100'000'000U}) {
    for (const std::uint16_t sigma : std::array<std::uint16_t, 3>{0, 5000, 20'000}) {
      for (const std::uint16_t key : std::array<std::uint16_t, 4>{0, 2, 60, 1000}) {
        for (const std::uint16_t streams : std::array<std::uint16_t, 2>{1, 3}) {
          CAPTURE(frames, sigma, key, streams);
          TestParams params = ten_seconds();
          params.direction = Direction::down;
          params.streams = streams;
          params.payload_bytes = 1472;
          params.shape_down.spacing = Spacing::frames;
          params.shape_down.frames = {frames, sigma, key,
                                      static_cast<std::uint16_t>(key != 0 ? 100 : 0)};
          params.rate_down = SendRate{SendRate::Kind::bits, 100'000'000};
          if (check_params(params)) {
            continue;
          }
          const auto granted = admit(params, policy, Occupancy{});
          if (const auto* got = std::get_if<TestParams>(&granted)) {
            CHECK(session::charged_bps(*got) <= 10'000'000);
            CHECK_FALSE(check_params(*got));
          }
        }
      }
    }
  }
}
