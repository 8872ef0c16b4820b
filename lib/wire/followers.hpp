#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

#include "base/network_order.hpp"
#include "wire/compact_header.hpp"
#include "wire/header.hpp"

namespace udperf::wire {
namespace detail {

[[nodiscard]] inline std::uint64_t raw8(const std::byte* at) {
  std::uint64_t value = 0;
  std::memcpy(&value, at, sizeof value);
  return value;
}

/// Whether the full header at `next` is that of the one at `before` with the number and the place
/// in the batch one higher.
[[nodiscard]] inline bool follows_full(const std::byte* before, const std::byte* next) {
  constexpr std::uint64_t kOnePlace = std::uint64_t{1} << 24U;  // of byte 36, in 32..39
  const auto place = load_network_order<std::uint64_t>(before + 32);
  const auto index = static_cast<std::uint8_t>(place >> 24U);
  const auto count = static_cast<std::uint8_t>(place >> 16U);
  return raw8(before) == raw8(next) && raw8(before + 8) == raw8(next + 8) &&
         load_network_order<std::uint64_t>(before + kSequenceOffset) + 1 ==
             load_network_order<std::uint64_t>(next + kSequenceOffset) &&
         raw8(before + 24) == raw8(next + 24) && index + 1U < count &&
         place + kOnePlace == load_network_order<std::uint64_t>(next + 32);
}

/// The same of compact headers, which do not tell their place.
[[nodiscard]] inline bool follows_compact(const std::byte* before, const std::byte* next) {
  const auto head = load_network_order<std::uint64_t>(before);
  const auto low = static_cast<std::uint32_t>(head);
  return low != UINT32_MAX && head + 1 == load_network_order<std::uint64_t>(next) &&
         raw8(before + 8) == raw8(next + 8);
}

}  // namespace detail

/// Of datagrams of `segment` bytes one behind the other in `data`, how many follow the first
/// without a break in the batch that it is of: their headers are its own with the next numbers. So
/// they need not be decoded. One that is shorter than `segment` does not follow. Precondition: the
/// first was decoded as one of `kind`, and is `segment` bytes long.
[[nodiscard]] inline std::size_t followers(std::span<const std::byte> data, std::size_t segment,
                                           HeaderKind kind) {
  const std::byte* before = data.data();
  std::size_t count = 0;
  for (std::size_t left = data.size() - segment; left >= segment; left -= segment) {
    const std::byte* const next = before + segment;
    if (!(kind == HeaderKind::full ? detail::follows_full(before, next)
                                   : detail::follows_compact(before, next))) {
      break;
    }
    before = next;
    ++count;
  }
  return count;
}

}  // namespace udperf::wire
