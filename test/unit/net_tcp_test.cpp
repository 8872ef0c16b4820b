#include <array>
#include <cstdint>
#include <utility>
#include <vector>

#include "net/tcp.hpp"
#include "os/event.hpp"
#include "support/catch.hpp"

using namespace std::chrono_literals;
using namespace udperf;
using net::TcpConnection;

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
