#include "engine/client_control.hpp"
#include "support/catch.hpp"
#include "support/fake_channel.hpp"
#include "support/fake_clock.hpp"
#include "support/fake_executor.hpp"
#include "support/fake_port.hpp"

using namespace std::chrono_literals;
using udperf::Direction;
using udperf::Duration;
using udperf::kNever;
using udperf::MonoTime;
using udperf::TxEnd;
using udperf::engine::Arrival;
using udperf::engine::ClientControl;
using udperf::engine::ControlMessage;
using udperf::engine::StreamEndpoint;
using udperf::engine::TestState;
using udperf::wire::MessageType;

namespace wire = udperf::wire;

namespace {

using Bytes = std::vector<std::byte>;
constexpr std::uint64_t kSession = 7;

/// Stands for the test's root.
struct Root final : udperf::engine::Task {
  udperf::engine::Wake step(MonoTime, udperf::net::ReceiveBuffers&) override { return {}; }
  [[nodiscard]] bool over() const override { return false; }
};

/// A client whose session has just been granted, and the server's side of the talk by hand.
struct Scene {
  explicit Scene(Direction direction = Direction::up) {
    root.set_home(&executor);
    settings.session = kSession;
    settings.server_nonce.fill(std::byte{3});
    settings.params.direction = direction;
    settings.params.payload_bytes = 1000;
    settings.params.amount.duration = 10s;
    settings.handshake_rtt = 10ms;
    settings.root = &root;
    StreamEndpoint::Settings stream;
    stream.session = kSession;
    stream.params = settings.params;
    stream.senders = &executor;
    streams.push_back(std::make_unique<StreamEndpoint>(
        stream, std::make_unique<udperf::test::FakePort>(), clock, test, nullptr));
    control.emplace(settings, streams, test, channel.now);
  }

  void say(MessageType type, const Bytes& datagram) {
    test.heard(channel.now);
    const Arrival arrival{channel.now + 1ms, true};
    control->on_message(ControlMessage{type, datagram, datagram.size(), arrival}, channel);
  }
  void say_bye(wire::ByeReason reason) {
    say(MessageType::bye, wire::encode(MessageType::bye, kSession, 0, wire::Bye{reason}));
  }
  void acknowledge_go() {
    say(MessageType::go_ack, wire::encode(MessageType::go_ack, kSession, 0, wire::Empty{}));
  }
  /// Steps each time that it asks to be until then, or until it has ended; answers probes as long
  /// as `answers`.
  void run(Duration time) {
    const MonoTime until = channel.now + time;
    while (!control->ended() && channel.now < until) {
      const MonoTime next = control->on_timer(channel, channel.now);
      take();
      if (control->ended()) {
        return;
      }
      channel.now = std::clamp(next, channel.now + 1us, until);
    }
  }
  /// What was said since: probes are answered, the rest is counted.
  void take() {
    for (const Bytes& datagram : std::exchange(channel.sent, {})) {
      const auto type = wire::decode_common(datagram)->type;
      if (type == MessageType::go) {
        gos.push_back(*wire::decode<wire::Go>(datagram));
      } else if (type == MessageType::bye) {
        byes.push_back(wire::decode<wire::Bye>(datagram)->reason);
      } else if (type == MessageType::probe && answers) {
        const auto reply = udperf::test::reply_to(*wire::decode<wire::Probe>(datagram));
        say(MessageType::probe_reply, wire::encode(MessageType::probe_reply, kSession, 0, reply));
      }
    }
  }

  udperf::test::FakeClock clock;
  udperf::test::FakeChannel channel;
  udperf::test::FakeExecutor executor;
  TestState test;
  Root root;
  ClientControl::Settings settings;
  ClientControl::Streams streams;
  std::optional<ClientControl> control;
  bool answers = true;
  std::vector<wire::Go> gos;
  std::vector<wire::ByeReason> byes;
};

using End = ClientControl::End;
using Reasons = std::vector<wire::ByeReason>;

}  // namespace

TEST_CASE("data to the server rides behind GO, data from it waits for the answer", "[engine]") {
  const Direction direction = GENERATE(Direction::up, Direction::down, Direction::both);
  CAPTURE(static_cast<int>(direction));
  Scene scene{direction};
  CHECK_FALSE(scene.test.started.load());
  scene.run(30ms);
  REQUIRE(scene.gos.size() == 1);
  CHECK(scene.gos.front().server_nonce == scene.settings.server_nonce);
  CHECK(scene.gos.front().payload_bytes == 1000);
  CHECK(scene.gos.front().receive_buffer == scene.channel.receive_buffer_bytes());
  CHECK(scene.gos.front().round_trip_ns == 1'000'000U);
  CHECK(scene.test.started.load() == (direction != Direction::down));

  scene.acknowledge_go();
  CHECK(scene.test.started.load());
  CHECK(scene.executor.take_notified(scene.root) == 1);
  REQUIRE(scene.control->probes().idle().has_value());
  CHECK(scene.control->probes().idle()->delay.n == 10);
}

TEST_CASE("GO is said again until it is answered, for five seconds", "[engine]") {
  Scene scene{Direction::down};
  scene.run(1s);
  const auto said = scene.gos.size();
  CHECK(said >= 5);
  SECTION("answered") {
    scene.acknowledge_go();
    scene.run(500ms);
    CHECK(scene.gos.size() == said);
    CHECK_FALSE(scene.control->ended());
  }
  SECTION("never") {
    const MonoTime begun = scene.channel.now - 1s;
    scene.run(10s);
    CHECK(scene.control->end() == End::never_started);
    CHECK(scene.channel.now - begun > 5s);
    CHECK(scene.channel.now - begun < 5200ms);
  }
}

TEST_CASE("a server that stops before the start ends the test at once", "[engine]") {
  Scene scene{Direction::down};
  scene.run(30ms);
  scene.executor.notified.clear();
  scene.say_bye(wire::ByeReason::shutting_down);
  REQUIRE(scene.control->ended());
  CHECK(scene.control->end() == End::server_stopping);
  CHECK(scene.executor.take_notified(scene.root) == 1);
  scene.take();
  CHECK(scene.byes == Reasons(3, wire::ByeReason::failed));
  CHECK(scene.control->on_timer(scene.channel, scene.channel.now) == kNever);
}

TEST_CASE("a server that stops while data flows has two seconds to end it", "[engine]") {
  Scene scene;
  scene.run(30ms);
  scene.acknowledge_go();
  scene.run(1s);
  scene.say_bye(wire::ByeReason::done);  // which only a client says
  CHECK_FALSE(scene.test.stop_sending.get().has_value());
  scene.say_bye(wire::ByeReason::shutting_down);
  CHECK(scene.test.stop_sending.get() == TxEnd::peer_stopped);
  CHECK_FALSE(scene.control->ended());
  const MonoTime told = scene.channel.now;
  scene.run(10s);
  CHECK(scene.control->end() == End::server_stopping);
  CHECK(scene.channel.now - told >= 2s);
  CHECK(scene.channel.now - told < 2100ms);
}

TEST_CASE("an interrupt before the start is the end, later the server is asked to end",
          "[engine]") {
  Scene scene;
  SECTION("before") {
    scene.control->interrupt();
    scene.run(10ms);
    CHECK(scene.control->end() == End::interrupted);
    CHECK(scene.byes == Reasons(3, wire::ByeReason::failed));
    CHECK(scene.gos.empty());
  }
  SECTION("later") {
    scene.run(30ms);
    scene.acknowledge_go();
    scene.run(1s);
    scene.control->interrupt();
    const MonoTime asked = scene.channel.now;
    scene.run(100ms);
    CHECK(scene.byes == Reasons(1, wire::ByeReason::interrupted));
    CHECK(scene.test.stop_sending.get() == TxEnd::interrupted);
    CHECK_FALSE(scene.control->ended());
    scene.run(10s);
    CHECK(scene.control->end() == End::interrupted);
    CHECK(scene.channel.now - asked < 2100ms);
  }
}

TEST_CASE("a server that falls silent is given up after five seconds", "[engine]") {
  Scene scene;
  scene.run(30ms);
  scene.acknowledge_go();
  scene.run(1s);
  scene.answers = false;
  const MonoTime heard = scene.channel.now;
  scene.run(20s);
  CHECK(scene.control->end() == End::server_silent);
  CHECK(scene.channel.now - heard > 4900ms);
  CHECK(scene.channel.now - heard < 5200ms);
}

TEST_CASE("a server that nothing listens at any more is gone", "[engine]") {
  Scene scene;
  scene.run(30ms);
  scene.acknowledge_go();
  scene.answers = false;
  for (int i = 0; i < 3; ++i) {
    scene.test.refused();
  }
  const MonoTime told = scene.channel.now;
  scene.run(10s);
  CHECK(scene.control->end() == End::server_gone);
  CHECK(scene.channel.now - told < 700ms);
}

TEST_CASE("a test that does not end in its time is ended", "[engine]") {
  Scene scene;
  scene.run(30ms);
  scene.acknowledge_go();
  const MonoTime begun = scene.channel.now;
  scene.run(60s);
  CHECK(scene.control->end() == End::overdue);
  CHECK(scene.channel.now - begun > 16900ms);  // 10 s, the drain of 3 s, and 4 s
  CHECK(scene.channel.now - begun < 17100ms);
  CHECK(scene.test.stop_sending.get() == TxEnd::peer_silent);
}

TEST_CASE("no memory on this host ends the test, whoever finds it", "[engine]") {
  Scene scene;
  SECTION("a stream") {
    scene.test.out_of_memory = true;
    scene.run(10ms);
  }
  SECTION("the control's own") {
    scene.control->abandon();
  }
  REQUIRE(scene.control->ended());
  CHECK(scene.control->end() == End::out_of_memory);
  CHECK(scene.executor.take_notified(scene.root) == 1);
}
