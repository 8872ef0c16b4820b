#pragma once

#include <cstdint>
#include <memory>

#include "crypto/crypto.hpp"
#include "model/test_params.hpp"
#include "sender/datagram_format.hpp"

namespace udperf::sender {

/// What DATA datagrams of one stream of udperf's own protocol have in common.
struct NativeFormatSettings {
  std::uint64_t session = 0;
  std::uint8_t stream = 0;
  HeaderKind header = HeaderKind::full;
  std::uint16_t tag = 0;    ///< of compact headers: the test's
  crypto::Key token_key{};  ///< of the token in each batch, which no one else can know
  PayloadKind payload = PayloadKind::random;
  std::uint64_t seed = 0;  ///< of the random payload
  bool warm_up = false;    ///< marks all of them as such, until end_warm_up()
};

/// DATA with full or compact headers (docs/protocol.md, DATA).
[[nodiscard]] std::unique_ptr<DatagramFormat> make_native_format(
    const NativeFormatSettings& settings);

}  // namespace udperf::sender
