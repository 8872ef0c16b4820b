#include "engine/stream_socket.hpp"
#include "support/catch.hpp"
#include "support/fake_clock.hpp"
#include "support/fake_port.hpp"

using namespace std::chrono_literals;
using udperf::Direction;
using udperf::MonoTime;
using udperf::TokenBucket;
using udperf::engine::ControlMessage;
using udperf::engine::StreamSettings;
using udperf::engine::StreamSocket;
using udperf::engine::TestState;
using udperf::net::SendOutcome;
using udperf::session::ControlBudget;
using udperf::session::Role;
using udperf::session::Sealer;
using udperf::wire::MessageType;

namespace wire = udperf::wire;

namespace {

using Bytes = std::vector<std::byte>;
constexpr std::uint64_t kSession = 0x1234;
constexpr std::uint8_t kStream = 2;

Bytes probe(std::uint64_t session = kSession, std::uint8_t stream = kStream,
            std::size_t padded_to = 0) {
  return wire::encode(MessageType::probe, session, stream, wire::Probe{}, padded_to);
}

Bytes data(std::size_t bytes) {
  Bytes out(bytes);
  wire::DataHeader header;
  header.session = kSession;
  header.stream = kStream;
  wire::encode(header, std::span{out}.first<udperf::kDataHeaderBytes>());
  return out;
}

Sealer sealer_of(Role role) {
  udperf::crypto::Key key{};
  key[0] = std::byte{7};
  return Sealer::for_session(key, role, {}, {}, kStream);
}

/// A stream of a server that receives, and what it made of what came.
struct Scene {
  explicit Scene(const Sealer& sealer = {}) : socket(settings, set_up(sealer), clock, test) {}

  std::unique_ptr<udperf::net::DatagramPort> set_up(const Sealer& sealer) {
    settings.role = Role::server;
    settings.sealer = sealer;
    settings.session = kSession;
    settings.stream = kStream;
    settings.params.direction = Direction::up;
    auto owned = std::make_unique<udperf::test::FakePort>();
    port = owned.get();
    return owned;
  }
  StreamSocket::Reading read() { return socket.read(clock.now(), buffers, *this); }

  // What StreamSocket::read() asks of its handler.
  std::size_t on_data(const udperf::net::Received& read, std::size_t offset, MonoTime /*now*/) {
    data_at.push_back(offset);
    return std::min<std::size_t>(offset + read.segment, read.data.size());
  }
  void on_control(const ControlMessage& message, MonoTime /*now*/) {
    control.push_back(message.type);
    inner_bytes = message.inner.size();
    clock.advance(takes);
  }
  void on_stray(MessageType type, std::span<const std::byte> /*datagram*/) {
    strays.push_back(type);
  }
  void on_invalid() { ++invalid; }
  void after_reads() { ++emptied; }

  StreamSettings settings;
  TestState test;
  udperf::test::FakeClock clock;
  udperf::test::FakePort* port = nullptr;
  udperf::net::ReceiveBuffers buffers;
  StreamSocket socket;
  std::vector<std::size_t> data_at;
  std::vector<MessageType> control;
  std::vector<MessageType> strays;
  std::size_t inner_bytes = 0;
  udperf::Duration takes{0};  ///< what a control message costs
  int invalid = 0;
  int emptied = 0;
};

}  // namespace

TEST_CASE("what is read is told apart by its kind", "[engine]") {
  Scene scene;
  scene.port->arrive(data(100));
  scene.port->arrive(probe());
  scene.port->arrive(wire::encode(MessageType::hello, 0, 0, wire::Hello{}));
  scene.port->arrive(Bytes(100, std::byte{'x'}));
  auto of_another_version = probe();
  of_another_version[4] = std::byte{wire::kVersion + 1};
  scene.port->arrive(of_another_version);

  const auto reading = scene.read();
  CHECK(reading.reads == 5);
  CHECK_FALSE(reading.more);
  CHECK(scene.data_at == std::vector<std::size_t>{0});
  CHECK(scene.control == std::vector{MessageType::probe});
  CHECK(scene.strays == std::vector{MessageType::hello});
  CHECK(scene.invalid == 2);
  CHECK(scene.emptied == 5);
}

TEST_CASE("a control message among merged DATA is taken out of it", "[engine]") {
  Scene scene;
  Bytes merged = data(100);
  for (const Bytes& next : {probe(kSession, kStream, 100), data(100), data(60)}) {
    merged.insert(merged.end(), next.begin(), next.end());
  }
  scene.port->arrive(merged, scene.clock.now(), 100);
  CHECK(scene.read().bytes == 360);
  CHECK(scene.data_at == std::vector<std::size_t>{0, 200, 300});
  CHECK(scene.control == std::vector{MessageType::probe});
}

TEST_CASE("DATA is no message where the stream receives none", "[engine]") {
  Scene scene;
  scene.settings.params.direction = Direction::down;
  scene.port->arrive(data(100));
  scene.read();
  CHECK(scene.data_at.empty());
}

TEST_CASE("only messages of the session and stream are signs of life", "[engine]") {
  Scene scene;
  scene.port->arrive(probe(kSession + 1));
  scene.port->arrive(probe(kSession, kStream + 1));
  scene.read();
  CHECK(scene.control.empty());
  CHECK(scene.invalid == 0);
  CHECK(scene.test.last_heard() == MonoTime{});

  scene.port->arrive(probe());
  scene.read();
  CHECK(scene.control.size() == 1);
  CHECK(scene.test.last_heard() == scene.clock.now());
}

TEST_CASE("with a key a message counts once, and not at all without its seal", "[engine]") {
  Scene scene{sealer_of(Role::server)};
  Sealer client = sealer_of(Role::client);
  auto sealed = probe();
  client.seal(sealed);
  scene.port->arrive(sealed);
  scene.port->arrive(sealed);
  scene.port->arrive(probe());
  scene.read();
  CHECK(scene.control.size() == 1);
  CHECK(scene.inner_bytes == probe().size());

  scene.socket.send(probe());
  REQUIRE(scene.port->control.size() == 1);
  CHECK(client.open(scene.port->control.front(), Sealer::Replay::refused).has_value());
}

TEST_CASE("a turn ends after 32 reads, or when it has taken long", "[engine]") {
  Scene scene;
  for (int i = 0; i < 40; ++i) {
    scene.port->arrive(probe());
  }
  SECTION("many") {
    CHECK(scene.read().more);
    CHECK(scene.control.size() == 32);
    CHECK_FALSE(scene.read().more);
    CHECK(scene.control.size() == 40);
  }
  SECTION("long ones") {
    scene.takes = 200us;
    CHECK(scene.read().more);
    CHECK(scene.control.size() == 3);
  }
}

TEST_CASE("three bytes are said for each that came, and two of FEEDBACK", "[engine]") {
  TokenBucket all{1'000'000, 1'000'000};
  ControlBudget budget{all};
  Scene scene;
  scene.settings.budget = &budget;
  CHECK_FALSE(scene.socket.send(probe(), ControlBudget::Kind::answer));

  scene.port->arrive(Bytes(100, std::byte{'x'}));  // whatever it is
  scene.read();
  const Bytes hundred = probe(kSession, kStream, 100);
  CHECK(scene.socket.send(hundred, ControlBudget::Kind::feedback));
  CHECK(scene.socket.send(hundred, ControlBudget::Kind::feedback));
  CHECK_FALSE(scene.socket.send(hundred, ControlBudget::Kind::feedback));
  CHECK(scene.socket.affordable() == 100);
  CHECK(scene.socket.send(hundred, ControlBudget::Kind::answer));
  CHECK_FALSE(scene.socket.send_whole(hundred).has_value());
  CHECK(scene.port->control.size() == 3);
  CHECK(budget.beside_talk(scene.clock.now()) == 100);
}

TEST_CASE("what keeps messages from the peer is known to the whole test", "[engine]") {
  Scene scene;
  scene.test.heard(scene.clock.now());
  scene.port->control_says.status = SendOutcome::Status::refused;
  scene.socket.send(probe());
  scene.socket.send(probe());
  scene.port->refused = true;  // by ICMP, found when nothing is left to read
  CHECK_FALSE(scene.test.gone(scene.clock.now() + 1s));
  scene.read();
  CHECK(scene.test.gone(scene.clock.now() + 1s));

  scene.port->control_says.status = SendOutcome::Status::denied;
  scene.port->control_says.os_error = EPERM;
  scene.socket.send(probe());
  CHECK(scene.test.control_refused.load() == EPERM);
}

TEST_CASE("who accepts new sessions gets what comes to the socket of one", "[engine]") {
  Scene scene;
  const Bytes hello = wire::encode(MessageType::hello, 0, 0, wire::Hello{});
  scene.socket.hand_on(hello);  // nobody does
  std::vector<udperf::net::Datagram> got;
  scene.settings.on_stray = [&got](udperf::net::Datagram one) { got.push_back(std::move(one)); };
  scene.port->peer.port = 4711;
  scene.socket.hand_on(hello);
  REQUIRE(got.size() == 1);
  CHECK(got.front().bytes == hello);
  CHECK(got.front().peer.port == 4711);
}
