// Sequences of datagrams from several addresses at the server's responder, and the same bytes as
// answers to a client: no answer is larger than its question, and nobody gets in without a cookie.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <vector>

#include "base/network_order.hpp"
#include "session/client_handshake.hpp"
#include "session/handshake_responder.hpp"
#include "support/seeded_random.hpp"

// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer names it so
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace udperf;
  test::SeededRandom random{1};
  MonoTime now{std::chrono::seconds{1}};
  session::HandshakeResponder responder{{}, random, now};
  session::ClientHandshake::Settings settings;
  settings.params.amount.packets = 1;
  session::ClientHandshake client{settings, random, now};
  while (size >= 4) {
    const std::size_t length = std::min<std::size_t>(size - 4, std::size_t{data[0]} * 4U);
    Endpoint from{IpAddress::loopback(IpFamily::v4),
                  static_cast<std::uint16_t>(1000 + data[1] % 4)};
    now += std::chrono::milliseconds{data[2]};
    std::vector<std::byte> bytes(length);
    std::copy_n(reinterpret_cast<const std::byte*>(data + 4), length, bytes.begin());
    if (length >= wire::kCommonHeaderBytes && (data[3] & 1U) != 0) {
      store_network_order(bytes.data(), wire::kMagic);
      bytes[4] = std::byte{wire::kVersion};
      bytes.resize(std::max<std::size_t>(length, data[3] > 128 ? wire::kPaddedRequestBytes : 0));
    }
    const auto decision =
        responder.on_datagram(bytes, from, Endpoint{IpAddress::loopback(IpFamily::v4), 5555}, now);
    const auto* reply = std::get_if<session::HandshakeResponder::Reply>(&decision);
    if ((reply != nullptr && reply->bytes.size() > bytes.size()) ||
        std::holds_alternative<session::HandshakeResponder::Admission>(decision) ||
        std::holds_alternative<session::HandshakeResponder::Joining>(decision)) {
      std::abort();
    }
    client.on_datagram(bytes, now);
    client.on_timer(now);
    static_cast<void>(client.poll_transmit());
    data += 4 + length;
    size -= 4 + length;
  }
  return 0;
}
