#pragma once

#include <algorithm>
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

#include "base/time.hpp"

namespace udperf::wire {

/// Appends fields in network byte order. Reader has the same calls, so that one visit function per
/// message describes both directions and they cannot drift apart; so has Describer, which makes the
/// tables of docs/protocol.md of the words that each field comes with.
class Writer {
 public:
  explicit Writer(std::vector<std::byte>& out) : out_(out) {}

  template <std::integral T>
  void put(const T& value) {
    const auto bits = static_cast<std::make_unsigned_t<T>>(value);
    for (std::size_t i = sizeof(T); i-- > 0;) {
      out_.push_back(static_cast<std::byte>(bits >> (8 * i)));
    }
  }
  template <typename E>
  requires std::is_enum_v<E>
  void put(const E& value) { put(static_cast<std::underlying_type_t<E>>(value)); }
  void put(const bool& value) { put(static_cast<std::uint8_t>(value ? 1 : 0)); }
  void put(const Duration& value) { put(std::int64_t{value.count()}); }
  void put(const double& value) { put(std::bit_cast<std::uint64_t>(value)); }
  template <std::size_t N>
  void put(const std::array<std::byte, N>& value) {
    out_.insert(out_.end(), value.begin(), value.end());
  }
  template <typename T>
  void put(const std::optional<T>& value) {
    put(value.has_value());
    if (value) {
      put(*value);
    }
  }
  template <typename T, std::size_t N>
  void put(const std::array<T, N>& values) {
    for (const T& value : values) {
      put(value);
    }
  }
  /// What has a visit function of its own.
  template <typename T>
  requires std::is_class_v<T>
  void put(const T& value) { visit(*this, value); }

  template <typename T>
  void field(const T& value, const char* /*about*/) {
    put(value);
  }
  /// A field that earlier versions do not have: behind all of theirs.
  template <typename T>
  void later(const T& value, const char* /*about*/) {
    put(value);
  }
  /// What ends a message, without a word before it: there or not.
  template <typename T>
  void rest(const std::optional<T>& value, const char* /*about*/) {
    if (value) {
      put(*value);
    }
  }
  /// What earlier versions do not have behind that, where that is there.
  template <typename T>
  void told(const T& value, const char* /*about*/) {
    put(value);
  }
  /// The first `most` rows, behind their number.
  template <std::unsigned_integral Count, typename Row>
  void list(const std::vector<Row>& rows, std::size_t most, const char* /*about*/) {
    const std::size_t count = std::min(rows.size(), most);
    put(static_cast<Count>(count));
    for (std::size_t i = 0; i < count; ++i) {
      put(rows[i]);
    }
  }
  /// Bytes of any content, behind their number. Precondition: `most` of them at most.
  void bytes(const std::vector<std::byte>& value, std::size_t /*most*/, const char* /*about*/) {
    put(static_cast<std::uint16_t>(value.size()));
    out_.insert(out_.end(), value.begin(), value.end());
  }
  /// Fields that have a table of their own in docs/protocol.md.
  template <typename Fields>
  void part(const char* /*name*/, const char* /*about*/, const Fields& fields) {
    fields(*this);
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
  void get(T& value) {
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
  void get(E& value) {
    std::underlying_type_t<E> bits{};
    get(bits);
    value = static_cast<E>(bits);  // out-of-range values are refused by the message's own check
  }
  void get(bool& value) {
    std::uint8_t bits = 0;
    get(bits);
    ok_ = ok_ && bits <= 1;
    value = bits == 1;
  }
  void get(Duration& value) {
    std::int64_t ns = 0;
    get(ns);
    value = Duration{ns};
  }
  void get(double& value) {
    std::uint64_t bits = 0;
    get(bits);
    value = std::bit_cast<double>(bits);
    if (!std::isfinite(value)) {
      ok_ = false;
      value = 0;
    }
  }
  template <std::size_t N>
  void get(std::array<std::byte, N>& value) {
    for (std::byte& byte : value) {
      std::uint8_t bits = 0;
      get(bits);
      byte = std::byte{bits};
    }
  }
  template <typename T>
  void get(std::optional<T>& value) {
    bool present = false;
    get(present);
    value.reset();
    if (present && ok_) {
      get(value.emplace());
    }
  }
  template <typename T, std::size_t N>
  void get(std::array<T, N>& values) {
    for (T& value : values) {
      get(value);
    }
  }
  template <typename T>
  requires std::is_class_v<T>
  void get(T& value) { visit(*this, value); }

  template <typename T>
  void field(T& value, const char* /*about*/) {
    get(value);
  }
  /// Stays as it is where an earlier version ended before it.
  template <typename T>
  void later(T& value, const char* /*about*/) {
    if (!in_.empty()) {
      get(value);
    }
  }
  template <typename T>
  void rest(std::optional<T>& value, const char* /*about*/) {
    if (!in_.empty()) {
      get(value.emplace());
    }
  }
  template <typename T>
  void told(T& value, const char* about) {
    later(value, about);
  }
  /// Grows row by row as long as bytes are there, so a lying length allocates nothing.
  template <std::unsigned_integral Count, typename Row>
  void list(std::vector<Row>& rows, std::size_t most, const char* /*about*/) {
    Count count = 0;
    get(count);
    ok_ = ok_ && count <= most;
    rows.clear();
    for (Count i = 0; i < count && ok_; ++i) {
      get(rows.emplace_back());
    }
  }
  void bytes(std::vector<std::byte>& value, std::size_t most, const char* /*about*/) {
    std::uint16_t length = 0;
    get(length);
    if (!ok_ || length > most || length > in_.size()) {
      ok_ = false;
      return;
    }
    value.assign(in_.begin(), in_.begin() + length);
    in_ = in_.subspan(length);
  }
  template <typename Fields>
  void part(const char* /*name*/, const char* /*about*/, const Fields& fields) {
    fields(*this);
  }

  [[nodiscard]] bool ok() const { return ok_; }

 private:
  std::span<const std::byte> in_;
  bool ok_ = true;
};

}  // namespace udperf::wire
