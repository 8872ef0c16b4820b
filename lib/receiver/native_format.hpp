#pragma once

#include <cstdint>
#include <memory>

#include "model/test_params.hpp"
#include "receiver/datagram_format.hpp"

namespace udperf::receiver {

/// Which DATA datagrams of udperf's own protocol are one stream's.
struct NativeFormatSettings {
  std::uint64_t session = 0;
  std::uint8_t stream = 0;
  HeaderKind header = HeaderKind::full;
  std::uint16_t tag = 0;   ///< of compact headers: the test's
  bool two_parts = false;  ///< there is a warm-up
  bool warm_up = false;    ///< then the part that is read
};

/// DATA with full or compact headers (docs/protocol.md, DATA).
[[nodiscard]] std::unique_ptr<DatagramFormat> make_native_format(
    const NativeFormatSettings& settings);

}  // namespace udperf::receiver
