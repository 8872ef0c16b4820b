#include "engine/server_control.hpp"
#include "support/catch.hpp"
#include "support/fake_channel.hpp"

using namespace std::chrono_literals;
using udperf::Duration;
using udperf::kNever;
using udperf::MonoTime;
using udperf::engine::ServerControl;
using udperf::engine::TestState;

namespace {

/// A session of one stream whose REQUEST was accepted at `channel.now`.
struct Scene {
  udperf::test::FakeChannel channel;
  TestState shared;
  int ended = 0;
  ServerControl control;
  MonoTime opened = channel.now;

  Scene() : control(settings(), shared, channel.now) {}

  ServerControl::Settings settings() {
    ServerControl::Settings out;
    out.params.amount.duration = 10s;
    out.on_ended = [this] { ++ended; };
    return out;
  }
  /// How long after `opened` something is due next.
  Duration next() { return control.on_timer(channel, channel.now) - opened; }
  /// Steps at each moment at which it asks to be stepped; returns how often until it ended.
  int steps_until_ended() {
    int steps = 0;
    MonoTime next = control.on_timer(channel, channel.now);
    for (; !control.ended() && steps < 1000; ++steps) {
      REQUIRE(next > channel.now);
      channel.now = next;
      next = control.on_timer(channel, channel.now);
    }
    return steps;
  }
};

}  // namespace

TEST_CASE("a session that never hears of its client is looked at once, when it ends", "[engine]") {
  Scene scene;
  CHECK(scene.next() == 10s + 1ns);
  CHECK(scene.steps_until_ended() == 1);
  CHECK(scene.channel.now - scene.opened == 10s + 1ns);
  CHECK(scene.ended == 1);
}

TEST_CASE("a session that waits for GO is looked at when its client's silence ends it",
          "[engine]") {
  Scene scene;
  scene.channel.now += 3s;
  scene.shared.heard(scene.opened + 1s);  // it took a second: round trips are at most that
  CHECK(scene.next() == 1s + 4s + 2 * 1s + 1ns);

  scene.channel.now = scene.opened + 6s;
  scene.shared.heard(scene.opened + 5s);
  CHECK(scene.next() == 5s + 4s + 2 * 1s + 1ns);
}

TEST_CASE("a session whose books are closed is looked at when nobody waits for it any more",
          "[engine]") {
  Scene scene;
  scene.shared.started = true;  // and no stream has books to close
  scene.shared.heard(scene.opened);
  CHECK(scene.steps_until_ended() <= 2);
  CHECK(scene.channel.now - scene.opened == 3s + 1ns);
  CHECK(scene.control.status() == udperf::TestStatus::complete);
}

TEST_CASE("a client that is gone ends its session as soon as that is sure", "[engine]") {
  Scene scene;
  scene.shared.started = true;
  CHECK_FALSE(scene.shared.in_trouble());
  scene.shared.refused();
  scene.shared.refused();
  CHECK_FALSE(scene.shared.in_trouble());
  scene.shared.refused();
  CHECK(scene.shared.in_trouble());
  CHECK(scene.next() <= 500ms + 1ns);
  scene.steps_until_ended();
  CHECK(scene.channel.now - scene.opened == 500ms + 1ns);
}

TEST_CASE("a session out of memory ends at once", "[engine]") {
  Scene scene;
  scene.shared.out_of_memory = true;
  CHECK(scene.shared.in_trouble());
  CHECK(scene.control.on_timer(scene.channel, scene.channel.now) == kNever);
  CHECK(scene.control.ended());
}
