#include "model/forever.hpp"
#include "session/admission.hpp"
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
  forever.amount.duration = kForever - 1ns;  // a wish, and too long
  CHECK(refusal(forever, policy, Occupancy{}) == RejectReason::duration);
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
