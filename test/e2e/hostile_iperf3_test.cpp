// Clients of iperf3's protocol that mean no good, against `udperf server --iperf3`.

#include <poll.h>

#include <chrono>
#include <csignal>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "e2e/iperf3_peers.hpp"
#include "e2e/program.hpp"
#include "e2e/scene.hpp"
#include "iperf3/protocol.hpp"
#include "net/tcp.hpp"
#include "support/catch.hpp"

using namespace std::chrono_literals;
using namespace udperf;
using namespace udperf::test;
using Place = RoutedPath::Place;
using Words = std::vector<std::string>;

namespace {

Words client_from(const Scene& scene, const std::string& address, const std::string& seconds) {
  return scene.path.command(
      Place::client, {"iperf3", "-6", "-c", kServer6, "-B", address, "-u", "-b", "100K", "-l",
                      "500", "-t", seconds, "--forceflush"});
}

/// A client whose test has begun, by its own word.
std::optional<Process> begun_from(const Scene& scene, const std::string& address) {
  auto client = Process::start(client_from(scene, address, "60"), {});
  if (client && client->wait_for(Stream::out, "connected to", kGuard)) {
    return std::move(*client);
  }
  return std::nullopt;
}

/// A connection that has said its cookie, and so may ask for a test.
std::unique_ptr<net::TcpConnection> connect_to(std::uint16_t port, unsigned number) {
  net::TcpConnection::Options options;
  options.remote.address = IpAddress::loopback(IpFamily::v4);
  options.remote.port = port;
  auto opened = net::TcpConnection::open(options);
  REQUIRE(opened);
  std::string cookie = std::to_string(number);
  cookie.insert(0, 36 - cookie.size(), 'a');
  const auto bytes = std::as_bytes(std::span{cookie.c_str(), 37});
  const auto deadline = std::chrono::steady_clock::now() + kGuard;
  while ((*opened)->connecting() == net::TcpConnection::Connecting::underway) {
    REQUIRE(std::chrono::steady_clock::now() < deadline);
    pollfd writable{(*opened)->fd(), POLLOUT, 0};
    static_cast<void>(::poll(&writable, 1, 1000));
  }
  (*opened)->send(bytes);
  return std::move(*opened);
}

/// The next byte: what the server has come to.
int next_state(net::TcpConnection& connection) {
  std::vector<std::byte> got;
  const auto deadline = std::chrono::steady_clock::now() + kGuard;
  while (got.empty() && !connection.closed() && std::chrono::steady_clock::now() < deadline) {
    pollfd readable{connection.fd(), POLLIN, 0};
    static_cast<void>(::poll(&readable, 1, 1000));
    connection.receive(got);
  }
  return got.empty() ? -1 : std::to_integer<int>(got.front());
}

/// Asks for a test of 20 datagrams a second.
void ask_for_light_test(net::TcpConnection& connection) {
  const std::string text =
      R"({"udp":true,"omit":0,"time":60,"num":0,"blockcount":0,"parallel":1,"reverse":true,)"
      R"("len":500,"bandwidth":80000,"client_version":"3.12"})";
  const auto size = static_cast<char>(text.size());
  const std::string whole = std::string{'\0', '\0', '\0'} + size + text;
  connection.send(std::as_bytes(std::span{whole}));
}

}  // namespace

TEST_CASE("light iperf3 tests that are asked for at once do not pass the limits", "[e2e]") {
  constexpr unsigned kClients = 12;
  constexpr int kDenied = 0xff;
  Server server(IpFamily::v4, {"--iperf3=0", "--max-sessions-per-address", "2"});
  const auto port = server.ready()["data"]["iperf3_port"].get<std::uint16_t>();
  std::vector<std::unique_ptr<net::TcpConnection>> clients;
  for (unsigned i = 0; i < kClients; ++i) {  // each may come in: nobody has a test yet
    clients.push_back(connect_to(port, i));
    REQUIRE(next_state(*clients.back()) == static_cast<int>(iperf3::State::param_exchange));
  }
  for (const auto& client : clients) {
    ask_for_light_test(*client);
  }
  // Whoever the server happens to read first comes in.
  unsigned denied = 0;
  unsigned let_in = 0;
  for (const auto& client : clients) {
    const int state = next_state(*client);
    denied += state == kDenied ? 1U : 0U;
    let_in += state == static_cast<int>(iperf3::State::create_streams) ? 1U : 0U;
  }
  CAPTURE(server.process().output(Stream::err));
  CHECK(denied == kClients - 2);
  CHECK(let_in == 2);
}

TEST_CASE("iperf3 clients of one IPv6 /64 share what an address may have", "[e2e][netns]") {
  if (!has_iperf3()) {
    return;
  }
  const auto scene = Scene::make({"--iperf3", "--max-sessions-per-address", "1"});
  if (!scene) {
    return;
  }
  scene->path.run(Place::client,
                  "for host in a b; do ip -6 addr add fd77:1::$host/64 dev router nodad; done");
  auto first = begun_from(*scene, "fd77:1::a");
  REQUIRE(first);
  const auto second = run_to_end(client_from(*scene, "fd77:1::b", "1"), kGuard);
  REQUIRE(second);
  CAPTURE(second->out, second->err);
  CHECK((second->out + second->err).find("busy") != std::string::npos);
  first->send_signal(SIGTERM);
  CHECK(first->wait(kGuard));
}
