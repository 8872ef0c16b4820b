#pragma once

#include <cstdint>
#include <optional>
#include <utility>

#include "base/time.hpp"
#include "base/token_bucket.hpp"

namespace udperf {

/// Decides which records of a kind that strangers can cause are written, and counts the others, so
/// that a log grows with time and not with traffic. Belongs to one thread at a time.
class RecordLimiter {
 public:
  /// What was left out is told so long after the first of them.
  static constexpr Duration kTellAfter = std::chrono::seconds{10};

  /// `burst` at once, and then one each `every`.
  RecordLimiter(std::uint32_t burst, Duration every)
      : meter_(units_per_second(every), std::uint64_t{burst} * kUnit) {}

  /// Whether this one is written; counted otherwise.
  [[nodiscard]] bool admit(MonoTime now) {
    if (meter_.pass(kUnit, now)) {
      return true;
    }
    tell_at_ = left_out_ == 0 ? now + kTellAfter : tell_at_;
    ++left_out_;
    return false;
  }
  /// One that was admitted is as long as so many more: those that follow wait for it.
  void charge(std::uint64_t more, MonoTime now) { meter_.charge(saturating_mul(more, kUnit), now); }
  /// When to ask what was left out; kNever: nothing was.
  [[nodiscard]] MonoTime due() const { return tell_at_; }
  /// How many were left out since last told, if it is time to say so.
  [[nodiscard]] std::optional<std::uint64_t> take_left_out(MonoTime now) {
    return now >= tell_at_ ? take_all() : std::nullopt;
  }
  /// The same without waiting for the time.
  [[nodiscard]] std::optional<std::uint64_t> take_all() {
    if (left_out_ == 0) {
      return std::nullopt;
    }
    tell_at_ = kNever;
    return std::exchange(left_out_, 0);
  }

 private:
  static constexpr std::uint64_t kUnit =
      1000;  ///< of a record, so that rates below one a second fit

  static std::uint64_t units_per_second(Duration every) {
    const auto ns = static_cast<std::uint64_t>(every.count());
    return saturating_mul_div(Uint128{kUnit}, 1'000'000'000, ns == 0 ? 1 : ns);
  }

  TokenBucket meter_;
  std::uint64_t left_out_ = 0;
  MonoTime tell_at_ = kNever;
};

}  // namespace udperf
