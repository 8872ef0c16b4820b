#pragma once

#include <atomic>
#include <cstdint>
#include <limits>
#include <optional>
#include <type_traits>

#include "base/time.hpp"

namespace udperf::engine {

/// A value that several threads share, absent until it is set: one lock-free word. T is a MonoTime,
/// a Duration, an enumeration or a whole number. Other data is not ordered by it, unless set_once()
/// says so.
template <typename T>
class SharedValue {
 public:
  [[nodiscard]] std::optional<T> get() const {
    const std::int64_t word = word_.load(std::memory_order_relaxed);
    return word != kAbsent ? std::optional{value_of(word)} : std::nullopt;
  }
  void set(T value) { word_.store(word_of(value), std::memory_order_relaxed); }
  /// Set by whoever comes first; returns what it then is.
  T set_once(T value) {
    std::int64_t word = kAbsent;
    return word_.compare_exchange_strong(word, word_of(value)) ? value : value_of(word);
  }

 private:
  /// 292 years before the clock began, and below all else that is kept in one.
  static constexpr std::int64_t kAbsent = std::numeric_limits<std::int64_t>::min();

  static std::int64_t word_of(T value) {
    if constexpr (std::is_same_v<T, MonoTime>) {
      return to_ns(value);
    } else if constexpr (std::is_same_v<T, Duration>) {
      return value.count();
    } else {
      return static_cast<std::int64_t>(value);
    }
  }
  static T value_of(std::int64_t word) {
    if constexpr (std::is_same_v<T, MonoTime>) {
      return mono_from_ns(word);
    } else if constexpr (std::is_same_v<T, Duration>) {
      return Duration{word};
    } else {
      return static_cast<T>(word);
    }
  }

  std::atomic<std::int64_t> word_{kAbsent};
};

}  // namespace udperf::engine
