#include <poll.h>

#include <algorithm>

#include "net/control_message.hpp"
#include "net/receive_buffers.hpp"
#include "net/udp_listener.hpp"
#include "net/udp_port.hpp"
#include "support/catch.hpp"
#include "support/condition.hpp"
#include "support/families.hpp"

using namespace std::chrono_literals;
using namespace udperf;
using net::PortOptions;
using net::UdpListener;
using net::UdpPort;

namespace {

constexpr int kGuardMs = 60'000;  // keeps from hanging

bool readable(int fd, int patience_ms = kGuardMs) {
  pollfd one{fd, POLLIN, 0};
  return ::poll(&one, 1, patience_ms) == 1;
}

/// A pair of ports on loopback that know each other.
struct Pair {
  std::unique_ptr<UdpPort> a;
  std::unique_ptr<UdpPort> b;
};

Pair make_pair_of_ports(IpFamily family, PortOptions options = {}) {
  // The first one reserves its port by being bound while the second connects to it.
  options.buffer_bytes = 4U << 20U;
  options.bind = IpAddress::loopback(family);
  options.share_port = true;
  options.remote = Endpoint{IpAddress::loopback(family), 9};
  const auto held = UdpPort::open(options).value();
  const auto reserved = held->local();
  PortOptions first = options;
  PortOptions second = options;
  second.remote = reserved;
  auto b = UdpPort::open(second).value();
  first.local_port = reserved.port;
  first.remote = b->local();
  auto a = UdpPort::open(first).value();
  return {std::move(a), std::move(b)};
}

struct Arrived {
  std::vector<std::size_t> lengths;
  std::size_t bytes = 0;
  bool in_order = true;
};

/// Reads until `bytes` have come, or nothing more does.
Arrived receive_all(UdpPort& port, std::size_t bytes, int patience_ms = kGuardMs) {
  net::ReceiveBuffers buffers;
  Arrived out;
  unsigned next = 0;
  while (out.bytes < bytes && readable(port.fd(), patience_ms)) {
    for (const net::Received& read : port.receive(buffers)) {
      for (std::size_t at = 0; at < read.data.size(); at += read.segment) {
        const auto one =
            read.data.subspan(at, std::min<std::size_t>(read.segment, read.data.size() - at));
        out.in_order = out.in_order && one[0] == static_cast<std::byte>(next);
        ++next;
        out.lengths.push_back(one.size());
        out.bytes += one.size();
      }
    }
  }
  return out;
}

std::vector<std::byte> numbered(std::size_t count, std::size_t segment, std::size_t last) {
  std::vector<std::byte> bytes((count - 1) * segment + last);
  for (std::size_t i = 0; i < count; ++i) {
    bytes[i * segment] = static_cast<std::byte>(i);
  }
  return bytes;
}

}  // namespace

TEST_CASE("every size of datagram crosses loopback whole and in order", "[net]") {
  const auto family = GENERATE(IpFamily::v4, IpFamily::v6);
  if (!test::family_or_skip(family)) {
    return;
  }
  const bool gso = GENERATE(true, false);
  const bool gro = GENERATE(true, false);
  PortOptions options;
  options.gso = gso;
  options.gro = gro;
  for (const std::uint32_t size : {40U, 64U, 508U, 1448U, 8900U, 65473U, 65507U}) {
    CAPTURE(static_cast<int>(family), gso, gro, size);
    const auto [a, b] = make_pair_of_ports(family, options);
    const std::size_t count = std::min<std::size_t>(a->batch_limit(size), 20);
    const auto data = numbered(count, size, size - 1);
    std::size_t sent = 0;
    while (sent < count) {
      const auto outcome = a->send(std::span{data}.subspan(sent * size), size);
      REQUIRE(outcome.datagrams > 0);
      sent += outcome.datagrams;
    }
    const auto arrived = receive_all(*b, data.size());
    CHECK(arrived.bytes == data.size());
    CHECK(arrived.lengths.size() == count);
    CHECK(arrived.in_order);
  }
}

TEST_CASE("a control datagram goes as one while segmentation is on", "[net]") {
  const auto [a, b] = make_pair_of_ports(IpFamily::v4);
  const auto data = numbered(4, 64, 64);
  REQUIRE(a->send(data, 64).datagrams == 4);
  REQUIRE(a->send_control(numbered(1, 1000, 1000)).datagrams == 1);
  const auto arrived = receive_all(*b, data.size() + 1000);
  REQUIRE(arrived.lengths.size() == 5);
  CHECK(arrived.lengths.back() == 1000);
}

TEST_CASE("a dead port is seen by its ICMP answer", "[net]") {
  PortOptions options;
  options.remote = Endpoint{IpAddress::loopback(IpFamily::v4), 9};
  const auto port = UdpPort::open(options).value();
  port->send_control(numbered(1, 100, 100));
  net::ReceiveBuffers buffers;
  pollfd one{port->fd(), POLLIN, 0};
  REQUIRE(::poll(&one, 1, kGuardMs) == 1);
  CHECK(port->receive(buffers).empty());
  CHECK(port->take_refused());
  CHECK_FALSE(port->take_refused());
}

TEST_CASE("a socket is bound to the interface that is named, or the name is refused", "[net]") {
  PortOptions options;
  options.remote = Endpoint{IpAddress::loopback(IpFamily::v4), 9};
  options.device = "lo";
  const auto port = UdpPort::open(options);
  REQUIRE(port.has_value());
  std::array<char, 16> name{};
  socklen_t size = name.size();
  REQUIRE(::getsockopt((*port)->fd(), SOL_SOCKET, SO_BINDTODEVICE, name.data(), &size) == 0);
  CHECK(std::string{name.data()} == "lo");

  options.device = "no-such-iface";
  const auto refused = UdpPort::open(options);
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().code == ErrorCode::usage);
  CHECK(refused.error().message() ==
        "--bind-dev no-such-iface: there is no such network interface here");
}

TEST_CASE("what the socket drops is counted, also after the last read", "[net]") {
  PortOptions options;
  options.gro = false;
  test::measure_under_condition([&](test::Attempt& attempt) {
    const auto [a, b] = make_pair_of_ports(IpFamily::v4, options);
    const auto before = b->receive_queue();
    REQUIRE(before);
    const auto data = numbered(40, 1448, 1448);
    std::size_t sent = 0;
    for (int i = 0; i < 400; ++i) {
      sent += a->send(data, 1448).datagrams;
    }
    const auto arrived = receive_all(*b, sent * 1448 + 1, 2000);
    // A kernel that is held up drops before the socket, too.
    if (attempt.needs(attempt.strain().drops == 0, "a kernel that drops at sockets only")) {
      CHECK(arrived.lengths.size() + (b->receive_queue()->drops - before->drops) == sent);
    }
  });
}

TEST_CASE("the listener answers from the address that was asked", "[net]") {
  const auto listener = UdpListener::open(std::nullopt, 0).value();
  for (const char* address : {"127.0.0.1", "127.0.0.2"}) {
    CAPTURE(address);
    PortOptions options;
    options.remote = Endpoint{parse_ip_address(address).value(), listener->local().port};
    const auto client = UdpPort::open(options).value();
    client->send_control(numbered(1, 50, 50));
    REQUIRE(readable(listener->fd()));
    const auto letters = listener->receive();
    REQUIRE(letters.size() == 1);
    CHECK(letters[0].local == options.remote);
    CHECK(letters[0].peer.port == client->local().port);
    listener->send(letters[0]);
    CHECK(receive_all(*client, 50).bytes == 50);
  }
}

TEST_CASE("two servers cannot have one port", "[net]") {
  const auto first = UdpListener::open(IpAddress::loopback(IpFamily::v4), 0).value();
  const auto second = UdpListener::open(IpAddress::loopback(IpFamily::v4), first->local().port);
  REQUIRE_FALSE(second);
  CHECK(second.error().message().find("in use") != std::string::npos);
}

TEST_CASE("a session's socket takes its client's datagrams and no one else's", "[net]") {
  const auto listener = UdpListener::open(IpAddress::loopback(IpFamily::v4), 0).value();
  PortOptions to_server;
  to_server.remote = listener->local();
  const auto mine = UdpPort::open(to_server).value();
  const auto other = UdpPort::open(to_server).value();
  PortOptions options;
  options.bind = listener->local().address;
  options.local_port = listener->local().port;
  options.remote = Endpoint{IpAddress::loopback(IpFamily::v4), mine->local().port};
  options.share_port = true;
  std::vector<net::Datagram> strays;
  const auto session = listener->open_session(options, strays);
  REQUIRE(session);

  mine->send_control(numbered(1, 60, 60));
  other->send_control(numbered(1, 70, 70));

  REQUIRE(readable((*session)->fd()));
  net::ReceiveBuffers buffers;
  const auto reads = (*session)->receive(buffers);
  REQUIRE(reads.size() == 1);
  CHECK(reads[0].data.size() == 60);
  REQUIRE(readable(listener->fd()));
  const auto letters = listener->receive();
  REQUIRE(letters.size() == 1);
  CHECK(letters[0].bytes.size() == 70);
}

TEST_CASE("a merged read is cut as the kernel said, whichever order its bytes are in", "[net]") {
  using net::merged_length;
  CHECK(merged_length(1472, 2944) == 1472);
  CHECK(merged_length(2944, 2944) == 2944);
  // 1472 as a host of the other order of bytes has it.
  CHECK(merged_length(0xC005'0000U, 2944) == 1472);
  CHECK(merged_length(0x0100'0000U, 64) == 1);
  // What no order makes possible is one datagram.
  CHECK(merged_length(0, 100) == 100);
  CHECK(merged_length(101, 100) == 100);
  CHECK(merged_length(0xC005'0000U, 1471) == 1471);
  CHECK(merged_length(7, 0) == 0);
}
