#include <algorithm>

#include "support/sender_scene.hpp"

using namespace std::chrono_literals;
using namespace udperf;
using namespace udperf::test;

namespace {

constexpr std::uint64_t kImpossible = std::uint64_t{1} << 60U;  // bit/s
/// A turn, the datagrams after which the clock is looked at, and a batch of the test's port.
constexpr Duration kLongestStep = 1ms + 64us + 8us;

TrafficShape shape_of(Spacing spacing) {
  TrafficShape shape;
  shape.spacing = spacing;
  shape.burst_packets = spacing == Spacing::burst ? 4096 : 0;
  if (spacing == Spacing::frames) {
    shape.frames.per_1000_s = 30'000;
  }
  return shape;
}

/// A sender whose system takes a microsecond for each datagram.
struct SlowScene : SenderScene {
  SlowScene() {
    port.says = [this](std::uint32_t offered) {
      clock.advance(offered * 1us);
      if (port.sent().size() >= stop_after) {
        sender->stop(TxEnd::interrupted);
      }
      // So that a step without an end fails, and does not hang.
      const bool far = clock.now() - step_begun > 1s;
      return far ? outcome(Status::failed, 0, ENOBUFS) : outcome(Status::taken, offered, 0);
    };
  }
  using Status = net::SendOutcome::Status;

  /// Until it has finished, but no more than so often. The longest step.
  Duration run_steps(int most) {
    Duration longest{0};
    for (int i = 0; i < most && !sender->finished(); ++i) {
      step_begun = clock.now();
      const sender::Wake wake = sender->step(clock.now());
      if (!sender->finished()) {  // the end of the test has another turn
        longest = std::max(longest, clock.now() - step_begun);
      }
      clock.move_to(wake.at == kNever ? clock.now() : wake.at);
      clock.advance(100ns);
    }
    return longest;
  }

  MonoTime step_begun{};
  std::size_t stop_after = SIZE_MAX;
};

}  // namespace

TEST_CASE("a step with a rate takes a turn's time, however much is due", "[sender]") {
  // Eight times what this system takes.
  SlowScene s;
  s.settings.params.amount = Amount{0, 0, 60ms};
  s.settings.params.rate_up = SendRate{SendRate::Kind::bits, 6'400'000'000};
  s.settings.params.shape_up = shape_of(GENERATE(Spacing::even, Spacing::poisson, Spacing::burst));
  s.settings.params.burst = GENERATE(Duration{0}, Duration{50ms});
  CAPTURE(static_cast<int>(s.settings.params.shape_up.spacing), s.settings.params.burst.count());
  s.open();
  const MonoTime begun = s.clock.now();
  CHECK(s.run_steps(100'000) <= kLongestStep);
  REQUIRE(s.sender->finished());
  CHECK(s.report().end == TxEnd::complete);
  CHECK(s.clock.now() - begun >= 60ms);
  CHECK(s.clock.now() - begun < 60ms + 22ms);
  CHECK(s.report().packets > 50'000);        // as many as the system takes
  CHECK(s.report().lateness_p50_ns <= 100);  // of the wake-ups from a sleep, if there were any
  CHECK(s.report().pacing_skipped > 100'000);
  s.check_books();
  s.check_numbers();
}

TEST_CASE("at an impossible rate a stop and the end of the time are heeded", "[sender]") {
  SlowScene s;
  const Spacing spacing =
      GENERATE(Spacing::even, Spacing::poisson, Spacing::burst, Spacing::frames);
  CAPTURE(static_cast<int>(spacing));
  s.settings.params.amount = Amount{0, 0, 20ms};
  s.settings.params.rate_up = SendRate{SendRate::Kind::bits, kImpossible};
  s.settings.params.shape_up = shape_of(spacing);
  SECTION("stopped") {
    s.stop_after = 4000;
    s.open();
    CHECK(s.run_steps(1000) <= kLongestStep);
    REQUIRE(s.sender->finished());
    CHECK(s.report().end == TxEnd::interrupted);
    CHECK(s.report().packets < 5200);
  }
  SECTION("to its end") {
    s.open();
    const MonoTime begun = s.clock.now();
    CHECK(s.run_steps(10'000) <= kLongestStep);
    REQUIRE(s.sender->finished());
    CHECK(s.report().end == TxEnd::complete);
    CHECK(s.clock.now() - begun < 20ms + 22ms);
    CHECK(s.report().packets > 15'000);
  }
  s.check_books();
}

TEST_CASE("what fits a turn leaves in one step", "[sender]") {
  SlowScene s;
  s.settings.params.amount = Amount{0, 0, 100ms};
  s.settings.params.rate_up = packets_per_second(500'000);
  s.open();
  s.run_steps(1'000'000);
  REQUIRE(s.sender->finished());
  CHECK(s.report().packets + s.report().pacing_skipped >= 49'990);
  CHECK(s.report().pacing_skipped < 50);
  s.check_books();
}

TEST_CASE("a test of few datagrams ends at its rate", "[sender]") {
  // 100 bytes at 8 Mb/s: 100 us each; windows hold 500, and 20 datagrams are no whole burst.
  SenderScene s;
  s.settings.params.rate_up = SendRate{SendRate::Kind::bits, 8'000'000};
  s.settings.params.burst = 50ms;
  s.settings.params.amount = Amount{0, 20, Duration{0}};
  s.port.limit = 1000;
  s.open();
  s.run();
  CHECK(s.report().packets == 20);
  CHECK(s.report().span_ns == Approx(1'900'000).epsilon(0.01));
}
