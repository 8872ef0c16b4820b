#include "engine/send_side.hpp"
#include "support/catch.hpp"
#include "support/fake_clock.hpp"
#include "support/fake_executor.hpp"
#include "support/fake_port.hpp"

using namespace std::chrono_literals;
using udperf::Direction;
using udperf::Duration;
using udperf::MonoTime;
using udperf::RxReport;
using udperf::SendRate;
using udperf::TxEnd;
using udperf::engine::SendSide;
using udperf::engine::StreamSettings;
using udperf::engine::StreamSocket;
using udperf::engine::TestState;
using udperf::engine::Urgency;
using udperf::engine::Wake;
using udperf::session::Role;
using udperf::wire::MessageType;

namespace wire = udperf::wire;

namespace {

/// Stands for the stream whose steps these are.
struct Endpoint final : udperf::engine::Task {
  Wake step(MonoTime, udperf::net::ReceiveBuffers&) override { return {}; }
  [[nodiscard]] bool over() const override { return false; }
};

/// 1000 datagrams a second.
StreamSettings settings_of(Role role) {
  StreamSettings settings;
  settings.role = role;
  settings.session = 7;
  settings.token_key.fill(std::byte{9});
  settings.params.direction = role == Role::server ? Direction::down : Direction::up;
  settings.params.payload_bytes = 1000;
  settings.params.amount.duration = 100s;
  settings.params.rate_up = settings.params.rate_down = {SendRate::Kind::bits, 8'000'000};
  return settings;
}

/// The sending side of a stream whose peer has just been heard.
struct Scene {
  explicit Scene(const StreamSettings& with)
      : settings(with), socket(settings, make(), clock, test) {
    settings.senders = &executor;
    endpoint.set_home(&executor);
    test.heard(clock.now());
    side.emplace(settings, socket, clock, test, endpoint);
  }
  explicit Scene(Role role) : Scene(settings_of(role)) { side->start(); }

  std::unique_ptr<udperf::net::DatagramPort> make() {
    auto owned = std::make_unique<udperf::test::FakePort>();
    port = owned.get();
    return owned;
  }
  /// The transmit loop's turn, then the stream's.
  void turn(Duration later = {}) {
    clock.advance(later);
    executor.tasks.front()->step(clock.now(), buffers);
    side->run_timers(clock.now());
  }
  /// FEEDBACK on the first batch, which was sent at `sent`.
  void feed_back(std::uint64_t number, MonoTime sent, std::uint16_t wrong_by = 0) {
    wire::Feedback told;
    told.number = number;
    told.unique = number;
    told.has_echo = true;
    told.echo_token =
        static_cast<std::uint16_t>(udperf::crypto::token(settings.token_key, 0) + wrong_by);
    told.echo_tx_ns = udperf::to_ns(sent);
    side->on_feedback(told, clock.now(), clock.now());
  }
  [[nodiscard]] std::vector<MessageType> said(bool mute = false) {
    side->flush(mute);
    std::vector<MessageType> types;
    for (const auto& datagram : std::exchange(port->control, {})) {
      types.push_back(wire::decode_common(datagram)->type);
    }
    return types;
  }

  StreamSettings settings;
  TestState test;
  udperf::test::FakeClock clock;
  udperf::test::FakeExecutor executor;
  udperf::test::FakePort* port = nullptr;
  udperf::net::ReceiveBuffers buffers;
  StreamSocket socket;
  Endpoint endpoint;
  std::optional<SendSide> side;
};

using Said = std::vector<MessageType>;

}  // namespace

TEST_CASE("a stream with a rate has its transmit loop run by an executor", "[engine]") {
  Scene scene{settings_of(Role::client)};
  CHECK(scene.side->sender() == nullptr);
  scene.side->start();
  REQUIRE(scene.executor.tasks.size() == 1);
  CHECK(scene.executor.tasks.front()->urgency() == Urgency::deadline);
  CHECK(scene.side->transmit(scene.buffers).at == udperf::kNever);  // not the stream's to send
  scene.turn();
  CHECK(scene.port->sent().size() == 1);
  CHECK_FALSE(scene.side->idle());
  scene.executor.tasks.front()->release();
  CHECK(scene.side->idle());
}

TEST_CASE("a stream without a rate and with nothing to receive sends by its own steps",
          "[engine]") {
  auto settings = settings_of(Role::client);
  settings.params.rate_up = SendRate{};
  Scene scene{settings};
  scene.side->start();
  CHECK(scene.executor.tasks.empty());
  CHECK(scene.side->idle());
  scene.side->transmit(scene.buffers);
  CHECK(scene.port->sent().size() >= 8);
}

TEST_CASE("offload that the path breaks is not used", "[engine]") {
  Scene scene{settings_of(Role::client)};
  CHECK(scene.port->gso_active());
  SECTION("broken") {
    scene.test.agreed.gso_broken = true;
    scene.side->start();
    CHECK_FALSE(scene.port->gso_active());
  }
  SECTION("whole") {
    scene.side->start();
    CHECK(scene.port->gso_active());
  }
}

TEST_CASE("FEEDBACK counts where it echoes the token of what was sent", "[engine]") {
  Scene scene{Role::client};
  scene.turn();
  const MonoTime sent = scene.clock.now();
  scene.clock.advance(30ms);
  scene.feed_back(1, sent, 1);
  CHECK_FALSE(scene.side->live().has_value());
  CHECK(scene.test.round_trip() == 0ms);

  scene.feed_back(2, sent);
  REQUIRE(scene.side->live().has_value());
  CHECK(scene.side->live()->number == 2);
  CHECK(scene.test.round_trip() == 30ms);

  scene.feed_back(1, sent);  // overtaken on the way
  CHECK(scene.side->live()->number == 2);
}

TEST_CASE("a server pauses a second after the last FEEDBACK, and goes on with the next",
          "[engine]") {
  Scene scene{Role::server};
  scene.turn();
  const MonoTime sent = scene.clock.now();
  scene.turn(999ms);
  CHECK_FALSE(scene.side->sender()->held());
  scene.turn(2ms);
  CHECK(scene.side->sender()->held());
  const auto before = scene.port->sent().size();
  scene.turn(10ms);
  CHECK(scene.port->sent().size() == before);

  scene.feed_back(1, sent);
  scene.turn();
  CHECK_FALSE(scene.side->sender()->held());
}

TEST_CASE("a server that nobody feeds back ends with FIN, for want of a peer", "[engine]") {
  Scene scene{Role::server};
  scene.turn();
  scene.turn(7s);
  CHECK_FALSE(scene.side->sender()->finished());  // it is held first, and told to end
  scene.executor.notified.clear();
  scene.turn();
  REQUIRE(scene.side->sender()->finished());
  CHECK(scene.executor.take_notified(scene.endpoint) == 1);
  CHECK(scene.side->outcome().tx->end == TxEnd::peer_silent);
  CHECK(scene.said() == Said{MessageType::fin});
}

TEST_CASE("a client goes on without FEEDBACK as long as it was told to", "[engine]") {
  auto settings = settings_of(Role::client);
  settings.feedback_patience = 2s;
  Scene scene{settings};
  scene.side->start();
  scene.turn();
  scene.turn(2s);
  scene.turn();
  CHECK_FALSE(scene.side->sender()->held());
  CHECK_FALSE(scene.side->sender()->finished());
  scene.turn(1ms);
  scene.turn();
  CHECK(scene.side->sender()->finished());
}

TEST_CASE("FIN is said until the report is there, but not into silence", "[engine]") {
  Scene scene{Role::client};
  scene.turn();
  scene.test.stop(TxEnd::interrupted);
  scene.turn();
  CHECK_FALSE(scene.side->over());
  scene.turn();
  CHECK(scene.said(true).empty());
  scene.turn(40ms);
  CHECK(scene.said() == Said{MessageType::fin});
  scene.side->on_fin_ack();
  CHECK(scene.side->fin_acknowledged());

  RxReport report;
  report.sent = report.unique = report.datagrams = scene.side->sender()->packets();
  report.tail_known = true;
  report.interval_ns = 1'000'000;
  report.intervals.resize(1);
  report.intervals.front().sent = report.intervals.front().unique = report.unique;
  wire::ReportChunk chunk;
  chunk.bytes = wire::encode_report(report);
  chunk.total = static_cast<std::uint32_t>(chunk.bytes.size());
  REQUIRE(chunk.bytes.size() <= wire::ReportChunk::kMaxBytes);
  scene.side->on_report(chunk, scene.clock.now());
  CHECK(scene.side->over());
  CHECK(scene.said() == Said{MessageType::report_pull});
  const auto outcome = scene.side->outcome();
  CHECK(outcome.tx->end == TxEnd::interrupted);
  CHECK(outcome.rx->unique == 1);
  CHECK(scene.side->error() == 0);
}

TEST_CASE("the errno of a socket that fails is the stream's", "[engine]") {
  Scene scene{Role::client};
  scene.port->says = [](std::uint32_t) {
    udperf::net::SendOutcome out;
    out.status = udperf::net::SendOutcome::Status::failed;
    out.os_error = ENOTCONN;
    return out;
  };
  scene.turn();
  CHECK(scene.side->sender()->finished());
  CHECK(scene.side->error() == ENOTCONN);
}

TEST_CASE("who judges the permit to send wakes up for it", "[engine]") {
  Scene scene{Role::server};
  scene.turn();
  CHECK(scene.side->next_wake() == scene.clock.now() + 100ms);

  auto light = settings_of(Role::server);
  light.light = light.sparse_control = true;
  Scene rarely{light};
  rarely.side->start();
  rarely.turn();
  CHECK(rarely.side->next_wake() == rarely.clock.now() + 500ms);
}
