#pragma once

#include <bit>
#include <concepts>
#include <cstddef>
#include <cstring>

namespace udperf {

namespace detail {

template <std::unsigned_integral T>
[[nodiscard]] constexpr T network_order(T value) {
  if constexpr (std::endian::native == std::endian::big || sizeof(T) == 1) {
    return value;
  } else if constexpr (sizeof(T) == 8) {
    return __builtin_bswap64(value);
  } else if constexpr (sizeof(T) == 4) {
    return __builtin_bswap32(value);
  } else {
    static_assert(sizeof(T) == 2);
    return __builtin_bswap16(value);
  }
}

}  // namespace detail

/// The number whose bytes stand at `at`, the highest first; `at` needs no alignment.
template <std::unsigned_integral T>
[[nodiscard]] T load_network_order(const std::byte* at) {
  T value{};
  std::memcpy(&value, at, sizeof value);
  return detail::network_order(value);
}

template <std::unsigned_integral T>
void store_network_order(std::byte* at, T value) {
  value = detail::network_order(value);
  std::memcpy(at, &value, sizeof value);
}

}  // namespace udperf
