#include <array>
#include <chrono>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "iperf3/datagram.hpp"
#include "iperf3/service.hpp"
#include "net/receive_buffers.hpp"
#include "net/tcp.hpp"
#include "net/udp_port.hpp"
#include "os/event.hpp"
#include "support/catch.hpp"
#include "support/fake_clock.hpp"
#include "support/fake_executor.hpp"
#include "support/fake_neighbours.hpp"
#include "support/iperf3_items.hpp"
#include "support/recording_observer.hpp"
#include "support/seeded_random.hpp"

// Clients of one address at one server, over real sockets; the time is the test's.

using namespace std::chrono_literals;
using namespace udperf;
using namespace udperf::iperf3;
using namespace udperf::test;

namespace {

using Connection = std::unique_ptr<net::TcpConnection>;

struct Scene {
  Scene() {
    options.bind = IpAddress::loopback(IpFamily::v4);
    options.max_sessions_per_address = 100;
    options.max_sessions = 100;
    auto opened =
        Iperf3Service::open({options, clock, random, observer, executor, memory, alone}, 0);
    REQUIRE(opened.has_value());
    service = *std::move(opened);
  }

  Connection connect() {
    auto opened = net::TcpConnection::open({std::nullopt, service->local(), {}});
    REQUIRE(opened.has_value());
    Connection out = *std::move(opened);
    for (int i = 0; i < kMostLooks && out->connecting() == net::TcpConnection::Connecting::underway;
         ++i) {
      os::wait_readable(std::array<int, 1>{out->fd()}, 1ms);
    }
    REQUIRE(out->connecting() == net::TcpConnection::Connecting::done);
    return out;
  }

  /// The next byte that the server says; nothing when it closes.
  std::optional<int> hear(net::TcpConnection& from) {
    std::vector<std::byte> bytes;
    for (int i = 0; i < kMostLooks && bytes.empty() && !from.closed(); ++i) {
      service->step(clock.now());
      os::wait_readable(std::array<int, 1>{from.fd()}, 1ms);
      from.receive(bytes);
    }
    return bytes.empty() ? std::nullopt : std::optional{std::to_integer<int>(bytes.front())};
  }

  /// Cookie and parameters.
  Connection ask(const std::string& parameters = R"({"udp":true,"len":100,"time":5})") {
    Connection out = connect();
    out->send(bytes_of(std::string(37, 'a')));
    REQUIRE(hear(*out) == static_cast<int>(State::param_exchange));
    out->send(framed(parameters));
    return out;
  }

  /// The server's threads.
  void step_streams() {
    for (engine::Task* const task : executor.tasks) {
      static_cast<void>(task->step(clock.now(), buffers));
      if (task->over()) {
        task->release();
      }
    }
  }

  static constexpr int kMostLooks = 60'000;

  engine::ServerOptions options;
  FakeClock clock;
  SeededRandom random{1};
  RecordingObserver observer;
  FakeExecutor executor;
  net::ReceiveBuffers buffers;
  engine::SessionMemory memory{std::uint64_t{1} << 30U};
  FakeNeighbours alone;
  std::unique_ptr<Iperf3Service> service;
};

}  // namespace

TEST_CASE("silent connections do not keep a client of their address out") {
  Scene s;
  std::vector<Connection> silent;
  for (int i = 0; i < 70; ++i) {
    silent.push_back(s.connect());
    s.service->step(s.clock.now());
  }
  const Connection client = s.ask();
  CHECK(s.hear(*client) == static_cast<int>(State::create_streams));
  CHECK(s.service->count() <= 64);
  CHECK(s.hear(*silent.front()) == std::nullopt);
}

TEST_CASE("who says no hello keeps no turn that another waits for") {
  Scene s;
  std::vector<Connection> silent;
  silent.push_back(s.ask());
  REQUIRE(s.hear(*silent.front()) == static_cast<int>(State::create_streams));
  for (int i = 0; i < 9; ++i) {
    silent.push_back(s.ask());
    s.service->step(s.clock.now());
  }
  const Connection client = s.ask();
  s.service->step(s.clock.now());
  for (Connection& other : silent) {
    // Each has its turn for less than the ten seconds that it would have alone.
    s.clock.advance(5s);
    REQUIRE(s.hear(*other).value_or(0) == (other == silent.front() ? 0xFE : 10));
  }
  s.clock.advance(5s);
  CHECK(s.hear(*client) == static_cast<int>(State::create_streams));
}

TEST_CASE("a client that nobody waits for has all its time for a hello") {
  Scene s;
  const Connection client = s.ask();
  REQUIRE(s.hear(*client) == static_cast<int>(State::create_streams));
  s.clock.advance(9s);
  s.service->step(s.clock.now());
  CHECK(s.service->count() == 1);
  CHECK(s.service->occupancy(client->remote().address, s.clock.now()).sessions == 1);
}

TEST_CASE(
    "nothing counts of a test that was stopped in its omitted time, not what is late, either") {
  Scene s;
  const Connection client = s.ask(R"({"udp":true,"len":100,"time":5,"omit":2})");
  REQUIRE(s.hear(*client) == static_cast<int>(State::create_streams));
  net::PortOptions options;
  options.remote = s.service->local();
  const auto port = net::UdpPort::open(options);
  REQUIRE(port.has_value());
  static_cast<void>((*port)->send_control(kHello));
  REQUIRE(s.hear(*client) == static_cast<int>(State::test_start));
  s.step_streams();
  s.clock.advance(1s);
  client->send(state(State::test_end));
  REQUIRE(s.hear(*client) == static_cast<int>(State::exchange_results));
  s.clock.advance(2s);
  s.step_streams();  // by the clock the omitted time is over
  client->send(framed(one_stream_results()));
  std::vector<std::byte> heard;
  for (int i = 0; i < Scene::kMostLooks && s.observer.closed.empty(); ++i) {
    s.clock.advance(1ms);
    s.step_streams();
    s.service->step(s.clock.now());
    os::wait_readable(std::array<int, 1>{client->fd()}, 1ms);
    client->receive(heard);
    if (!heard.empty() && heard.back() == state(State::display_results).front()) {
      client->send(state(State::iperf_done));
      heard.clear();
    }
  }
  REQUIRE(s.observer.closed.size() == 1);
  const auto& up = s.observer.closed.front().up;
  REQUIRE(up.has_value());
  const auto& stream = up->streams.front();
  REQUIRE(stream.tx.has_value());
  REQUIRE(stream.rx.has_value());
  CHECK(stream.tx->packets == 0);
  CHECK(stream.rx->sent == 0);
  CHECK(stream.rx->lost == 0);
}
