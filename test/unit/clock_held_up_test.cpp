#include "clock/system_clock.hpp"
#include "os/held_time.hpp"
#include "sender/host_load.hpp"
#include "support/catch.hpp"

using namespace std::chrono_literals;
using namespace udperf;

TEST_CASE("what a host holds up only grows, and is known where the kernel tells", "[clock]") {
  const SystemClock clock;
  const HeldUp before = clock.held_up();
  const HeldUp after = clock.held_up();

  // Every kernel has these lines, but a container may see those of its share alone, and under other
  // numbers; a group's quota and the run queue's times may be missing.
  CHECK_FALSE(before.stolen.empty());
  if (before.stolen.size() > before.processor && after.stolen.size() > before.processor) {
    CHECK(after.stolen[before.processor] >= before.stolen[before.processor]);
  }
  if (before.waited) {
    CHECK(after.waited.value_or(-1ns) >= *before.waited);
  }
  REQUIRE(after.throttled.size() == before.throttled.size());
  for (std::size_t level = 0; level < before.throttled.size(); ++level) {
    CHECK(after.throttled[level] >= before.throttled[level]);
  }
}

TEST_CASE("shares of the time are exact, and unknown where a figure is", "[clock]") {
  HeldUp before;
  before.stolen = {1s, 5s, 9s};
  before.throttled = {5s, 1h};  // an older group's past is no news
  HeldUp after = before;
  after.stolen = {1s + 50ms, 5s + 100ms, 9s + 900ms};  // the last ran others' threads
  after.processor = 1;
  after.throttled = {5s + 500ms, 1h + 100ms};

  const HostLoad load = sender::load_between(before, after, 1s);

  CHECK(load.steal_permille == 100);
  CHECK(load.throttled_permille == 500);
  CHECK(load.waited_permille == HostLoad::kUntold);
  CHECK(sender::load_between(before, after, 0s) == HostLoad{});

  after.stolen[1] = 5s + 10ms;  // one tick may be anybody's
  CHECK(sender::load_between(before, after, 1s).steal_permille == 50);
  after.stolen[0] = 1s + 10ms;
  CHECK(sender::load_between(before, after, 1s).steal_permille == 0);
  before.stolen[1] = os::kOffline;  // what it has lost since the start of the host is no news
  after.stolen[1] = 5s;
  CHECK(sender::load_between(before, after, 1s).steal_permille == 0);

  after.throttled = {5h, 5h};  // several processors were throttled at once
  CHECK(sender::load_between(before, after, 1s).throttled_permille == 1000);

  after.throttled = {6s};  // moved to another place: what it had before is not comparable
  CHECK(sender::load_between(before, after, 1s).throttled_permille == HostLoad::kUntold);
}

TEST_CASE("what another thread waited is not this one's", "[clock]") {
  class Waiting final : public Clock {
   public:
    [[nodiscard]] MonoTime now() const override { return MonoTime{1s}; }
    [[nodiscard]] UnixTime unix_now() const override { return UnixTime{1s}; }
    [[nodiscard]] HeldUp held_up() const override {
      HeldUp held;
      held.stolen = {1s};
      held.waited = 1s;
      return held;
    }
  };
  const Waiting clock;
  sender::HostMeter meter;
  meter.begin(clock);
  TxReport report;
  meter.fill(clock, 1s, report);
  CHECK(report.load.waited_permille == 0);

  meter.forget_thread();
  meter.fill(clock, 1s, report);
  CHECK(report.load.waited_permille == HostLoad::kUntold);
  CHECK(report.load.steal_permille == 0);
}
