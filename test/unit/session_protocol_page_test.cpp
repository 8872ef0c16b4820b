// The examples of docs/protocol.md are what the code makes.

#include <array>
#include <span>
#include <string>

#include "base/network_order.hpp"
#include "crypto/crypto.hpp"
#include "session/client_handshake.hpp"
#include "session/compact_tag.hpp"
#include "session/sealer.hpp"
#include "support/catch.hpp"
#include "support/protocol_page.hpp"

using namespace udperf;

namespace {

std::string hex(std::span<const std::byte> bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  for (const std::byte byte : bytes) {
    const auto value = std::to_integer<unsigned>(byte);
    text += kDigits[value >> 4U];
    text += kDigits[value & 15U];
  }
  return text;
}

template <std::size_t N>
std::array<std::byte, N> counting_from(unsigned first) {
  std::array<std::byte, N> bytes{};
  for (std::size_t i = 0; i < N; ++i) {
    bytes[i] = static_cast<std::byte>(first + i);
  }
  return bytes;
}

constexpr std::uint64_t kSession = 0x0102030405060708;

/// What stands on the page beside a name.
std::string example(const std::string& name) {
  const std::string text = test::protocol_page();
  const auto at = text.find("\n" + name + ' ');
  REQUIRE(at != std::string::npos);
  const auto begin = text.find_first_not_of(' ', at + 1 + name.size());
  return text.substr(begin, text.find('\n', begin) - begin);
}

}  // namespace

TEST_CASE("the page's parameters and hashes are right", "[session][docs]") {
  TestParams params;
  params.amount.duration = std::chrono::seconds{10};
  params.rate_up = SendRate{SendRate::Kind::bits, 10'000'000};
  const auto bytes = wire::encode_params(params);
  CHECK(bytes.size() == 71);
  CHECK(example("parameters") == hex(bytes));
  CHECK(example("params_hash") == hex(crypto::fingerprint(bytes)));
  CHECK(example("JOIN's hash") == hex(session::join_hash(kSession, 3)));
  std::array<std::byte, 2> tag{};
  store_network_order(tag.data(), session::compact_tag(kSession, 3));
  CHECK(example("tag of DATA") == hex(tag));
}

TEST_CASE("the page's keys and seals are right", "[session][docs]") {
  const auto key = counting_from<32>(0);
  const auto nonce = counting_from<16>(0x20);
  const auto cookie = counting_from<32>(0x30);
  const std::array<std::byte, 1> stream{};
  CHECK(example("HELLO key c2s") == hex(crypto::derive(key, "udperf v1 handshake c2s", {nonce})));
  CHECK(example("session key c2s") ==
        hex(crypto::derive(key, "udperf v1 session c2s", {nonce, cookie, stream})));
  auto bye =
      wire::encode(wire::MessageType::bye, kSession, 0, wire::Bye{wire::ByeReason::interrupted});
  session::Sealer::for_session(key, session::Role::client, nonce, cookie, 0).seal(bye);
  CHECK(example("BYE") == hex(bye));
}
