#include "clock/system_clock.hpp"
#include "sender/host_load.hpp"
#include "support/catch.hpp"

using namespace std::chrono_literals;
using namespace udperf;

TEST_CASE("what a host holds up only grows, and is known where the kernel tells", "[clock]") {
  const SystemClock clock;
  const HeldUp before = clock.held_up();
  const HeldUp after = clock.held_up();

  CHECK(before.processors >= 1);
  // Every kernel has this line; a group's quota and the run queue's times may be missing.
  REQUIRE(before.stolen);
  CHECK(*after.stolen >= *before.stolen);
  if (before.waited) {
    CHECK(after.waited.value_or(-1ns) >= *before.waited);
  }
  if (before.throttled) {
    CHECK(after.throttled.value_or(-1ns) >= *before.throttled);
  }
}

TEST_CASE("shares of the time are exact, and unknown where a figure is", "[clock]") {
  HeldUp before;
  before.stolen = 1s;
  before.processors = 4;
  before.throttled = 5s;
  HeldUp after = before;
  after.stolen = 1s + 400ms;
  after.throttled = 5s + 500ms;

  const HostLoad load = sender::load_between(before, after, 1s);

  CHECK(load.steal_permille == 100);  // 400 ms of 4 processors' second
  CHECK(load.throttled_permille == 500);
  CHECK(load.waited_permille == HostLoad::kUntold);
  CHECK(sender::load_between(before, after, 0s) == HostLoad{});

  after.throttled = 5h;  // several processors were throttled at once
  CHECK(sender::load_between(before, after, 1s).throttled_permille == 1000);
}
