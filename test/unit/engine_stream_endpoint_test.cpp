#include "engine/stream_endpoint.hpp"
#include "support/catch.hpp"
#include "support/fake_clock.hpp"
#include "support/fake_executor.hpp"
#include "support/fake_port.hpp"

using namespace std::chrono_literals;
using udperf::Direction;
using udperf::Duration;
using udperf::kNever;
using udperf::MonoTime;
using udperf::SendRate;
using udperf::Way;
using udperf::engine::ControlChannel;
using udperf::engine::ControlMessage;
using udperf::engine::StreamEndpoint;
using udperf::engine::TestState;
using udperf::engine::Urgency;
using udperf::session::Role;
using udperf::wire::MessageType;

namespace wire = udperf::wire;

namespace {

using Bytes = std::vector<std::byte>;
using Types = std::vector<MessageType>;
constexpr std::uint64_t kSession = 7;

struct RecordingControl final : udperf::engine::SessionControl {
  void on_message(const ControlMessage& message, ControlChannel& /*channel*/) override {
    messages.push_back(message.type);
  }
  void on_stray(std::span<const std::byte> /*datagram*/, ControlChannel& /*channel*/) override {
    ++strays;
  }
  MonoTime on_timer(ControlChannel& /*channel*/, MonoTime /*now*/) override { return next; }
  void abandon() noexcept override { ++abandoned; }

  Types messages;
  int strays = 0;
  int abandoned = 0;
  MonoTime next = kNever;
};

/// 1000 datagrams of 1000 bytes in a second, up.
StreamEndpoint::Settings settings_of(Role role) {
  StreamEndpoint::Settings settings;
  settings.role = role;
  settings.session = kSession;
  settings.params.payload_bytes = 1000;
  settings.params.amount.duration = 100s;
  settings.params.rate_up = {SendRate::Kind::bits, 8'000'000};
  return settings;
}

struct Scene {
  explicit Scene(Role role, std::uint8_t number = 0) : Scene(settings_of(role), number) {}
  explicit Scene(StreamEndpoint::Settings settings, std::uint8_t number = 0) {
    settings.senders = &executor;
    settings.stream = number;
    settings.control_stream = number == 0 ? nullptr : &first;
    settings.params.streams = static_cast<std::uint16_t>(number + 1);
    auto owned = std::make_unique<udperf::test::FakePort>();
    port = owned.get();
    stream.emplace(settings, std::move(owned), clock, test, number == 0 ? &control : nullptr);
    executor.add(*stream);
    first.set_home(&executor);
    executor.tasks.clear();
    test.heard(clock.now());
  }

  udperf::engine::Wake step(Duration later = {}) {
    clock.advance(later);
    return stream->step(clock.now(), buffers);
  }
  template <typename Message>
  void say(MessageType type, const Message& message) {
    port->arrive(wire::encode(type, kSession, stream->stream(), message), clock.now());
  }
  void send_data(std::uint64_t sequence) {
    Bytes bytes(1000);
    wire::DataHeader header;
    header.session = kSession;
    header.stream = stream->stream();
    header.sequence = sequence;
    wire::encode(header, std::span{bytes}.first<udperf::kDataHeaderBytes>());
    port->arrive(bytes, clock.now());
  }
  [[nodiscard]] Types said() {
    Types types;
    for (const auto& datagram : std::exchange(port->control, {})) {
      types.push_back(wire::decode_common(datagram)->type);
    }
    return types;
  }

  /// Stands for the stream that has the control, where the one under test has not.
  struct First final : udperf::engine::Task {
    udperf::engine::Wake step(MonoTime, udperf::net::ReceiveBuffers&) override { return {}; }
    [[nodiscard]] bool over() const override { return false; }
  };

  TestState test;
  udperf::test::FakeClock clock;
  udperf::test::FakeExecutor executor;
  udperf::test::FakePort* port = nullptr;
  udperf::net::ReceiveBuffers buffers;
  RecordingControl control;
  First first;
  std::optional<StreamEndpoint> stream;
};

}  // namespace

TEST_CASE("what is about the session goes to its control, the rest is the stream's", "[engine]") {
  Scene scene{Role::server};
  scene.say(MessageType::go, wire::Go{});
  scene.say(MessageType::probe, wire::Probe{});
  scene.say(MessageType::bye, wire::Bye{});
  scene.say(MessageType::report_pull, wire::ReportPull{});
  scene.port->arrive(wire::encode(MessageType::hello, 0, 0, wire::Hello{}));
  scene.step();
  CHECK(scene.control.messages == Types{MessageType::go, MessageType::bye});
  CHECK(scene.control.strays == 1);
  CHECK(scene.said() == Types{MessageType::probe_reply});
}

TEST_CASE("a stream wakes up when its session's control wants to", "[engine]") {
  Scene scene{Role::server};
  scene.control.next = scene.clock.now() + 3s;
  CHECK(scene.step().at == scene.clock.now() + 3s);
}

TEST_CASE("no DATA leaves before it may flow", "[engine]") {
  Scene scene{Role::client};
  scene.step();
  CHECK(scene.executor.tasks.empty());
  scene.test.started = true;
  scene.step();
  REQUIRE(scene.executor.tasks.size() == 1);
  scene.executor.tasks.front()->step(scene.clock.now(), scene.buffers);
  CHECK(scene.port->sent().size() == 1);
  CHECK(scene.stream->sent_bytes() == 1000);
  CHECK(scene.stream->snapshot(Way::up).sent_packets == 1);
  CHECK_FALSE(scene.stream->snapshot(Way::down).sends);
}

TEST_CASE("a stream of another size than granted sends what was agreed", "[engine]") {
  Scene scene{Role::client};
  CHECK(scene.stream->payload_bytes() == 1000);
  scene.test.payload_bytes.set(600);
  scene.test.started = true;
  scene.step();
  REQUIRE(scene.executor.tasks.size() == 1);
  scene.executor.tasks.front()->step(scene.clock.now(), scene.buffers);
  REQUIRE(scene.port->sent().size() == 1);
  CHECK(scene.port->sent().front().bytes.size() == 600);
  CHECK(scene.stream->payload_bytes() == 600);
}

TEST_CASE("what reads at full speed has a thread for itself, what only sends goes last",
          "[engine]") {
  const Scene paced{Role::server};
  CHECK(paced.stream->urgency() == Urgency::arrival);
  CHECK(paced.stream->weight() == 1);
  auto settings = settings_of(Role::server);
  settings.params.rate_up = SendRate{};
  const Scene reader{settings};
  CHECK(reader.stream->weight() == StreamEndpoint::kAllThereIs);
  settings.role = Role::client;
  const Scene sender{settings};
  CHECK(sender.stream->urgency() == Urgency::bulk);
  CHECK(sender.stream->weight() == 1);
}

TEST_CASE("a receiver's stream is complete with its books, and settled when the report is there",
          "[engine]") {
  Scene scene{Role::server, 1};
  scene.test.started = true;
  scene.send_data(0);
  scene.step();
  CHECK(scene.said() == Types{MessageType::feedback});

  wire::Fin fin;
  fin.report.packets = 2;
  fin.report.payload_bytes = 2000;
  scene.say(MessageType::fin, fin);
  scene.step(1ms);
  CHECK(scene.said() == Types{MessageType::fin_ack});
  CHECK_FALSE(scene.stream->complete());  // the second may be late

  scene.send_data(1);
  scene.executor.notified.clear();
  scene.step(1ms);
  CHECK(scene.stream->complete());
  CHECK(scene.executor.take_notified(scene.first) == 1);
  CHECK_FALSE(scene.stream->delivered());
  const auto report = scene.said();
  REQUIRE(report == Types{MessageType::report});

  wire::ReportPull all;
  scene.say(MessageType::fin, fin);
  scene.step(1ms);
  CHECK(scene.stream->asked_at() == scene.clock.now());
  REQUIRE(scene.port->control.size() == 1);
  all.offset = wire::decode<wire::ReportChunk>(scene.port->control.front())->total;
  scene.say(MessageType::report_pull, all);
  scene.step(1ms);
  CHECK(scene.stream->delivered());
  CHECK(scene.executor.take_notified(scene.first) == 1);

  const auto outcome = scene.stream->received_outcome();
  CHECK(outcome.rx->unique == 2);
  CHECK(outcome.tx->packets == 2);
  CHECK_FALSE(scene.stream->sent_outcome().tx.has_value());
}

TEST_CASE("who has not the control tells once that the test is in trouble", "[engine]") {
  Scene scene{Role::server, 1};
  scene.step();
  scene.executor.notified.clear();
  for (int i = 0; i < 3; ++i) {
    scene.test.refused();
  }
  scene.step();
  CHECK(scene.executor.take_notified(scene.first) == 1);
  scene.step();
  CHECK(scene.executor.take_notified(scene.first) == 0);
}

TEST_CASE("a JOIN that came again is answered by the stream that it brought", "[engine]") {
  Scene scene{Role::server, 1};
  const auto join = [&scene](std::uint64_t session) {
    scene.port->arrive(wire::encode(MessageType::join, session, 1, wire::Join{}));
  };
  join(kSession + 1);
  scene.step();
  CHECK(scene.said().empty());
  join(kSession);
  scene.step();
  CHECK(scene.said() == Types{MessageType::join_ack});
}

TEST_CASE("a stream whose test quits is over at its next step", "[engine]") {
  Scene scene{Role::client};
  scene.test.started = true;
  scene.step();
  REQUIRE(scene.executor.tasks.size() == 1);
  udperf::engine::Task& sender = *scene.executor.tasks.front();
  scene.test.quit = true;
  scene.executor.notified.clear();
  CHECK(scene.step().at == kNever);
  CHECK(scene.stream->over());
  CHECK(scene.executor.take_notified(sender) == 1);

  scene.stream->release();
  CHECK_FALSE(scene.stream->idle());  // its transmit loop is still somebody's
  sender.step(scene.clock.now(), scene.buffers);
  CHECK(sender.over());
  sender.release();
  CHECK(scene.stream->idle());
}

TEST_CASE("a stream without memory takes its test along", "[engine]") {
  Scene scene{Role::server};
  scene.stream->abandon();
  CHECK(scene.stream->over());
  CHECK(scene.test.out_of_memory.load());
  CHECK(scene.test.quit.load());
  CHECK(scene.control.abandoned == 1);

  Scene other{Role::server, 1};
  other.stream->abandon();
  CHECK(other.executor.take_notified(other.first) == 1);
}
