#include <cstdlib>

#include "engine/server_clock.hpp"
#include "support/catch.hpp"

using namespace std::chrono_literals;
using udperf::ClockAnchor;
using udperf::ClockEstimate;
using udperf::Duration;
using udperf::MonoTime;
using udperf::to_ns;
using udperf::engine::ServerClock;

namespace {

constexpr MonoTime kStart = MonoTime{} + 1h;
constexpr Duration kAhead = 5s;       // of the server's monotonic clock
constexpr Duration kOneWay = 2ms;     // both ways the same
constexpr Duration kOurWall = 1000h;  // wall clock less monotonic clock
constexpr Duration kServerWall = 1000h - kAhead + 30ms;

/// Answers to a probe each 100 ms for ten seconds; from `step_at` on a wall clock is `step` on.
ServerClock learn(Duration step_at = 1h, Duration ours_by = 0s, Duration servers_by = 0s) {
  ServerClock clock;
  for (Duration at{0}; at <= 10s; at += 100ms) {
    const MonoTime sent = kStart + at;
    const MonoTime arrived = sent + 2 * kOneWay;
    const bool stepped = at >= step_at;
    udperf::wire::ProbeReply reply;
    reply.t1_ns = to_ns(sent);
    reply.t2_ns = reply.t3_ns = to_ns(sent + kOneWay + kAhead);
    reply.utc_minus_mono_ns = (kServerWall + (stepped ? servers_by : 0s)).count();
    const Duration wall = kOurWall + (stepped ? ours_by : 0s);
    clock.note(reply, ClockAnchor{arrived, udperf::unix_from_ns(to_ns(arrived + wall))}, arrived);
  }
  return clock;
}

ClockEstimate estimate(const ServerClock& clock, bool same_host = false) {
  return clock.estimate(same_host, kStart, kStart + 10s);
}

}  // namespace

TEST_CASE("the server's clock is known to within a round trip", "[engine]") {
  const ClockEstimate found = estimate(learn());
  CHECK(found.method == "corridor");
  REQUIRE(found.theta_ns.has_value());
  REQUIRE(found.uncertainty_ns.has_value());
  CHECK(std::abs(*found.theta_ns - kAhead.count()) <= *found.uncertainty_ns);
  CHECK(*found.uncertainty_ns <= Duration{2 * kOneWay}.count());
  REQUIRE(found.offset_ns.has_value());
  CHECK(std::abs(*found.offset_ns - Duration{30ms}.count()) <= *found.uncertainty_ns);
  CHECK(found.step_detected == false);
}

TEST_CASE("a wall clock that is set during the test is noticed", "[engine]") {
  CHECK(estimate(learn(5s, 1ms)).step_detected == true);
  CHECK(estimate(learn(5s, 0s, -1ms)).step_detected == true);
  CHECK(estimate(learn(5s, 50us)).step_detected == false);  // reading clocks is no more exact
}

TEST_CASE("whose clock was set is told apart", "[engine]") {
  CHECK_FALSE(estimate(learn(5s, 1ms)).peer_stepped);
  CHECK(estimate(learn(5s, 0s, -1ms)).peer_stepped);
  CHECK(estimate(learn(5s, 1ms, 1ms)).peer_stepped);
  CHECK_FALSE(estimate(learn(5s, 1ms, 1ms), true).peer_stepped);  // there is but one
  CHECK_FALSE(estimate(learn()).peer_stepped);
}

TEST_CASE("on one host both clocks are one", "[engine]") {
  const ClockEstimate found = estimate(learn(), true);
  CHECK(found.method == "same_host");
  CHECK(found.theta_ns == 0);
  CHECK(found.uncertainty_ns == 0);
  CHECK(found.offset_ns == 0);
}

TEST_CASE("of a clock that was never heard of nothing is said", "[engine]") {
  const ClockEstimate found = estimate(ServerClock{});
  CHECK(found.method.empty());
  CHECK_FALSE(found.theta_ns.has_value());
  CHECK_FALSE(found.offset_ns.has_value());
  CHECK_FALSE(found.step_detected.has_value());
}

TEST_CASE("wall clocks that are centuries apart were set, and do not overflow", "[engine]") {
  constexpr std::int64_t kMost = std::int64_t{1} << 62U;  // that a message may tell
  for (const std::int64_t first : {kMost, -kMost}) {
    ServerClock clock;
    for (const std::int64_t told : {first, -first}) {
      udperf::wire::ProbeReply reply;
      reply.t1_ns = reply.t2_ns = reply.t3_ns = to_ns(kStart);
      reply.utc_minus_mono_ns = told;
      clock.note(reply, ClockAnchor{kStart, udperf::unix_from_ns(to_ns(kStart + kOurWall))},
                 kStart);
    }
    CHECK(estimate(clock).step_detected == true);
  }
}
