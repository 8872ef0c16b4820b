#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <cstdint>
#include <utility>
#include <vector>

#include "net/tcp.hpp"
#include "net/udp_listener.hpp"
#include "os/event.hpp"
#include "support/catch.hpp"
#include "support/condition.hpp"

using namespace std::chrono_literals;
using namespace udperf;
using net::TcpConnection;

TEST_CASE(
    "listeners on every address of IPv6 take IPv4, too, unless it is the family that counts") {
  const auto v6_only = [](int fd) {
    int value = -1;
    socklen_t size = sizeof value;
    return ::getsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &value, &size) == 0 ? value : -1;
  };
  const auto any = IpAddress::any(IpFamily::v6);
  for (const bool one_family : {false, true}) {
    CAPTURE(one_family);
    const auto tcp = net::TcpListener::open(any, 0, {}, one_family);
    const auto udp =
        net::UdpListener::open(any, 0, net::UdpListener::kHandshakeBuffer, {}, one_family);
    if (!tcp || !udp) {
      test::skip_test("no IPv6 on this machine");
      return;
    }
    CHECK(v6_only((*tcp)->fd()) == (one_family ? 1 : 0));
    CHECK(v6_only((*udp)->fd()) == (one_family ? 1 : 0));
  }
}

TEST_CASE("what a connection is given in pieces goes out whole and in order, however slowly") {
  const auto listener = net::TcpListener::open(IpAddress::loopback(IpFamily::v4), 0, {});
  REQUIRE(listener.has_value());
  const auto opened = TcpConnection::open({std::nullopt, (*listener)->local(), {}});
  REQUIRE(opened.has_value());
  TcpConnection& sender = **opened;
  while (sender.connecting() == TcpConnection::Connecting::underway) {
    os::wait_readable({}, 1ms);
  }
  const auto receiver = (*listener)->accept();
  REQUIRE(receiver != nullptr);

  constexpr std::size_t kPiece = 1'000'003;  // far more than the sockets hold
  constexpr int kPieces = 16;
  std::vector<std::byte> all;
  for (int i = 0; i < kPieces; ++i) {
    std::vector<std::byte> piece(kPiece);
    for (std::size_t at = 0; at < piece.size(); ++at) {
      piece[at] = static_cast<std::byte>((at * 31U + static_cast<std::size_t>(i)) >> 3U);
    }
    sender.send(piece);
    all.insert(all.end(), piece.begin(), piece.end());
  }
  CHECK(sender.wants_to_write());
  std::vector<std::byte> got;
  while (got.size() < all.size() && !receiver->closed()) {
    sender.flush();
    os::wait_readable(std::array<int, 1>{receiver->fd()}, 1s);
    receiver->receive(got);
  }
  CHECK_FALSE(sender.wants_to_write());
  CHECK(got == all);
}
