#pragma once

#include <cstdint>

#include "model/test_params.hpp"

namespace udperf {

/// The length of every datagram of one stream, known to both ends beforehand: the receiver refuses
/// a datagram of another length, and knows how many bytes were lost with any sequence number.
///
/// All datagrams are `payload_bytes` long but the last ones of a test of a given size: a remainder
/// is sent as a shorter datagram, and where it would be smaller than a header, the fewest datagrams
/// that can do so share their bytes evenly (docs/protocol.md, DATA).
class PacketPlan {
 public:
  /// The share of stream number `stream` (0 .. streams-1) in `params`.
  /// Precondition: check_params(params) found nothing.
  static PacketPlan for_stream(const TestParams& params, std::uint16_t stream);

  /// Datagrams to send; UINT64_MAX when only time ends the test.
  [[nodiscard]] std::uint64_t packets() const { return packets_; }
  [[nodiscard]] bool limited() const { return packets_ != kUnlimited; }
  [[nodiscard]] std::uint32_t payload_bytes() const { return payload_bytes_; }

  /// Length of the datagram with this number. Precondition: sequence < packets().
  [[nodiscard]] std::uint32_t length(std::uint64_t sequence) const {
    if (sequence < first_short_) {
      return payload_bytes_;
    }
    return sequence < first_short_ + longer_ones_ ? short_bytes_ + 1 : short_bytes_;
  }

  /// Numbers below this one all have payload_bytes().
  [[nodiscard]] std::uint64_t first_short() const { return first_short_; }

  /// Bytes of the first `count` datagrams. Precondition: count <= packets().
  [[nodiscard]] std::uint64_t bytes_of_first(std::uint64_t count) const;

  /// Whether `size` bytes can be cut into datagrams of header size to `payload_bytes`.
  [[nodiscard]] static bool possible(std::uint64_t size, std::uint32_t payload_bytes);

 private:
  static constexpr std::uint64_t kUnlimited = UINT64_MAX;

  static PacketPlan for_size(std::uint64_t size, std::uint32_t payload_bytes);

  std::uint64_t packets_ = kUnlimited;
  std::uint64_t first_short_ = kUnlimited;
  std::uint64_t longer_ones_ = 0;  ///< of the short ones, the first so many have one byte more
  std::uint32_t payload_bytes_ = 0;
  std::uint32_t short_bytes_ = 0;
};

}  // namespace udperf
