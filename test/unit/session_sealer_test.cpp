#include "session/sealer.hpp"
#include "support/catch.hpp"

using namespace udperf;
using session::Role;
using session::Sealer;

namespace {

crypto::Key key_of(int seed) {
  crypto::Key key{};
  key[0] = static_cast<std::byte>(seed);
  return key;
}

struct Ends {
  Sealer client;
  Sealer server;
};

Ends ends(const std::optional<crypto::Key>& client, const std::optional<crypto::Key>& server,
          std::uint8_t stream = 0) {
  return {Sealer::for_session(client, Role::client, {}, {}, stream),
          Sealer::for_session(server, Role::server, {}, {}, stream)};
}

std::vector<std::byte> message() {
  return wire::encode(wire::MessageType::bye, 5, 0, wire::Bye{wire::ByeReason::interrupted});
}

}  // namespace

TEST_CASE("a sealed message opens at the other end, once", "[session]") {
  auto [client, server] = ends(key_of(1), key_of(1));
  auto bytes = message();
  client.seal(bytes);
  CHECK(bytes.size() == message().size() + wire::kTrailerBytes);

  const auto inner = server.open(bytes, Sealer::Replay::refused);
  REQUIRE(inner);
  CHECK(wire::decode<wire::Bye>(*inner)->reason == wire::ByeReason::interrupted);
  CHECK_FALSE(server.open(bytes, Sealer::Replay::refused));
  CHECK(server.open(bytes, Sealer::Replay::accepted));
}

TEST_CASE("a message that was touched anywhere does not open", "[session]") {
  auto [client, server] = ends(key_of(1), key_of(1));
  auto bytes = message();
  client.seal(bytes);
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    CAPTURE(i);
    auto touched = bytes;
    touched[i] ^= std::byte{1};
    CHECK_FALSE(server.open(touched, Sealer::Replay::accepted));
    CHECK_FALSE(server.open(std::span{bytes}.first(i), Sealer::Replay::accepted));
  }
}

TEST_CASE("another key, direction or stream opens nothing", "[session]") {
  auto bytes = message();
  auto [client, server] = ends(key_of(1), key_of(2));
  client.seal(bytes);
  CHECK_FALSE(server.open(bytes, Sealer::Replay::accepted));
  CHECK_FALSE(client.open(bytes, Sealer::Replay::accepted));  // reflected
  auto stream = ends(key_of(1), key_of(1), 1);
  CHECK_FALSE(stream.server.open(bytes, Sealer::Replay::accepted));
}

TEST_CASE("without a key messages pass as they are, sealed ones do not", "[session]") {
  auto [keyed, plain] = ends(key_of(1), std::nullopt);
  auto bytes = message();
  CHECK(plain.open(bytes, Sealer::Replay::refused));
  CHECK_FALSE(keyed.open(bytes, Sealer::Replay::accepted));
  keyed.seal(bytes);
  CHECK_FALSE(plain.open(bytes, Sealer::Replay::accepted));
}

TEST_CASE("late messages open within the window and not beyond it", "[session]") {
  auto [client, server] = ends(key_of(1), key_of(1));
  std::vector<std::vector<std::byte>> sealed;
  for (int i = 0; i < 100; ++i) {
    sealed.push_back(message());
    client.seal(sealed.back());
  }
  CHECK(server.open(sealed[99], Sealer::Replay::refused));
  CHECK(server.open(sealed[36], Sealer::Replay::refused));
  CHECK_FALSE(server.open(sealed[36], Sealer::Replay::refused));
  CHECK_FALSE(server.open(sealed[35], Sealer::Replay::refused));
}

TEST_CASE("a jump to the window's end forgets nothing of it", "[session]") {
  auto [client, server] = ends(key_of(1), key_of(1));
  std::vector<std::vector<std::byte>> sealed;
  for (int i = 0; i < 65; ++i) {
    sealed.push_back(message());
    client.seal(sealed.back());
  }
  CHECK(server.open(sealed[0], Sealer::Replay::refused));
  CHECK(server.open(sealed[63], Sealer::Replay::refused));  // the first is its oldest now
  CHECK_FALSE(server.open(sealed[0], Sealer::Replay::refused));
  CHECK(server.open(sealed[64], Sealer::Replay::refused));
  CHECK(server.open(sealed[1], Sealer::Replay::refused));
  CHECK_FALSE(server.open(sealed[63], Sealer::Replay::refused));
}
