// The governor over simulated receivers: what is in their sockets, and what gets through.
#include <cmath>
#include <cstdint>
#include <optional>

#include "pacing/governor.hpp"
#include "sender/queue_gate.hpp"
#include "support/catch.hpp"
#include "support/governed_world.hpp"
#include "support/seeded_random.hpp"

using namespace std::chrono_literals;
using namespace udperf;
using pacing::Governor;
using namespace udperf::test::governed;
using test::SeededRandom;

namespace {

double bps(std::uint64_t datagrams, Duration time) {
  return static_cast<double>(datagrams) * kPayload * 8 /
         std::chrono::duration<double>(time).count();
}

}  // namespace

TEST_CASE("on a short way no socket is ever overrun, however its reader is held up", "[governor]") {
  for (unsigned seed = 1; seed <= 60; ++seed) {
    SeededRandom random{seed};
    Host host;
    host.buffer = static_cast<std::uint32_t>(
        std::exp2(17.7 + 0.1 * static_cast<double>(random.between(0, 73))));
    host.drain_bps = 1e8 * static_cast<double>(random.between(1, 400));
    host.stops = 0.01 * static_cast<double>(random.between(0, 20));
    host.longest_stop = Duration{random.between(0, 30'000'000)};
    Path way;
    way.delay = Duration{random.between(5'000, 200'000)};
    way.loss = random.chance(0.3) ? 0.2 : 0.0;
    const double send_bps = 1e9 * static_cast<double>(random.between(1, 40));
    CAPTURE(seed, host.buffer, host.drain_bps, host.stops, host.longest_stop.count(),
            way.delay.count(), way.loss, send_bps);

    World world{host, way, send_bps, seed};
    const Outcome outcome = world.run(300ms);

    CHECK(outcome.dropped == 0);
    CHECK(outcome.sent > 0);
  }
}

TEST_CASE("the receiver's processor is kept busy", "[governor]") {
  for (const std::uint32_t buffer : {212'992U, 4U << 20U, 32U << 20U}) {
    for (const double drain : {1e9, 10e9, 30e9}) {
      Host host;
      host.buffer = buffer;
      host.drain_bps = drain;
      CAPTURE(buffer, drain);

      World world{host, Path{}, 45e9, 1};
      const Outcome outcome = world.run(300ms);

      // A small socket is empty before the receiver may say again how full it is.
      const double told = buffer < 1U << 20U ? 20e9 : drain;
      CHECK(bps(outcome.drained, 300ms) >= 0.97 * std::min(drain, told));
      CHECK(outcome.dropped == 0);
    }
  }
}

TEST_CASE("a receiver that is faster than the sender does not slow it", "[governor]") {
  for (const std::uint32_t buffer : {1U << 20U, 32U << 20U}) {
    Host host;
    host.buffer = buffer;
    host.drain_bps = 40e9;
    World world{host, Path{}, 20e9, 1};

    const Outcome outcome = world.run(300ms);

    CAPTURE(buffer);
    CHECK(bps(outcome.sent, 300ms) >= 0.99 * 20e9);
  }
}

TEST_CASE("loss in the network does not slow a sender", "[governor]") {
  for (const double loss : {0.0, 0.1, 0.9, 1.0}) {
    for (const Duration delay : {Duration{20us}, Duration{5ms}, Duration{50ms}}) {
      Host host;
      host.buffer = 32U << 20U;
      host.drain_bps = 40e9;
      Path way;
      way.delay = delay;
      way.loss = loss;
      CAPTURE(loss, delay.count());

      World world{host, way, 1e9, 3};
      const Outcome outcome = world.run(2s);

      // What no datagram ever came back of may as well be in the socket: half a second is waited.
      CHECK(bps(outcome.sent, 2s) >= (loss == 1.0 ? 0.5 : 0.99) * 1e9);
      CHECK(outcome.dropped == 0);
    }
  }
}

TEST_CASE("over 100 ms of round trip the rate is found, and hardly anything is lost",
          "[governor]") {
  for (const std::uint32_t buffer : {212'992U, 2U << 20U, 32U << 20U}) {
    for (const double drain : {2e9, 40e9}) {
      Host host;
      host.buffer = buffer;
      host.drain_bps = drain;
      Path way;
      way.delay = 50ms;
      CAPTURE(buffer, drain);

      World world{host, way, 5e9, 3};
      world.run(2s);
      const Outcome before = world.run(kStep);
      const Outcome after = world.run(3s);

      const double reached = bps(after.drained - before.drained, 3s);
      CHECK(reached >= 0.8 * std::min(drain, 5e9));
      CHECK(after.dropped - before.dropped <= (after.sent - before.sent) / 1000);
    }
  }
}

TEST_CASE("whatever a receiver says, the sender goes on and the books hold", "[governor]") {
  for (unsigned seed = 1; seed <= 200; ++seed) {
    SeededRandom random{seed};
    Governor governor{{kPayload, 212'992}};
    std::uint64_t sent = 0;
    MonoTime now{1000s};
    for (int i = 0; i < 2000; ++i) {
      now += Duration{random.between(0, 2'000'000)};
      if (random.chance(0.7)) {
        governor.on_batch(sent, now);
        sent += governor.limit(sent, now) >= sent + kBatch ? kBatch : 0;
      } else {
        const auto any = [&random](std::int64_t most) {
          return static_cast<std::uint64_t>(random.between(0, most));
        };
        Governor::Report report;
        report.next = random.chance(0.1) ? UINT64_MAX : any(1'000'000);
        report.read = random.chance(0.1) ? UINT64_MAX : any(1'000'000);
        if (random.chance(0.8)) {
          report.arrived_until = mono_from_ns(random.between(-(1LL << 60), 1LL << 60));
        }
        report.queue_bytes = static_cast<std::uint32_t>(any(UINT32_MAX));
        report.queue_limit = static_cast<std::uint32_t>(any(UINT32_MAX));
        report.drops = static_cast<std::uint32_t>(any(UINT32_MAX));
        report.cost = static_cast<std::uint32_t>(any(random.chance(0.5) ? 5 : UINT32_MAX));
        governor.on_report(report, sent, now);
        CHECK(governor.window() >= 1);
      }
    }
  }
}

TEST_CASE("a receiver that stands still for seconds is not flooded, nor forgotten", "[governor]") {
  for (const std::uint32_t buffer : {212'992U, 4U << 20U, 32U << 20U}) {
    for (const Duration stop : {Duration{400ms}, Duration{900ms}, Duration{2s}}) {
      Host host;
      host.buffer = buffer;
      host.stopped_at = 200ms;
      host.stopped_for = stop;
      CAPTURE(buffer, stop.count());
      World world{host, Path{}, 40e9, 1};

      const Outcome stopped = world.run(200ms + stop);
      const Outcome after = world.run(300ms);

      CHECK(after.dropped == 0);
      CHECK(bps(after.drained - stopped.drained, 300ms) >= 0.9 * host.drain_bps);
    }
  }
}

TEST_CASE("over a very long way the first report is waited for", "[governor]") {
  for (const std::uint32_t buffer : {212'992U, 32U << 20U}) {
    Host host;
    host.buffer = buffer;
    Path way;
    way.delay = 350ms;
    way.known = 700ms;
    CAPTURE(buffer);

    World world{host, way, 5e9, 3};
    world.waits = true;
    const Outcome first = world.run(690ms);

    const Governor fresh{{kPayload, buffer}};
    CHECK(first.sent <= fresh.window());

    const Outcome later = world.run(6s);
    CHECK(later.dropped <= later.sent / 1000);
    CHECK(later.drained > 4 * fresh.window());
  }
}

TEST_CASE("a receiver that falls silent holds the sender but for a trickle", "[governor]") {
  World world{Host{}, Path{}, 10e9, 1};
  world.ignores = true;
  const Outcome outcome = world.run(4s);

  const Governor fresh{{kPayload, Host{}.buffer}};
  CHECK(outcome.sent > fresh.window());  // in case only its words are lost
  CHECK(outcome.sent <= fresh.window() * 5 / 4);
  CHECK(outcome.dropped == 0);
}

TEST_CASE("only a receiver that speaks of all but its queue is gone on without", "[governor]") {
  const bool speaks = GENERATE(false, true);
  sender::QueueGate gate{{kPayload, Host{}.buffer, Duration{100ms}}};
  MonoTime now{1000s};
  const std::uint64_t most = gate.admit(0, UINT64_MAX, UINT64_MAX, now);
  CHECK(gate.admit(most, kBatch, UINT64_MAX, now) == 0);
  if (speaks) {
    gate.on_untold();
  }
  static_cast<void>(gate.ask_again(most, now));
  now += 601ms;  // half a second and the round trip
  static_cast<void>(gate.ask_again(most, now));
  CHECK(gate.held(now) == 601ms);
  CHECK(gate.gave_up() == speaks);
  CHECK((gate.admit(most, UINT64_MAX, UINT64_MAX, now) > most) == speaks);

  sender::QueueGate::Report report;
  report.queue = {most, most, std::nullopt, Duration{0}, 0, 2 * Host{}.buffer, 0, 1700};
  report.came = now;
  gate.on_report(report);
  gate.take_report(most);
  CHECK_FALSE(gate.gave_up());
}

TEST_CASE("a receiver that says it has read all has a sender that nothing else holds",
          "[governor]") {
  // The most that a lie can do is what --rate flood does; a rate is never the governor's to raise.
  Host host;
  host.buffer = 212'992;
  World world{host, Path{}, 1e9, 1};
  world.lie =
      Governor::Report{UINT64_MAX, UINT64_MAX, std::nullopt, Duration{0}, 0, UINT32_MAX, 0, 1};

  const Outcome outcome = world.run(300ms);

  CHECK(bps(outcome.sent, 300ms) <= 1.01 * 1e9);
  CHECK(outcome.sent > 0);
}

TEST_CASE("the first burst may use most of the granted buffer", "[governor]") {
  Governor governor{{kPayload, 32U << 20U}};
  const std::uint64_t limit = governor.limit(0, MonoTime{1000s});
  CHECK(limit * kPayload >= 25'000'000U);  // all of the classic test's 25 MB, whatever the receiver
  CHECK(limit * pacing::socket_cost(kPayload, false) < 64U << 20U);
}
