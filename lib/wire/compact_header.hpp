#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "base/network_order.hpp"
#include "wire/header.hpp"

namespace udperf::wire {

/// The head of a DATA datagram that leaves no room for the full one; nothing else begins with a
/// byte above 127, as the magic number does not.
///
///      0                   1                   2                   3
///      0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
///   0 |1|   stream    |                   batch                       |
///   4 |                 sequence, low half                            |
///   8 |                 tx_time in 64 ns, modulo 2^32                 |
///  12 |              tag              |            token              |
///
/// `tag` tells sessions apart, beside the connected socket. The rest of the sequence number and of
/// the time follows from what the receiver has seen before (extend_sequence, extend_time).
struct CompactHeader {
  std::uint8_t stream = 0;         ///< 0..127
  std::uint32_t batch = 0;         ///< modulo 2^24
  std::uint32_t sequence_low = 0;  ///< modulo 2^32
  std::uint32_t tx_units = 0;      ///< of kCompactUnitNs, modulo 2^32
  std::uint16_t tag = 0;
  std::uint16_t token = 0;

  bool operator==(const CompactHeader&) const = default;
};

inline constexpr std::size_t kCompactTagOffset = 12;
inline constexpr std::uint32_t kCompactBatches = 1U << 24U;
inline constexpr unsigned kCompactUnitBits = 6;  ///< 64 ns: the time comes round after 275 s
inline constexpr std::size_t kCompactSequenceOffset = 4;

/// A monotonic time in units of 64 ns, modulo 2^32.
[[nodiscard]] constexpr std::uint32_t compact_units(std::int64_t ns) {
  return static_cast<std::uint32_t>(static_cast<std::uint64_t>(ns) >> kCompactUnitBits);
}

/// Of `batch` the low 24 bits are written. Precondition: stream < 128.
inline void encode(const CompactHeader& h, std::span<std::byte, kCompactHeaderBytes> out) {
  std::byte* const p = out.data();
  store_network_order(
      p, 0x8000'0000U | (std::uint32_t{h.stream} << 24U) | (h.batch % kCompactBatches));
  store_network_order(p + kCompactSequenceOffset, h.sequence_low);
  store_network_order(p + 8, h.tx_units);
  store_network_order(p + kCompactTagOffset, h.tag);
  store_network_order(p + 14, h.token);
}

/// Reads the head of a datagram with a compact header; nothing when it is too short, or its first
/// bit is 0, as of every other datagram of udperf.
[[nodiscard]] inline std::optional<CompactHeader> decode_compact(std::span<const std::byte> in) {
  if (in.size() < kCompactHeaderBytes || (in[0] & std::byte{0x80}) == std::byte{0}) {
    return std::nullopt;
  }
  const auto head = load_network_order<std::uint32_t>(in.data());
  CompactHeader h;
  h.stream = static_cast<std::uint8_t>((head >> 24U) & 0x7FU);
  h.batch = head % kCompactBatches;
  h.sequence_low = load_network_order<std::uint32_t>(in.data() + kCompactSequenceOffset);
  h.tx_units = load_network_order<std::uint32_t>(in.data() + 8);
  h.tag = load_network_order<std::uint16_t>(in.data() + kCompactTagOffset);
  h.token = load_network_order<std::uint16_t>(in.data() + 14);
  return h;
}

/// The sequence number with this low half that is nearest to `expected`, the next one that has not
/// been seen; nothing where that would lie before 0. Right for everything that comes up to 2^31
/// numbers early or late.
[[nodiscard]] constexpr std::optional<std::uint64_t> extend_sequence(std::uint32_t low,
                                                                     std::uint64_t expected) {
  const auto ahead = static_cast<std::int32_t>(low - static_cast<std::uint32_t>(expected));
  if (ahead < 0 && expected < static_cast<std::uint64_t>(-std::int64_t{ahead})) {
    return std::nullopt;
  }
  return expected + static_cast<std::uint64_t>(std::int64_t{ahead});
}

/// The time with these units that is nearest to `near_ns`: right within 137 s of it.
[[nodiscard]] constexpr std::int64_t extend_time(std::uint32_t units, std::int64_t near_ns) {
  const auto ahead = static_cast<std::int32_t>(units - compact_units(near_ns));
  const std::int64_t floor = near_ns - (near_ns & ((std::int64_t{1} << kCompactUnitBits) - 1));
  const std::int64_t by = std::int64_t{ahead} * (std::int64_t{1} << kCompactUnitBits);
  // Modulo 2^64: where the clocks differ by centuries it means nothing, and must not overflow.
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(floor) +
                                   static_cast<std::uint64_t>(by));
}

/// The number of a batch, of which `batches` have been sent, that ends in these 24 bits.
[[nodiscard]] constexpr std::uint32_t extend_batch(std::uint32_t low, std::uint64_t batches) {
  const std::uint32_t last = static_cast<std::uint32_t>(batches) - 1U;
  return last - ((last - low) % kCompactBatches);
}

/// What a warm-up has in place of the stream's `tag`, as there is no flag: all bits turned.
[[nodiscard]] constexpr std::uint16_t warm_up_tag(std::uint16_t tag) {
  return static_cast<std::uint16_t>(tag ^ 0xFFFFU);
}

/// Whether a datagram that looks like DATA says that it is of a warm-up. `tag`: the stream's.
[[nodiscard]] inline bool is_warm_up(std::span<const std::byte> datagram, HeaderKind header,
                                     std::uint16_t tag) {
  if (header == HeaderKind::full) {
    return is_warm_up(datagram);
  }
  return datagram.size() >= kCompactHeaderBytes &&
         load_network_order<std::uint16_t>(datagram.data() + kCompactTagOffset) == warm_up_tag(tag);
}

/// Whether a datagram of a session is to be taken for DATA. What is no DATA is a control message.
[[nodiscard]] inline bool is_data(std::span<const std::byte> datagram, HeaderKind header) {
  if (header == HeaderKind::compact) {
    return !datagram.empty() && (datagram[0] & std::byte{0x80}) != std::byte{0};
  }
  return datagram.size() > kTypeOffset &&
         datagram[kTypeOffset] == static_cast<std::byte>(MessageType::data);
}

}  // namespace udperf::wire
