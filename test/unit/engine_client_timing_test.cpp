#include "engine/client_timing.hpp"
#include "support/catch.hpp"

using namespace std::chrono_literals;
using udperf::Direction;
using udperf::MonoTime;
using udperf::SendRate;
using udperf::TestParams;
using udperf::engine::ClientDeadlines;
using udperf::engine::loaded_probe_every;
using udperf::engine::longest_transfer;
using udperf::engine::sparing_probe_every;

namespace {

constexpr MonoTime kStart = MonoTime{} + 1h;

TestParams timed() {
  TestParams params;
  params.direction = Direction::up;
  params.interval = 1s;
  params.amount.duration = 10s;
  return params;
}

}  // namespace

TEST_CASE("the loaded path is probed at least ten times a second", "[engine]") {
  TestParams params = timed();
  CHECK(loaded_probe_every(params) == 100ms);
  params.interval = 50ms;
  CHECK(loaded_probe_every(params) == 50ms);
  params.interval = 1ms;
  CHECK(loaded_probe_every(params) == 10ms);
}

TEST_CASE("sparing probes take a five-hundredth of the rate", "[engine]") {
  TestParams params = timed();
  params.rate_up = SendRate{SendRate::Kind::bits, 1'000'000};
  CHECK(sparing_probe_every(params) == 480ms);
  params.rate_up = SendRate{SendRate::Kind::bits, 1'000};
  CHECK(sparing_probe_every(params) == 500ms);
  params.rate_up = SendRate{SendRate::Kind::bits, 1'000'000'000};
  CHECK(sparing_probe_every(params) == 100ms);
}

TEST_CASE("a test of a time is over when that, the drain and a little more are", "[engine]") {
  const TestParams params = timed();
  REQUIRE(longest_transfer(params) == 10s);
  ClientDeadlines deadlines{kStart, 0ms, kStart};
  CHECK(deadlines.end() == kStart + 7s);
  deadlines.begin_data(params, 0ms, kStart + 500ms);
  CHECK(deadlines.end() == kStart + 500ms + 10s + 3s + 4s);
}

TEST_CASE("a test of an amount has a quarter and five seconds more than its rate takes",
          "[engine]") {
  TestParams params = timed();
  params.direction = GENERATE(Direction::up, Direction::down, Direction::both);
  params.amount.duration = 0s;
  params.amount.packets = 600;
  params.rate_up = SendRate{SendRate::Kind::packets, 10'000};
  params.rate_down = params.rate_up;
  CHECK(longest_transfer(params) == 80s);
  params.amount.packets = std::uint64_t{1} << 60U;
  CHECK(longest_transfer(params) == 400 * 24h);
}

TEST_CASE("a peer that feigns a long path gains four round trips before the start", "[engine]") {
  const ClientDeadlines deadlines{kStart, 5s, kStart};
  CHECK(deadlines.end() == kStart + 7s + 4 * 5s);
}

TEST_CASE("a test that began late ends no later than ACCEPT allows", "[engine]") {
  ClientDeadlines deadlines{kStart, 100ms, kStart};
  deadlines.begin_data(timed(), 100ms, kStart + 6s);
  CHECK(deadlines.end() == kStart + 10s + 8s + 600ms);
}

TEST_CASE("whoever winds up has two seconds and a round trip", "[engine]") {
  ClientDeadlines deadlines{kStart, 0ms, kStart};
  deadlines.begin_data(timed(), 0ms, kStart);
  deadlines.wind_up_soon(50ms, kStart + 1s);
  CHECK(deadlines.end() == kStart + 3050ms);
  deadlines.wind_up_soon(50ms, kStart + 2s);  // a second BYE wins no time
  CHECK(deadlines.end() == kStart + 3050ms);
  deadlines.wind_up(50ms, kStart + 2s);
  CHECK(deadlines.end() == kStart + 4050ms);
}

TEST_CASE("a server is silent after five seconds of listening", "[engine]") {
  ClientDeadlines deadlines{kStart, 0ms, kStart};
  for (MonoTime now = kStart; now <= kStart + 10s; now += 100ms) {
    deadlines.turn(100ms, now);
  }
  CHECK_FALSE(deadlines.silent(5s, 0ms, kStart + 10s));
  CHECK(deadlines.silent(5s + 1us, 0ms, kStart + 10s));
  CHECK_FALSE(deadlines.silent(5s + 1us, 10ms, kStart + 10s));
}

TEST_CASE("a client that stood still listens anew", "[engine]") {
  ClientDeadlines deadlines{kStart, 0ms, kStart};
  deadlines.turn(100ms, kStart + 20s);
  CHECK_FALSE(deadlines.silent(20s, 0ms, kStart + 20s));
  for (MonoTime now = kStart + 20s; now <= kStart + 26s; now += 100ms) {
    deadlines.turn(100ms, now);
  }
  CHECK(deadlines.silent(26s, 0ms, kStart + 26s));
}
