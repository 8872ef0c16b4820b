#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "base/network_order.hpp"
#include "base/time.hpp"

namespace udperf::iperf3 {

/// The head of every data datagram: seconds and microseconds of the sender's monotonic clock, and a
/// sequence number that begins at 1, of 32 or 64 bits; all big-endian.
struct DataHeader {
  std::uint64_t sequence = 0;
  std::int64_t tx_ns = 0;
};

enum class Counters : std::uint8_t { narrow, wide };

[[nodiscard]] constexpr std::size_t header_bytes(Counters counters) {
  return counters == Counters::wide ? 16 : 12;
}

/// Precondition: `at` has room for 16 bytes; every datagram does.
inline void encode(std::byte* at, Counters counters, std::uint64_t sequence, std::int64_t tx_ns) {
  constexpr std::int64_t kSecond = 1'000'000'000;
  store_network_order(at, static_cast<std::uint32_t>(tx_ns / kSecond));
  store_network_order(at + 4, static_cast<std::uint32_t>(tx_ns % kSecond / 1000));
  if (counters == Counters::wide) {
    store_network_order(at + 8, sequence);
  } else {
    store_network_order(at + 8, static_cast<std::uint32_t>(sequence));
  }
}

/// Reads the head of a datagram of at least kLeastLength bytes. A narrow number is taken for the
/// one nearest to `expected`, so that it may wrap.
[[nodiscard]] inline DataHeader decode(const std::byte* at, Counters counters,
                                       std::uint64_t expected) {
  DataHeader out;
  const auto seconds = load_network_order<std::uint32_t>(at);
  const auto micros = load_network_order<std::uint32_t>(at + 4);
  out.tx_ns = std::int64_t{seconds} * 1'000'000'000 + std::int64_t{micros} * 1000;
  if (counters == Counters::wide) {
    out.sequence = load_network_order<std::uint64_t>(at + 8);
    return out;
  }
  const auto low = load_network_order<std::uint32_t>(at + 8);
  const auto ahead = static_cast<std::int32_t>(low - static_cast<std::uint32_t>(expected));
  const auto near = static_cast<std::int64_t>(expected) + ahead;
  out.sequence = near >= 0 ? static_cast<std::uint64_t>(near) : low;
  return out;
}

/// What opens a stream: a datagram of four bytes to the server, and one back.
using Magic = std::array<std::byte, 4>;
inline constexpr Magic kHello{std::byte{'9'}, std::byte{'8'}, std::byte{'7'}, std::byte{'6'}};
inline constexpr Magic kHelloReply{std::byte{'6'}, std::byte{'7'}, std::byte{'8'}, std::byte{'9'}};

/// Any four bytes: clients do not agree on which, and nothing else is as short.
[[nodiscard]] bool is_hello(std::span<const std::byte> datagram);
/// Also in the form that servers up to 3.11 use: a number in their host's byte order.
[[nodiscard]] bool is_hello_reply(std::span<const std::byte> datagram);

}  // namespace udperf::iperf3
