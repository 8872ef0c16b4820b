#pragma once

#include <concepts>
#include <cstdint>
#include <limits>

#include "base/time.hpp"
#include "base/units.hpp"

namespace udperf {

// Sums, products and quotients of rates, sizes and times that a peer may have chosen. What does not
// fit becomes the largest value that does, never a small one: a limit can then only be missed on
// the safe side.

/// `value`, or the largest T where it is larger.
template <std::integral T>
[[nodiscard]] constexpr T saturate(Uint128 value) {
  constexpr auto kMost = static_cast<Uint128>(std::numeric_limits<T>::max());
  return static_cast<T>(value < kMost ? value : kMost);
}

[[nodiscard]] constexpr std::uint64_t saturating_add(std::uint64_t a, std::uint64_t b) {
  return saturate<std::uint64_t>(Uint128{a} + b);
}
[[nodiscard]] constexpr std::uint64_t saturating_mul(std::uint64_t a, std::uint64_t b) {
  return saturate<std::uint64_t>(Uint128{a} * b);
}

/// Of either sign.
[[nodiscard]] constexpr std::int64_t saturating_sum(std::int64_t a, std::int64_t b) {
  using Limits = std::numeric_limits<std::int64_t>;
  if (b > 0) {
    return a > Limits::max() - b ? Limits::max() : a + b;
  }
  return a < Limits::min() - b ? Limits::min() : a + b;
}

/// a * b / c, rounded down; the largest value where that, or the product, does not fit.
[[nodiscard]] constexpr std::uint64_t saturating_mul_div(Uint128 a, std::uint64_t b, Uint128 c) {
  const bool fits = c != 0 && (b == 0 || a <= ~Uint128{0} / b);
  return fits ? saturate<std::uint64_t>(a * b / c) : std::numeric_limits<std::uint64_t>::max();
}

/// `n` nanoseconds as a time, at most 292 years.
[[nodiscard]] constexpr Duration saturating_ns(Uint128 n) {
  return Duration{saturate<Duration::rep>(n)};
}

/// A moment so much later, or kNever where the time line ends before. Precondition: time >= 0.
[[nodiscard]] constexpr MonoTime saturating_after(MonoTime from, Duration time) {
  return from >= MonoTime{} && time > kNever - from ? kNever : from + time;
}

}  // namespace udperf
