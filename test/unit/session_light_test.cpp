#include "session/admission.hpp"
#include "session/light.hpp"
#include "support/catch.hpp"

using namespace std::chrono_literals;
using namespace udperf;
using session::is_light;

namespace {

TestParams test_of(Direction direction, std::uint64_t milli_pps, std::uint32_t bytes) {
  TestParams params;
  params.direction = direction;
  params.payload_bytes = bytes;
  params.amount.duration = 10s;
  params.rate_up = SendRate{SendRate::Kind::packets, milli_pps};
  params.rate_down = params.rate_up;
  return params;
}

session::Policy one_full_test() {
  session::Policy policy;
  policy.exclusive = true;
  policy.max_sessions = 1;
  policy.max_light_sessions = 3;
  policy.max_light_sessions_per_address = 2;
  return policy;
}

wire::RejectReason reason_of(const std::variant<TestParams, wire::Reject>& decision) {
  REQUIRE(std::holds_alternative<wire::Reject>(decision));
  return std::get<wire::Reject>(decision).reason;
}

}  // namespace

TEST_CASE("a test is light up to 100 packets/s and 1 Mb/s of both ways together", "[session]") {
  CHECK(is_light(test_of(Direction::up, 100'000, 1250)));  // 1 Mb/s exactly
  CHECK_FALSE(is_light(test_of(Direction::up, 100'000, 1251)));
  CHECK_FALSE(is_light(test_of(Direction::up, 100'001, 100)));
  CHECK(is_light(test_of(Direction::both, 50'000, 1250)));
  CHECK_FALSE(is_light(test_of(Direction::both, 50'001, 100)));
  CHECK_FALSE(is_light(test_of(Direction::both, 50'000, 1251)));
}

TEST_CASE("a test is heavy when one way alone is beyond what is light", "[session]") {
  using session::is_heavy;
  TestParams params = test_of(Direction::both, 80'000, 200);
  CHECK_FALSE(is_heavy(params));
  CHECK_FALSE(is_light(params));  // a test like any other
  params.shape_up.spacing = Spacing::burst;
  CHECK_FALSE(is_heavy(params));
  params.rate_down.value = 100'001;
  CHECK(is_heavy(params));
  params.direction = Direction::up;
  CHECK_FALSE(is_heavy(params));
  params.payload_bytes = 1563;  // 80 of them are 1,000,320 bits
  CHECK(is_heavy(params));
  params.rate_up.kind = SendRate::Kind::unlimited;
  CHECK(is_heavy(params));
}

TEST_CASE("a rate in bits is light by the packets that it makes, too", "[session]") {
  TestParams params = test_of(Direction::down, 1, 100);
  params.rate_down = SendRate{SendRate::Kind::bits, 80'000};  // 100 of 100 bytes
  CHECK(is_light(params));
  params.rate_down.value = 81'000;
  CHECK_FALSE(is_light(params));
  params.payload_bytes = 1400;
  CHECK(is_light(params));
}

TEST_CASE("without a rate, with an adjusted one or many streams no test is light", "[session]") {
  TestParams params = test_of(Direction::up, 1000, 100);
  params.streams = 2;
  CHECK_FALSE(is_light(params));
  params.streams = 1;
  params.rate_up = SendRate{};
  CHECK_FALSE(is_light(params));
  params.rate_up = SendRate{SendRate::Kind::adjusted, 1000};
  CHECK_FALSE(is_light(params));
  params.direction = Direction::down;  // what does not run does not matter
  CHECK(is_light(params));
}

TEST_CASE("light tests and full ones do not take each other's places", "[session]") {
  const session::Policy policy = one_full_test();
  const TestParams light = test_of(Direction::both, 10'000, 200);
  TestParams full;
  full.amount.duration = 1s;
  session::Occupancy now;
  now.light_sessions = 3;
  now.light_sessions_of_address = 1;
  CHECK(std::holds_alternative<TestParams>(session::admit(full, policy, now)));
  CHECK(reason_of(session::admit(light, policy, now)) == wire::RejectReason::busy);

  now.light_sessions = 2;
  now.sessions = 1;
  now.sessions_of_address = 1;
  CHECK(std::holds_alternative<TestParams>(session::admit(light, policy, now)));
  CHECK(reason_of(session::admit(full, policy, now)) == wire::RejectReason::exclusive);

  now.light_sessions_of_address = 2;
  CHECK(reason_of(session::admit(light, policy, now)) == wire::RejectReason::too_many_from_you);
}

TEST_CASE("where light tests are not counted apart they are tests like others", "[session]") {
  session::Policy policy = one_full_test();
  policy.counts_light_apart = false;
  session::Occupancy now;
  now.sessions = 1;
  CHECK(reason_of(session::admit(test_of(Direction::both, 10'000, 200), policy, now)) ==
        wire::RejectReason::exclusive);
}
