#pragma once

#include <array>
#include <bit>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <type_traits>
#include <vector>

namespace udperf::wire {

/// Appends fields in network byte order. Reader has the same calls, so that one visit function per
/// message describes both directions and they cannot drift apart.
class Writer {
 public:
  explicit Writer(std::vector<std::byte>& out) : out_(out) {}

  template <std::integral T>
  void field(const T& value) {
    const auto bits = static_cast<std::make_unsigned_t<T>>(value);
    for (std::size_t i = sizeof(T); i-- > 0;) {
      out_.push_back(static_cast<std::byte>(bits >> (8 * i)));
    }
  }
  template <typename E>
  requires std::is_enum_v<E>
  void field(const E& value) { field(static_cast<std::underlying_type_t<E>>(value)); }
  void field(const bool& value) { field(static_cast<std::uint8_t>(value ? 1 : 0)); }
  void field(const double& value) { field(std::bit_cast<std::uint64_t>(value)); }
  template <std::size_t N>
  void field(const std::array<std::byte, N>& value) {
    out_.insert(out_.end(), value.begin(), value.end());
  }
  template <typename T>
  void field(const std::optional<T>& value) {
    field(value.has_value());
    if (value) {
      field(*value);
    }
  }
  template <typename T, std::size_t N>
  void field(const std::array<T, N>& values) {
    for (const T& value : values) {
      field(value);
    }
  }
  /// A field that earlier versions do not have: behind all of theirs.
  template <typename T>
  void later(const T& value) {
    field(value);
  }

 private:
  std::vector<std::byte>& out_;
};

/// Reads fields in network byte order from a datagram that anyone may have sent.
///
/// Reading past the end gives zeros and makes ok() false for good, as does an enum or flag above
/// its limit, so a decoder reads all its fields and asks once.
class Reader {
 public:
  explicit Reader(std::span<const std::byte> in) : in_(in) {}

  template <std::integral T>
  void field(T& value) {
    std::make_unsigned_t<T> bits = 0;
    if (in_.size() < sizeof(T)) {
      ok_ = false;
      in_ = {};
    } else {
      for (std::size_t i = 0; i < sizeof(T); ++i) {
        bits = static_cast<std::make_unsigned_t<T>>((static_cast<std::uint64_t>(bits) << 8U) |
                                                    std::to_integer<std::uint64_t>(in_[i]));
      }
      in_ = in_.subspan(sizeof(T));
    }
    value = static_cast<T>(bits);
  }
  template <typename E>
  requires std::is_enum_v<E>
  void field(E& value) {
    std::underlying_type_t<E> bits{};
    field(bits);
    value = static_cast<E>(bits);  // out-of-range values are refused by the message's own check
  }
  void field(bool& value) {
    std::uint8_t bits = 0;
    field(bits);
    ok_ = ok_ && bits <= 1;
    value = bits == 1;
  }
  void field(double& value) {
    std::uint64_t bits = 0;
    field(bits);
    value = std::bit_cast<double>(bits);
    if (!std::isfinite(value)) {
      ok_ = false;
      value = 0;
    }
  }
  template <std::size_t N>
  void field(std::array<std::byte, N>& value) {
    for (std::byte& byte : value) {
      std::uint8_t bits = 0;
      field(bits);
      byte = std::byte{bits};
    }
  }
  template <typename T>
  void field(std::optional<T>& value) {
    bool present = false;
    field(present);
    value.reset();
    if (present && ok_) {
      field(value.emplace());
    }
  }
  template <typename T, std::size_t N>
  void field(std::array<T, N>& values) {
    for (T& value : values) {
      field(value);
    }
  }
  /// Stays as it is where an earlier version ended before it.
  template <typename T>
  void later(T& value) {
    if (!in_.empty()) {
      field(value);
    }
  }

  void fail() { ok_ = false; }
  [[nodiscard]] bool ok() const { return ok_; }
  [[nodiscard]] std::size_t remaining() const { return in_.size(); }
  [[nodiscard]] std::span<const std::byte> rest() const { return in_; }

 private:
  std::span<const std::byte> in_;
  bool ok_ = true;
};

}  // namespace udperf::wire
