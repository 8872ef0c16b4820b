#include <array>
#include <chrono>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "iperf3/service.hpp"
#include "net/tcp.hpp"
#include "os/event.hpp"
#include "support/catch.hpp"
#include "support/fake_clock.hpp"
#include "support/fake_neighbours.hpp"
#include "support/iperf3_items.hpp"
#include "support/seeded_random.hpp"

// Clients of one address at one server, over real sockets; the time is the test's.

using namespace std::chrono_literals;
using namespace udperf;
using namespace udperf::iperf3;
using namespace udperf::test;

namespace {

class NoObserver final : public engine::ServerObserver {
 public:
  void on_ready(const Endpoint& /*local*/) override {}
  void on_session_opened(std::uint64_t /*session*/, const Endpoint& /*client*/,
                         const TestParams& /*params*/) override {}
  void on_session_closed(const SessionOutcome& /*outcome*/) override {}
  void on_refused(const Endpoint& /*client*/, const engine::Refusal& /*refusal*/) override {}
  void on_warning(const Warning& /*warning*/) override {}
  void on_counters(const engine::ServerCounters& /*counters*/) override {}
};

class NoExecutor final : public engine::Executor {
 public:
  void add(engine::Task& /*task*/) override {}
  void wake() override {}
};

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
  Connection ask() {
    Connection out = connect();
    out->send(bytes_of(std::string(37, 'a')));
    REQUIRE(hear(*out) == static_cast<int>(State::param_exchange));
    out->send(framed(R"({"udp":true,"len":100,"time":5})"));
    return out;
  }

  static constexpr int kMostLooks = 60'000;

  engine::ServerOptions options;
  FakeClock clock;
  SeededRandom random{1};
  NoObserver observer;
  NoExecutor executor;
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
