#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

#include "wire/messages.hpp"

namespace udperf::test {

/// Parameters that differ from the defaults throughout.
inline TestParams some_params() {
  TestParams params;
  params.direction = Direction::both;
  params.streams = 5;
  params.payload_bytes = 1448;
  params.amount.duration = std::chrono::seconds{10};
  params.rate_up = SendRate{SendRate::Kind::bits, 100'000'000};
  params.rate_down = SendRate{SendRate::Kind::packets, 5000};
  params.interval = std::chrono::milliseconds{10};
  params.payload = PayloadKind::alphabet;
  params.gso = OffloadMode::off;
  params.gro = OffloadMode::on;
  params.dscp = 46;
  params.ecn = 2;
  params.df = DontFragment::on;
  return params;
}

/// 16 bytes that count up from `seed`.
inline wire::Nonce nonce_of(std::uint8_t seed) {
  wire::Nonce nonce{};
  for (std::size_t i = 0; i < nonce.size(); ++i) {
    nonce[i] = static_cast<std::byte>(seed + i);
  }
  return nonce;
}

inline wire::Request request() {
  wire::Request message;
  message.nonce = nonce_of(1);
  message.params = some_params();
  return message;
}

inline wire::Accept accept() {
  wire::Accept message;
  message.nonce = nonce_of(2);
  message.server_nonce = nonce_of(3);
  message.params = some_params();
  message.client.port = 5555;
  message.instance = 0x0102030405060708;
  return message;
}

}  // namespace udperf::test
