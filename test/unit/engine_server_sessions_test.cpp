#include "engine/server_sessions.hpp"
#include "support/catch.hpp"
#include "support/fake_clock.hpp"
#include "support/fake_executor.hpp"
#include "support/fake_neighbours.hpp"
#include "support/fake_port.hpp"
#include "support/recording_observer.hpp"
#include "support/seeded_random.hpp"

using namespace std::chrono_literals;
using udperf::Endpoint;
using udperf::Error;
using udperf::ErrorCode;
using udperf::kNever;
using udperf::MonoTime;
using udperf::SendRate;
using udperf::TestParams;
using udperf::TestStatus;
using udperf::engine::ServerSessions;
using udperf::engine::Task;
using udperf::session::ClientHandshake;
using udperf::test::FakePort;
using udperf::wire::MessageType;

namespace net = udperf::net;
namespace wire = udperf::wire;

namespace {

using Bytes = std::vector<std::byte>;

Endpoint at_port(std::uint16_t port) {
  return Endpoint{udperf::parse_ip_address("192.0.2.1").value(), port};
}

const Endpoint& server_endpoint() {
  static const Endpoint server{udperf::parse_ip_address("198.51.100.1").value(),
                               udperf::kDefaultPort};
  return server;
}

/// The server's port: what arrives there, what is answered, and the sockets of its sessions.
struct FakeListenPort final : net::ListenPort {
  std::span<const net::Datagram> receive() override {
    read = std::exchange(arriving, {});
    return read;
  }
  void send(const net::Datagram& datagram) override { answers.push_back(datagram); }
  [[nodiscard]] Endpoint local() const override { return server_endpoint(); }
  [[nodiscard]] int fd() const override { return -1; }
  udperf::Result<std::unique_ptr<net::DatagramPort>> open_session(
      const net::PortOptions& options, std::vector<net::Datagram>& strays) override {
    strays = std::exchange(misled, {});
    if (out_of_sockets) {
      return tl::unexpected{Error{ErrorCode::system, "no socket", EMFILE, {}}};
    }
    auto port = std::make_unique<FakePort>();
    port->peer = options.remote;
    sessions.push_back(port.get());
    return port;
  }

  std::vector<net::Datagram> arriving;
  std::vector<net::Datagram> read;
  std::vector<net::Datagram> answers;
  std::vector<net::Datagram> misled;  ///< handed back by the next open_session()
  std::vector<FakePort*> sessions;    ///< as long as these are there
  bool out_of_sockets = false;
};

struct RecordingFallback final : udperf::engine::FallbackProtocol {
  bool on_datagram(const net::Datagram& /*datagram*/, bool is_native, MonoTime /*now*/) override {
    native.push_back(is_native);
    return takes;
  }
  [[nodiscard]] bool has_served() const override { return false; }

  bool takes = true;
  std::vector<bool> native;
};

TestParams eight_megabits() {
  TestParams params;
  params.payload_bytes = 1000;
  params.amount.duration = 10s;
  params.rate_up = {SendRate::Kind::bits, 8'000'000};
  return params;
}

struct Scene {
  /// A client on this port, at HELLO.
  ClientHandshake handshake(std::uint64_t seed = 1) {
    udperf::test::SeededRandom own{seed};
    return ClientHandshake{
        {eight_megabits(), std::nullopt, 5s, std::nullopt, std::nullopt}, own, clock.now()};
  }
  /// What the client has to say, brought to the server; its answers, brought back.
  void exchange(ClientHandshake& client, const Endpoint& from) {
    last = client.poll_transmit().value();
    deliver(last, from);
    for (const net::Datagram& answer : std::exchange(listener.answers, {})) {
      client.on_datagram(answer.bytes, clock.now());
    }
  }
  void deliver(const Bytes& bytes, const Endpoint& from) {
    listener.arriving.push_back({bytes, from, server_endpoint()});
    sessions.step(clock.now());
  }
  /// From HELLO to REQUEST.
  void ask(const Endpoint& from, std::uint64_t seed = 1) {
    ClientHandshake client = handshake(seed);
    exchange(client, from);
    exchange(client, from);
  }
  /// The client of the first session says that it has done with it.
  void leave() {
    FakePort& port = *listener.sessions.front();
    const auto id = wire::decode_common(port.control.front())->session;
    port.arrive(wire::encode(MessageType::bye, id, 0, wire::Bye{wire::ByeReason::failed}));
    executor.tasks.front()->step(clock.now(), buffers);
  }

  udperf::test::FakeClock clock;
  udperf::test::FakeExecutor executor;
  net::ReceiveBuffers buffers;
  udperf::engine::ServerOptions options;
  udperf::test::SeededRandom random{2};
  udperf::test::RecordingObserver observer;
  FakeListenPort listener;
  udperf::engine::SessionMemory memory{options.max_memory.count()};
  udperf::test::FakeNeighbours neighbours;
  RecordingFallback fallback;
  ServerSessions sessions{
      options, {executor, memory, neighbours, &listener}, clock, random, observer, &fallback};
  Bytes last;  ///< what a client said
};

}  // namespace

TEST_CASE("HELLO is answered, and nothing is kept of who said it", "[engine]") {
  Scene scene;
  ClientHandshake client = scene.handshake();
  scene.exchange(client, at_port(1000));
  CHECK(client.heard());
  CHECK(scene.sessions.counters().hellos == 1);
  CHECK(scene.sessions.counters().challenges == 1);
  CHECK(scene.sessions.count() == 0);
  CHECK(scene.listener.sessions.empty());
  CHECK(scene.memory.used() == 0);
}

TEST_CASE("REQUEST with its cookie opens a session with a socket of its own", "[engine]") {
  Scene scene;
  ClientHandshake client = scene.handshake();
  scene.exchange(client, at_port(1000));
  scene.exchange(client, at_port(1000));
  CHECK(scene.sessions.count() == 1);
  CHECK(scene.observer.opened == 1);
  CHECK(scene.memory.used() > 0);
  REQUIRE(scene.executor.tasks.size() == 1);
  REQUIRE(scene.listener.sessions.size() == 1);
  const FakePort& port = *scene.listener.sessions.front();
  CHECK(port.peer == at_port(1000));
  REQUIRE(port.control.size() == 1);
  client.on_datagram(port.control.front(), scene.clock.now());
  REQUIRE(client.done());
  CHECK(client.accept().params == eight_megabits());

  scene.deliver(scene.last, at_port(1000));  // REQUEST once more
  CHECK(scene.sessions.count() == 1);
  CHECK(scene.listener.sessions.size() == 1);
}

TEST_CASE("a cookie is worth nothing at another address, or touched", "[engine]") {
  Scene scene;
  scene.fallback.takes = false;
  ClientHandshake client = scene.handshake();
  scene.exchange(client, at_port(1000));
  Bytes request = client.poll_transmit().value();
  SECTION("another address") {
    scene.deliver(request, at_port(1001));
  }
  SECTION("touched") {
    request[wire::kCommonHeaderBytes + std::tuple_size_v<wire::Nonce>] ^= std::byte{1};
    scene.deliver(request, at_port(1000));
  }
  CHECK(scene.sessions.counters().bad_cookies == 1);
  CHECK(scene.sessions.count() == 0);
  CHECK(scene.listener.answers.empty());
}

TEST_CASE("who cannot have a socket is told to come again, and costs nothing", "[engine]") {
  Scene scene;
  scene.listener.out_of_sockets = true;
  ClientHandshake client = scene.handshake();
  scene.exchange(client, at_port(1000));
  scene.exchange(client, at_port(1000));
  CHECK(client.failed());
  CHECK(client.retry_after_ms() == 5000);
  REQUIRE(scene.observer.refused.size() == 1);
  CHECK(scene.observer.refused.front() == "the system has no socket for another stream");
  CHECK(scene.sessions.count() == 0);
  CHECK(scene.memory.used() == 0);
}

TEST_CASE("places that the neighbours have given out are taken", "[engine]") {
  Scene scene;
  scene.neighbours.occupancy.sessions = scene.options.max_sessions;
  scene.ask(at_port(1000));
  CHECK(scene.sessions.count() == 0);
  CHECK(scene.observer.refused.size() == 1);
}

TEST_CASE("a session is told of once its threads have let go of it", "[engine]") {
  Scene scene;
  scene.ask(at_port(1000));
  scene.leave();
  CHECK(scene.sessions.step(scene.clock.now()) == scene.clock.now() + 2ms);
  CHECK(scene.sessions.count() == 1);
  CHECK(scene.observer.closed.empty());

  Task& stream = *scene.executor.tasks.front();
  stream.step(scene.clock.now(), scene.buffers);
  REQUIRE(stream.over());
  stream.release();
  CHECK(scene.sessions.step(scene.clock.now()) == kNever);
  CHECK(scene.sessions.count() == 0);
  CHECK(scene.sessions.finished() == 1);
  REQUIRE(scene.observer.closed.size() == 1);
  CHECK(scene.observer.closed.front().status == TestStatus::incomplete);
  CHECK(scene.observer.closed.front().client == at_port(1000));
  CHECK(scene.memory.used() == 0);
}

TEST_CASE("a client that was started again takes its own place", "[engine]") {
  Scene scene;
  scene.ask(at_port(1000));
  scene.ask(at_port(1000), 3);
  CHECK(scene.observer.opened == 2);
  REQUIRE(scene.executor.tasks.size() == 2);
  Task& first = *scene.executor.tasks.front();
  first.step(scene.clock.now(), scene.buffers);
  CHECK(first.over());
  first.release();
  scene.sessions.step(scene.clock.now());
  REQUIRE(scene.observer.closed.size() == 1);
  CHECK(scene.observer.closed.front().reason == "the client started again");
  CHECK(scene.sessions.count() == 1);
}

TEST_CASE("a server that shuts down tells its sessions, and lets nobody in", "[engine]") {
  Scene scene;
  scene.ask(at_port(1000));
  scene.sessions.shut_down();
  scene.ask(at_port(1001), 3);
  CHECK(scene.observer.opened == 1);
  REQUIRE(scene.observer.refused.size() == 1);

  FakePort& port = *scene.listener.sessions.front();
  port.control.clear();
  scene.executor.tasks.front()->step(scene.clock.now(), scene.buffers);
  REQUIRE_FALSE(port.control.empty());
  CHECK(wire::decode<wire::Bye>(port.control.front())->reason == wire::ByeReason::shutting_down);
}

TEST_CASE("a HELLO that came to a session's socket is answered all the same", "[engine]") {
  Scene scene;
  ClientHandshake other = scene.handshake(3);
  const Bytes hello = other.poll_transmit().value();
  SECTION("before that was connected") {
    scene.listener.misled = {{hello, at_port(1001), server_endpoint()}};
    scene.ask(at_port(1000));
  }
  SECTION("from the client's own address") {
    scene.ask(at_port(1000));
    scene.listener.sessions.front()->arrive(hello);
    scene.executor.tasks.front()->step(scene.clock.now(), scene.buffers);
  }
  scene.sessions.step(scene.clock.now());
  CHECK(scene.sessions.counters().hellos == 2);
  CHECK(scene.sessions.counters().challenges == 2);
}

TEST_CASE("another protocol gets what is not the port's own, and it is counted where it wants none",
          "[engine]") {
  Scene scene;
  scene.deliver(Bytes(20, std::byte{'x'}), at_port(1000));
  scene.deliver(wire::encode(MessageType::probe, 5, 0, wire::Probe{}), at_port(1000));
  CHECK(scene.fallback.native == std::vector<bool>{false, true});
  CHECK(scene.sessions.counters().malformed == 0);

  scene.fallback.takes = false;
  scene.deliver(Bytes(20, std::byte{'x'}), at_port(1000));
  scene.deliver(wire::encode(MessageType::probe, 5, 0, wire::Probe{}), at_port(1000));
  CHECK(scene.sessions.counters().malformed == 1);
  CHECK(scene.sessions.counters().unknown_session == 1);
}
