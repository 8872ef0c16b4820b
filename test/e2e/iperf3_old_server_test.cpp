#include <array>
#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "e2e/program.hpp"
#include "net/tcp.hpp"
#include "net/udp_listener.hpp"
#include "os/event.hpp"
#include "support/catch.hpp"

// What servers do that are older than those which Debian has: up to 3.6 they ignore the wish for
// both directions, take the streams of one, and close their UDP socket.

using namespace std::chrono_literals;
using namespace udperf;
using namespace udperf::test;

namespace {

/// Both sockets on one number of the loopback address.
struct OldServer {
  std::unique_ptr<net::TcpListener> control;
  std::unique_ptr<net::UdpListener> data;

  OldServer() {
    constexpr int kTries = 16;  // a free TCP port may be taken as a UDP port
    for (int i = 0; i < kTries && !data; ++i) {
      auto tcp = net::TcpListener::open(IpAddress::loopback(IpFamily::v4), 0);
      REQUIRE(tcp.has_value());
      control = *std::move(tcp);
      if (auto udp = net::UdpListener::open(control->local().address, control->local().port)) {
        data = *std::move(udp);
      }
    }
    REQUIRE(data);
  }
};

void wait_for(int fd) {
  os::wait_readable(std::array<int, 1>{fd}, kGuard);
}

void say(net::TcpConnection& connection, std::uint8_t state) {
  connection.send(std::array<std::byte, 1>{std::byte{state}});
}

/// Reads until there are as many bytes as `enough` says for those that have come.
template <typename Enough>
void hear(net::TcpConnection& connection, Enough enough) {
  std::vector<std::byte> bytes;
  while (bytes.size() < enough(bytes) && !connection.closed()) {
    wait_for(connection.fd());
    connection.receive(bytes);
  }
  REQUIRE(bytes.size() >= enough(bytes));
}

}  // namespace

TEST_CASE("A server that takes the streams of one direction only is called too old") {
  OldServer server;
  auto client = start_udperf({"client", "127.0.0.1",
                              "--iperf3=" + std::to_string(server.control->local().port),
                              "--direction", "both", "--duration", "1s", "--rate", "1M"});
  wait_for(server.control->fd());
  const auto connection = server.control->accept();
  REQUIRE(connection);

  constexpr std::size_t kCookie = 37;
  say(*connection, 9);
  hear(*connection, [](const std::vector<std::byte>& bytes) -> std::size_t {
    return bytes.size() < kCookie + 4
               ? kCookie + 4
               : kCookie + 4 + std::to_integer<std::size_t>(bytes[kCookie + 3]) +
                     256 * std::to_integer<std::size_t>(bytes[kCookie + 2]);
  });
  say(*connection, 10);
  wait_for(server.data->fd());
  const auto hello = server.data->receive();
  REQUIRE_FALSE(hello.empty());  // it is said again where the answer takes long
  net::PortOptions options;
  options.bind = hello.front().local.address;
  options.local_port = server.data->local().port;
  options.remote = hello.front().peer;
  options.share_port = true;
  std::vector<net::Datagram> strays;
  const auto stream = server.data->open_session(options, strays);
  REQUIRE(stream.has_value());
  server.data.reset();
  (*stream)->send_control(
      std::array{std::byte{'6'}, std::byte{'7'}, std::byte{'8'}, std::byte{'9'}});

  const auto status = client.wait(kGuard);
  REQUIRE(status.has_value());
  CHECK(status->code == 4);
  CHECK(client.output(Stream::err).find("older than iperf3 3.7") != std::string::npos);
}
