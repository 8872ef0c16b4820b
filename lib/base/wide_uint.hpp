#pragma once

#include <bit>
#include <compare>
#include <concepts>
#include <cstdint>

namespace udperf {

/// An unsigned integer of 128 bits, for processors whose compiler has none; wraps as those do. What
/// does not fit into a smaller type on conversion is cut off.
class WideUint {
 public:
  constexpr WideUint() = default;
  /// Implicit, as between built-in integers; negative values wrap.
  template <std::integral T>
  constexpr WideUint(T value)  // NOLINT(google-explicit-constructor,hicpp-explicit-conversions)
      : high_(value < T{} ? ~std::uint64_t{0} : 0), low_(static_cast<std::uint64_t>(value)) {}

  /// Rounded down. Precondition: 0 <= value < 2^128.
  template <std::floating_point T>
  constexpr explicit WideUint(T value)
      : high_(static_cast<std::uint64_t>(value / T{0x1p64})),
        low_(static_cast<std::uint64_t>(value - static_cast<T>(high_) * T{0x1p64})) {}

  template <std::integral T>
  constexpr explicit operator T() const {
    if constexpr (std::same_as<T, bool>) {
      return (high_ | low_) != 0;
    } else {
      return static_cast<T>(low_);
    }
  }

  constexpr explicit operator double() const {
    return static_cast<double>(high_) * 0x1p64 + static_cast<double>(low_);
  }

  friend constexpr bool operator==(const WideUint&, const WideUint&) = default;
  friend constexpr std::strong_ordering operator<=>(const WideUint&, const WideUint&) = default;

  /// Precondition: bits < 128.
  friend constexpr WideUint operator>>(WideUint a, unsigned bits) {
    if (bits == 0) {
      return a;
    }
    return bits >= 64 ? of(0, a.high_ >> (bits - 64))
                      : of(a.high_ >> bits, (a.low_ >> bits) | (a.high_ << (64 - bits)));
  }
  friend constexpr WideUint operator~(WideUint a) { return of(~a.high_, ~a.low_); }
  friend constexpr WideUint operator+(WideUint a, WideUint b) {
    const std::uint64_t low = a.low_ + b.low_;
    return of(a.high_ + b.high_ + (low < a.low_ ? 1 : 0), low);
  }
  friend constexpr WideUint operator-(WideUint a, WideUint b) {
    return of(a.high_ - b.high_ - (a.low_ < b.low_ ? 1 : 0), a.low_ - b.low_);
  }
  friend constexpr WideUint operator*(WideUint a, WideUint b) {
    WideUint product = multiply(a.low_, b.low_);
    product.high_ += a.high_ * b.low_ + a.low_ * b.high_;
    return product;
  }
  /// Rounded down. Precondition: b is not 0.
  friend constexpr WideUint operator/(WideUint a, WideUint b) { return divide(a, b); }
  friend constexpr WideUint operator%(WideUint a, WideUint b) {
    divide(a, b);
    return a;
  }

  constexpr WideUint& operator+=(WideUint b) { return *this = *this + b; }
  constexpr WideUint& operator-=(WideUint b) { return *this = *this - b; }
  constexpr WideUint& operator*=(WideUint b) { return *this = *this * b; }
  constexpr WideUint& operator/=(WideUint b) { return *this = *this / b; }

 private:
  static constexpr WideUint of(std::uint64_t high, std::uint64_t low) {
    WideUint value{low};
    value.high_ = high;
    return value;
  }

  static constexpr WideUint multiply(std::uint64_t a, std::uint64_t b) {
    constexpr std::uint64_t kHalf = 0xffffffffU;
    const std::uint64_t low = (a & kHalf) * (b & kHalf);
    const std::uint64_t first = (a >> 32U) * (b & kHalf) + (low >> 32U);
    const std::uint64_t second = (a & kHalf) * (b >> 32U) + (first & kHalf);
    return of((a >> 32U) * (b >> 32U) + (first >> 32U) + (second >> 32U),
              (second << 32U) | (low & kHalf));
  }

  [[nodiscard]] constexpr int width() const {
    return high_ != 0 ? 128 - std::countl_zero(high_) : 64 - std::countl_zero(low_);
  }

  [[nodiscard]] constexpr WideUint shifted_left(int bits) const {
    if (bits == 0) {
      return *this;
    }
    return bits >= 64 ? of(low_ << (bits - 64), 0)
                      : of((high_ << bits) | (low_ >> (64 - bits)), low_ << bits);
  }

  /// a / b, rounded down; `a` becomes what is left. Bit by bit, as on paper: only as many as the
  /// quotient can have.
  static constexpr WideUint divide(WideUint& a, WideUint b) {
    if (a.high_ == 0 && b.high_ == 0) {
      const std::uint64_t quotient = a.low_ / b.low_;
      a.low_ %= b.low_;
      return quotient;
    }
    WideUint quotient;
    const int most = a.width() - b.width();
    WideUint part = b.shifted_left(most < 0 ? 0 : most);
    for (int bit = most; bit >= 0; --bit) {
      if (a >= part) {
        a = a - part;
        quotient = quotient + WideUint{1U}.shifted_left(bit);
      }
      part = part >> 1U;
    }
    return quotient;
  }

  std::uint64_t high_ = 0;  // first: the order of comparison
  std::uint64_t low_ = 0;
};

}  // namespace udperf
