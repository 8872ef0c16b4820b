#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "sender/datagram_format.hpp"

namespace udperf::sender {

/// Datagrams of equal length behind each other, as UDP_SEGMENT wants them. The payload is written
/// once; for each batch only what its format stamps is.
class BatchBuffer {
 public:
  /// `format` is used for all that follows, and has to outlive it.
  BatchBuffer(const DatagramFormat& format, std::uint32_t length, std::uint32_t capacity)
      : format_(&format),
        length_(length),
        capacity_(capacity),
        bytes_(format.make(length, capacity)) {}

  /// The first `count` datagrams, stamped. `length` is that of each: payload_bytes(), or less when
  /// count is 1. Preconditions: 1 <= count <= capacity(), length >= the format's least.
  [[nodiscard]] std::span<const std::byte> stamped(const BatchStamp& stamp, std::uint32_t count,
                                                   std::uint32_t length) {
    const std::size_t at = format_->stamp(stamp, bytes_, length_, count);
    const std::size_t size = count == 1 ? length : std::size_t{count} * length_;
    return std::span{bytes_}.subspan(at, size);
  }

  /// From now on they are of the test.
  void end_warm_up() { format_->end_warm_up(bytes_, length_); }

  [[nodiscard]] std::uint32_t capacity() const { return capacity_; }
  [[nodiscard]] std::uint32_t payload_bytes() const { return length_; }

 private:
  const DatagramFormat* format_;
  std::uint32_t length_;
  std::uint32_t capacity_;
  std::vector<std::byte> bytes_;
};

}  // namespace udperf::sender
