#include "engine/client_test.hpp"
#include "support/catch.hpp"
#include "support/fake_clock.hpp"
#include "support/fake_executor.hpp"
#include "support/fake_port.hpp"
#include "support/seeded_random.hpp"

using namespace std::chrono_literals;
using udperf::Direction;
using udperf::Duration;
using udperf::Endpoint;
using udperf::MonoTime;
using udperf::RxReport;
using udperf::SendRate;
using udperf::TestStatus;
using udperf::engine::ClientTest;
using udperf::engine::Task;
using udperf::wire::MessageType;

namespace net = udperf::net;
namespace wire = udperf::wire;

namespace {

constexpr std::uint64_t kSession = 77;

/// A port whose peer answers each message at once, as a server would.
class ServedPort final : public udperf::test::FakePort {
 public:
  /// `said`: where it notes what it was given; outlives it.
  ServedPort(MessageType silent_from, std::vector<MessageType>& said)
      : silent_from_(silent_from), said_(said) {
    limit = 1;
  }

  net::SendOutcome send_control(std::span<const std::byte> datagram) override {
    const auto header = wire::decode_common(datagram);
    said_.push_back(header->type);
    if (header->type < silent_from_ || header->type == MessageType::join) {
      answer(*header, datagram);
    }
    return {};
  }

 private:
  template <typename Message>
  void say(MessageType type, const wire::CommonHeader& header, const Message& message) {
    arrive(wire::encode(type, header.session, header.stream, message));
  }
  void answer(const wire::CommonHeader& header, std::span<const std::byte> datagram) {
    switch (header.type) {
      case MessageType::hello:
        challenge_.nonce = wire::decode<wire::Hello>(datagram)->nonce;
        return say(MessageType::challenge, {}, challenge_);
      case MessageType::request:
        return accept(*wire::decode<wire::Request>(datagram));
      case MessageType::join:
        return say(MessageType::join_ack, header, wire::Empty{});
      case MessageType::go:
        return say(MessageType::go_ack, header, wire::Empty{});
      case MessageType::fin:
        return report(header, wire::decode<wire::Fin>(datagram)->report);
      default:
        return;
    }
  }
  void accept(const wire::Request& request) {
    wire::Accept accept;
    accept.nonce = request.nonce;
    accept.params = request.params;
    accept.concurrent = 3;
    wire::CommonHeader header;
    header.session = kSession;
    say(MessageType::accept, header, accept);
  }
  /// All has arrived.
  void report(const wire::CommonHeader& header, const udperf::TxReport& sent) {
    RxReport report;
    report.tail_known = true;
    report.sent = report.unique = report.datagrams = sent.packets;
    report.unique_bytes = sent.payload_bytes;
    report.interval_ns = 1'000'000'000;
    report.intervals.resize(1);
    report.intervals.front().sent = report.intervals.front().unique = sent.packets;
    report.intervals.front().bytes = sent.payload_bytes;
    wire::ReportChunk chunk;
    chunk.bytes = wire::encode_report(report);
    chunk.total = static_cast<std::uint32_t>(chunk.bytes.size());
    say(MessageType::report, header, chunk);
  }

  MessageType silent_from_;
  std::vector<MessageType>& said_;
  wire::Challenge challenge_;
};

constexpr MessageType kAnswersAll = MessageType::join_ack;  // the last one
constexpr MessageType kAnswersNothing = MessageType::hello;

/// A client of one second at 1000 datagrams a second, and all its tasks on this thread.
struct Scene {
  explicit Scene(MessageType silent_from, std::uint16_t streams = 1, Duration go_in = {}) {
    ClientTest::Settings settings;
    settings.options.auto_packet_size = false;
    settings.options.params.streams = streams;
    settings.options.params.payload_bytes = 1000;
    settings.options.params.amount.duration = 1s;
    settings.options.params.rate_up = {SendRate::Kind::bits, 8'000'000};
    settings.servers = {Endpoint{}};
    settings.connect_by = clock.now() + 2s;
    settings.go_at = clock.now() + go_in;
    settings.streams = settings.senders = &executor;
    settings.open =
        [this, silent_from](
            const net::PortOptions&) -> udperf::Result<std::unique_ptr<net::DatagramPort>> {
      ++ports;
      return std::make_unique<ServedPort>(silent_from, messages);
    };
    settings.on_hello = [this](const Endpoint&) { ++hellos; };
    settings.on_granted = [this](const ClientTest& granted) {
      endpoints_when_granted = granted.endpoints().size();
      CHECK(executor.tasks.empty());
    };
    settings.on_over = [this] { ++overs; };
    test.emplace(std::move(settings), clock, random);
  }

  /// Steps everything a millisecond at a time; lets go of tasks that are over where `releases`.
  void run(Duration time) {
    for (const MonoTime until = clock.now() + time; clock.now() < until && !test->over();) {
      test->step(clock.now(), buffers);
      for (std::size_t i = 0; i < executor.tasks.size(); ++i) {
        executor.tasks[i]->step(clock.now(), buffers);
      }
      if (releases) {
        std::erase_if(executor.tasks, [](Task* task) {
          if (task->over()) {
            task->release();
          }
          return task->over();
        });
      }
      clock.advance(1ms);
    }
  }
  [[nodiscard]] auto said(MessageType type) const {
    return std::count(messages.begin(), messages.end(), type);
  }

  udperf::test::FakeClock clock;
  udperf::test::FakeExecutor executor;
  udperf::test::SeededRandom random{1};
  net::ReceiveBuffers buffers;
  int ports = 0;
  std::vector<MessageType> messages;  ///< of the client, at all of its ports
  int hellos = 0;
  std::size_t endpoints_when_granted = 0;
  int overs = 0;
  bool releases = true;
  std::optional<ClientTest> test;
};

}  // namespace

TEST_CASE("a test runs from HELLO to its outcome by its steps alone", "[engine]") {
  Scene scene{kAnswersAll};
  scene.run(10s);
  REQUIRE(scene.test->over());
  CHECK(scene.hellos == 1);
  CHECK(scene.overs == 1);
  CHECK(scene.test->started());
  CHECK(scene.test->idle());
  const udperf::TestOutcome outcome = scene.test->take_outcome();
  CHECK(outcome.status == TestStatus::complete);
  CHECK_FALSE(outcome.error.has_value());
  CHECK(outcome.session == kSession);
  CHECK(outcome.concurrent_sessions_max == 3);
  REQUIRE(outcome.up.has_value());
  REQUIRE(outcome.up->streams.size() == 1);
  CHECK(outcome.up->streams.front().tx->packets == 1000);
  CHECK(outcome.up->streams.front().rx->unique == 1000);
  CHECK_FALSE(outcome.down.has_value());
  CHECK(outcome.end - outcome.start > 1s);
}

TEST_CASE("all streams have joined before any of them is run", "[engine]") {
  Scene scene{kAnswersAll, 3};
  scene.run(10ms);
  REQUIRE(scene.test->granted());
  CHECK(scene.endpoints_when_granted == 3);
  CHECK(scene.executor.tasks.size() >= 3);
  CHECK(scene.ports == 3);
  scene.run(10s);
  CHECK(scene.test->outcome().status == TestStatus::complete);
  CHECK(scene.test->outcome().up->streams.size() == 3);
}

TEST_CASE("a server that does not answer is waited for until the time is over", "[engine]") {
  Scene scene{kAnswersNothing};
  const MonoTime begun = scene.clock.now();
  scene.run(10s);
  REQUIRE(scene.test->over());
  CHECK(scene.clock.now() - begun >= 2s);
  CHECK(scene.clock.now() - begun < 2100ms);
  CHECK(scene.said(MessageType::hello) > 5);
  CHECK_FALSE(scene.test->granted());
  CHECK(scene.test->outcome().status == TestStatus::error);
  CHECK(scene.test->outcome().error.has_value());
  CHECK(scene.overs == 1);
}

TEST_CASE("an interrupt before there is a session leaves nothing behind", "[engine]") {
  Scene scene{kAnswersNothing};
  scene.run(10ms);
  scene.test->interrupt();
  scene.run(2ms);
  REQUIRE(scene.test->over());
  CHECK(scene.test->outcome().status == TestStatus::interrupted);
  CHECK(scene.executor.tasks.empty());
  CHECK(scene.overs == 1);
}

TEST_CASE("what was measured until an interrupt is the outcome", "[engine]") {
  Scene scene{kAnswersAll};
  scene.run(500ms);
  REQUIRE(scene.test->started());
  scene.test->interrupt();
  scene.run(5s);
  REQUIRE(scene.test->over());
  CHECK(scene.test->outcome().status == TestStatus::interrupted);
  const auto& stream = scene.test->outcome().up->streams.front();
  CHECK(stream.tx->packets > 400);
  CHECK(stream.tx->packets < 600);
  CHECK(stream.rx->unique == stream.tx->packets);
}

TEST_CASE("a test is over when its tasks run nowhere any more, and not before", "[engine]") {
  Scene scene{kAnswersAll};
  scene.releases = false;
  scene.run(10s);
  CHECK_FALSE(scene.test->over());
  CHECK_FALSE(scene.test->idle());
  for (const Task* task : scene.executor.tasks) {
    CHECK(task->over());
  }
  scene.releases = true;
  scene.run(5ms);
  CHECK(scene.test->over());
  CHECK(scene.overs == 1);
}

TEST_CASE("a root without memory has its streams let go of everything", "[engine]") {
  Scene scene{kAnswersAll};
  scene.run(100ms);
  REQUIRE_FALSE(scene.executor.tasks.empty());
  scene.test->abandon();
  CHECK(scene.test->over());
  CHECK(scene.overs == 1);
  CHECK(scene.test->outcome().status == TestStatus::error);
  for (Task* task : std::vector<Task*>{scene.executor.tasks}) {
    task->step(scene.clock.now(), scene.buffers);
    CHECK(task->over());
    task->release();
  }
  CHECK(scene.test->idle());
}

TEST_CASE("GO waits for the moment that it was asked for", "[engine]") {
  Scene scene{kAnswersAll, 1, 300ms};
  scene.run(299ms);
  CHECK(scene.test->granted());
  CHECK(scene.said(MessageType::go) == 0);
  scene.run(10ms);
  CHECK(scene.said(MessageType::go) == 1);
}
