#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "base/network_order.hpp"
#include "model/test_params.hpp"

namespace udperf::wire {

inline constexpr std::uint32_t kMagic = 0x55445046;  // "UDPF"
inline constexpr std::uint8_t kVersion = 1;

/// Byte 5 of every datagram (docs/protocol.md, Common header).
enum class MessageType : std::uint8_t {
  hello = 1,
  challenge = 2,
  request = 3,
  accept = 4,
  reject = 5,
  go = 6,
  go_ack = 7,
  probe = 8,
  probe_reply = 9,
  data = 10,
  feedback = 11,
  fin = 12,
  fin_ack = 13,
  report = 14,
  report_pull = 15,
  bye = 16,
  join = 17,
  join_ack = 18,
};

inline constexpr std::size_t kCommonHeaderBytes = 16;
/// Control datagrams are never larger: they fit the smallest IPv6 MTU (1280 - 40 - 8).
inline constexpr std::size_t kMaxControlBytes = 1232;
/// HELLO and REQUEST are padded to this, so that no answer to an unproven address is larger.
inline constexpr std::size_t kPaddedRequestBytes = 512;
/// Counter and tag at the end of an authenticated control datagram.
inline constexpr std::size_t kTrailerBytes = 8 + 16;

/// Flag in byte 7: the datagram ends with a counter and a tag.
inline constexpr std::uint8_t kFlagAuthenticated = 0x01;

/// The first 16 bytes of every datagram:
///
///      0                   1                   2                   3
///      0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
///   0 |                       magic  "UDPF"                           |
///   4 |    version    |     type      |    stream     |     flags     |
///   8 |                          session                              |
struct CommonHeader {
  std::uint8_t version = kVersion;
  MessageType type = MessageType::hello;
  std::uint8_t stream = 0;
  std::uint8_t flags = 0;
  std::uint64_t session = 0;  ///< random, chosen by the server; 0 before there is one

  bool operator==(const CommonHeader&) const = default;
};

/// The head of every DATA datagram: the common header and
///
///  16 |                          sequence                             |
///  24 |       tx_time (ns, the sender's CLOCK_MONOTONIC)              |
///  32 |                           batch                               |
///  36 |     index     |     count     |            token              |
///
/// `batch` numbers what the sender handed to the kernel at once; `index` of `count` is the place in
/// it. They turn the kernel's count of dropped buffers into a count of datagrams.
struct DataHeader {
  std::uint64_t session = 0;
  std::uint8_t stream = 0;
  std::uint64_t sequence = 0;  ///< from 0, per stream (RFC 8762 s4.2.1)
  std::int64_t tx_time_ns = 0;
  std::uint32_t batch = 0;  ///< modulo 2^32
  std::uint8_t index = 0;   ///< 0 .. count-1
  std::uint8_t count = 1;   ///< 1 .. 128
  std::uint16_t token = 0;  ///< unpredictable, echoed in FEEDBACK
  bool warm_up = false;     ///< of the part that is left out, which has numbers of its own

  bool operator==(const DataHeader&) const = default;
};

static_assert(kDataHeaderBytes == 40);

/// Offset of the message's type.
inline constexpr std::size_t kTypeOffset = 5;
/// Offset of the flags, and the one that DATA has.
inline constexpr std::size_t kFlagsOffset = 7;
inline constexpr std::byte kWarmUpFlag{1};
/// Offset of the sequence number in a DATA datagram; a firewall rule can match its low half at +4.
inline constexpr std::size_t kSequenceOffset = 16;

inline void encode(const DataHeader& h, std::span<std::byte, kDataHeaderBytes> out) {
  std::byte* const p = out.data();
  store_network_order(p, kMagic);
  p[4] = std::byte{kVersion};
  p[kTypeOffset] = static_cast<std::byte>(MessageType::data);
  p[6] = std::byte{h.stream};
  p[kFlagsOffset] = h.warm_up ? kWarmUpFlag : std::byte{0};
  store_network_order(p + 8, h.session);
  store_network_order(p + kSequenceOffset, h.sequence);
  store_network_order(p + 24, static_cast<std::uint64_t>(h.tx_time_ns));
  store_network_order(p + 32, h.batch);
  p[36] = std::byte{h.index};
  p[37] = std::byte{h.count};
  store_network_order(p + 38, h.token);
}

/// Reads the head of a DATA datagram; nothing when it is too short or not DATA of this version, or
/// its place in the batch is impossible. What follows the header is padding and is not looked at.
[[nodiscard]] inline std::optional<DataHeader> decode_data(std::span<const std::byte> in) {
  if (in.size() < kDataHeaderBytes) {
    return std::nullopt;
  }
  const std::byte* const p = in.data();
  if (load_network_order<std::uint32_t>(p) != kMagic || p[4] != std::byte{kVersion} ||
      p[kTypeOffset] != static_cast<std::byte>(MessageType::data)) {
    return std::nullopt;
  }
  DataHeader h;
  h.stream = std::to_integer<std::uint8_t>(p[6]);
  h.warm_up = (p[kFlagsOffset] & kWarmUpFlag) != std::byte{0};
  h.session = load_network_order<std::uint64_t>(p + 8);
  h.sequence = load_network_order<std::uint64_t>(p + kSequenceOffset);
  h.tx_time_ns = static_cast<std::int64_t>(load_network_order<std::uint64_t>(p + 24));
  h.batch = load_network_order<std::uint32_t>(p + 32);
  h.index = std::to_integer<std::uint8_t>(p[36]);
  h.count = std::to_integer<std::uint8_t>(p[37]);
  h.token = load_network_order<std::uint16_t>(p + 38);
  if (h.index >= h.count) {
    return std::nullopt;
  }
  return h;
}

/// Whether a datagram that looks like DATA says that it is of a warm-up.
[[nodiscard]] inline bool is_warm_up(std::span<const std::byte> datagram) {
  return datagram.size() > kFlagsOffset && (datagram[kFlagsOffset] & kWarmUpFlag) != std::byte{0};
}

/// Reads the common header; nothing when the datagram is too short or not udperf's. The version is
/// the caller's to judge: a HELLO of a later one deserves an answer.
[[nodiscard]] inline std::optional<CommonHeader> decode_common(std::span<const std::byte> in) {
  if (in.size() < kCommonHeaderBytes || load_network_order<std::uint32_t>(in.data()) != kMagic) {
    return std::nullopt;
  }
  CommonHeader h;
  h.version = std::to_integer<std::uint8_t>(in[4]);
  h.type = static_cast<MessageType>(in[5]);
  h.stream = std::to_integer<std::uint8_t>(in[6]);
  h.flags = std::to_integer<std::uint8_t>(in[7]);
  h.session = load_network_order<std::uint64_t>(in.data() + 8);
  return h;
}

}  // namespace udperf::wire
