#pragma once

#include "sender/datagram_format.hpp"

namespace udperf::classic {

/// What the classic test sends: the letters a to z again and again, on from one datagram to the
/// next, and no header.
class AlphabetFormat final : public sender::DatagramFormat {
 public:
  [[nodiscard]] std::uint32_t least_bytes() const override { return 1; }
  [[nodiscard]] std::vector<std::byte> make(std::uint32_t length,
                                            std::uint32_t capacity) const override;
  [[nodiscard]] std::size_t stamp(const sender::BatchStamp& stamp, std::span<std::byte> bytes,
                                  std::uint32_t length, std::uint32_t count) const override;
};

}  // namespace udperf::classic
