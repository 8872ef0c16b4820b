// Clients of iperf3's protocol that mean no good, against `udperf server --iperf3`.

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
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
#include "iperf3/datagram.hpp"
#include "iperf3/protocol.hpp"
#include "net/socket_address.hpp"
#include "net/tcp.hpp"
#include "os/fd.hpp"
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

/// Asks for a minute of data from the server; `more`: what else the parameters say.
void ask_for_test(net::TcpConnection& connection, const std::string& more) {
  const std::string text =
      R"({"udp":true,"omit":0,"time":60,"num":0,"blockcount":0,"parallel":1,"reverse":true,)" +
      more + R"(,"client_version":"3.12"})";
  const auto size = static_cast<char>(text.size());
  const std::string whole = std::string{'\0', '\0', '\0'} + size + text;
  connection.send(std::as_bytes(std::span{whole}));
}

/// Asks for a test of 20 datagrams a second.
void ask_for_light_test(net::TcpConnection& connection) {
  ask_for_test(connection, R"("len":500,"bandwidth":80000)");
}

/// A socket for data, connected to the server.
os::Fd data_socket(std::uint16_t port) {
  os::Fd fd{::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
  net::SocketAddress server{{IpAddress::loopback(IpFamily::v4), port}};
  REQUIRE(::connect(fd.get(), server.raw(), server.size()) == 0);
  return fd;
}

/// What comes within `patience`, in bytes; 0: nothing.
std::size_t read_datagram(const os::Fd& fd, std::chrono::milliseconds patience) {
  static std::array<std::byte, 65'536> buffer;
  pollfd readable{fd.get(), POLLIN, 0};
  if (::poll(&readable, 1, static_cast<int>(patience.count())) != 1) {
    return 0;
  }
  return static_cast<std::size_t>(
      std::max<ssize_t>(::recv(fd.get(), buffer.data(), buffer.size(), 0), 0));
}

/// A test that is left as soon as its first data is there: what that was, in bytes. 0: the server
/// refused it.
std::size_t take_a_bite(std::uint16_t port, unsigned number, const std::string& what) {
  constexpr int kCreateStreams = 10;
  constexpr std::chrono::milliseconds kRest{20};
  const auto control = connect_to(port, number);
  if (next_state(*control) != 9) {
    return 0;
  }
  ask_for_test(*control, what);
  if (next_state(*control) != kCreateStreams) {
    return 0;
  }
  const os::Fd data = data_socket(port);
  REQUIRE(::send(data.get(), iperf3::kHello.data(), iperf3::kHello.size(), 0) == 4);
  REQUIRE(read_datagram(data, kGuard) == 4);
  std::size_t bytes = read_datagram(data, kGuard);
  for (std::size_t more = bytes; more != 0 && bytes < (std::size_t{1} << 20U);) {
    more = read_datagram(data, kRest);
    bytes += more;
  }
  return bytes;
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

TEST_CASE("short iperf3 tests one after the other stay within the budget", "[e2e][hostile]") {
  constexpr std::uint64_t kBps = 1'000'000;
  constexpr auto kTime = 3s;
  // Datagrams that take half a second each; or bursts, which count as if spread over a second.
  const std::string what = GENERATE(R"("len":60000,"bandwidth":1000000)",
                                    R"("len":1000,"bandwidth":1000000,"burst":100)");
  CAPTURE(what);
  Server server(IpFamily::v4, {"--iperf3=0", "--max-rate", "1M"});
  const auto port = server.ready()["data"]["iperf3_port"].get<std::uint16_t>();
  const auto begin = std::chrono::steady_clock::now();
  std::uint64_t bits = 0;
  unsigned served = 0;
  const auto took = [begin] { return std::chrono::steady_clock::now() - begin; };
  for (unsigned i = 0; took() < kTime || (served < 2 && took() < kGuard); ++i) {
    const std::size_t bytes = take_a_bite(port, i, what);
    bits += 8 * std::uint64_t{bytes};
    served += bytes != 0 ? 1U : 0U;
  }
  const auto ms = static_cast<std::uint64_t>(took() / std::chrono::milliseconds{1});
  CAPTURE(served, bits, ms);
  CHECK(served >= 2);
  CHECK(bits <= kBps * (ms + 1000) / 1000);  // the first burst comes before its time
}

TEST_CASE("an iperf3 burst that is more than the budget is refused", "[e2e][hostile]") {
  Server server(IpFamily::v4, {"--iperf3=0", "--max-rate", "1M"});
  const auto port = server.ready()["data"]["iperf3_port"].get<std::uint16_t>();
  CHECK(take_a_bite(port, 1, R"("len":1000,"bandwidth":100000,"burst":126)") == 0);
  CHECK(take_a_bite(port, 2, R"("len":65507,"bandwidth":8,"burst":1000)") == 0);
  CHECK(take_a_bite(port, 3, R"("len":1000,"bandwidth":100000,"burst":10)") != 0);
}

TEST_CASE("copies and datagrams of another length are held to an iperf3 client's rate", "[e2e]") {
  // Number 1 again and again, and what is no data.
  const std::size_t length = GENERATE(std::size_t{100}, std::size_t{99});
  CAPTURE(length);
  Server server(IpFamily::v4, {"--iperf3=0", "--max-rate", "1M"});
  const auto port = server.ready()["data"]["iperf3_port"].get<std::uint16_t>();
  const auto control = connect_to(port, 1);
  REQUIRE(next_state(*control) == 9);
  ask_for_test(*control, R"("reverse":false,"len":100,"bandwidth":1000)");
  REQUIRE(next_state(*control) == 10);
  const os::Fd data = data_socket(port);
  REQUIRE(::send(data.get(), iperf3::kHello.data(), iperf3::kHello.size(), 0) == 4);
  REQUIRE(read_datagram(data, kGuard) == 4);
  std::vector<std::byte> datagram(length);
  iperf3::encode(datagram.data(), iperf3::Counters::narrow, 1, 0);
  std::vector<std::byte> said;
  const auto deadline = std::chrono::steady_clock::now() + kGuard;
  while (!control->closed() && std::chrono::steady_clock::now() < deadline) {
    static_cast<void>(::send(data.get(), datagram.data(), datagram.size(), 0));
    pollfd readable{control->fd(), POLLIN, 0};
    if (::poll(&readable, 1, 1) == 1) {  // a thousand times its rate at most
      control->receive(said);
    }
  }
  const std::vector<std::byte> refusal{std::byte{0xfe}, std::byte{0}, std::byte{0}, std::byte{0},
                                       std::byte{27}};
  CAPTURE(said);
  CHECK(std::search(said.begin(), said.end(), refusal.begin(), refusal.end()) != said.end());
}

TEST_CASE("iperf3 clients draw on the memory that all clients share", "[e2e][hostile]") {
  constexpr int kDenied = 0xff;
  constexpr unsigned kAsked = 40;
  Server server(IpFamily::v4, {"--iperf3=0", "--max-memory", "16MiB"});
  const auto port = server.ready()["data"]["iperf3_port"].get<std::uint16_t>();
  const auto many = connect_to(port, 0);
  REQUIRE(next_state(*many) == static_cast<int>(iperf3::State::param_exchange));
  ask_for_test(*many,
               R"("len":500,"bandwidth":80000,"parallel":128,"bidirectional":true,"omit":1)");
  CHECK(next_state(*many) == kDenied);
  // Who only connects takes of it, too, and never all.
  std::vector<std::unique_ptr<net::TcpConnection>> clients;
  unsigned denied = 0;
  for (unsigned i = 1; i <= kAsked; ++i) {
    clients.push_back(connect_to(port, i));
    denied += next_state(*clients.back()) == kDenied ? 1U : 0U;
  }
  CHECK(denied > 0);
  CHECK(denied < kAsked);
  clients.clear();
  // When the server has seen that they are gone, there is room again.
  const auto deadline = std::chrono::steady_clock::now() + kGuard;
  std::size_t bytes = 0;
  for (unsigned i = 100; bytes == 0 && std::chrono::steady_clock::now() < deadline; ++i) {
    bytes = take_a_bite(port, i, R"("len":500,"bandwidth":80000)");
  }
  CHECK(bytes != 0);
}

TEST_CASE("iperf3 clients of one IPv6 /64 share what an address may have", "[e2e][netns]") {
  if (!has_iperf3() || !udperf::test::host_or_skip(kServer6)) {
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
