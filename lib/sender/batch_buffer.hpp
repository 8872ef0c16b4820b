#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "model/test_params.hpp"
#include "wire/compact_header.hpp"

namespace udperf::sender {

/// Datagrams of equal length behind each other, as UDP_SEGMENT wants them. The payload is written
/// once; for each batch only the changing fields of the headers are.
class BatchBuffer {
 public:
  struct Settings {
    std::uint64_t session = 0;
    std::uint8_t stream = 0;
    std::uint32_t payload_bytes = 0;
    std::uint32_t capacity = 1;  ///< datagrams
    PayloadKind payload = PayloadKind::random;
    std::uint64_t seed = 0;  ///< of the random payload
    HeaderKind header = HeaderKind::full;
    std::uint16_t tag = 0;  ///< of compact headers
    bool warm_up = false;   ///< marks all of them as such, until end_warm_up()
  };

  explicit BatchBuffer(const Settings& settings);

  struct Stamp {
    std::uint64_t first_sequence = 0;
    std::int64_t tx_time_ns = 0;
    std::uint32_t batch = 0;
    std::uint16_t token = 0;
  };

  /// The first `count` datagrams, numbered and stamped. `length` is that of each: payload_bytes, or
  /// less when count is 1. Preconditions: 1 <= count <= capacity, length >= the header.
  [[nodiscard]] std::span<const std::byte> stamped(const Stamp& stamp, std::uint32_t count,
                                                   std::uint32_t length);

  /// From now on they are of the test.
  void end_warm_up();

  [[nodiscard]] std::uint32_t capacity() const { return capacity_; }
  [[nodiscard]] std::uint32_t payload_bytes() const { return payload_bytes_; }

 private:
  void stamp_full(const Stamp& stamp, std::uint32_t count);
  void stamp_compact(const Stamp& stamp, std::uint32_t count);

  std::uint32_t payload_bytes_;
  std::uint32_t capacity_;
  HeaderKind header_;
  std::uint64_t compact_head_;  ///< the first half of a compact header, without batch and sequence
  std::uint16_t tag_;           ///< of the part that is sent now
  std::vector<std::byte> bytes_;
};

}  // namespace udperf::sender
