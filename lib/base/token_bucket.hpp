#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>

#include "base/saturating.hpp"
#include "base/time.hpp"

namespace udperf {

/// Lets so many bytes (or anything else that is counted) pass in a second, and a burst of them at
/// once. Kept as the moment at which all that has passed will be paid for. Any thread may use it.
class TokenBucket {
 public:
  /// Preconditions: both above zero.
  TokenBucket(std::uint64_t per_second, std::uint64_t burst)
      : per_second_(per_second), burst_ns_(time_of(burst)) {}

  /// False, and nothing has passed, when that would be too much now.
  [[nodiscard]] bool pass(std::uint64_t bytes, MonoTime now) {
    const std::int64_t cost = time_of(bytes);
    std::int64_t paid = paid_at_ns_.load(std::memory_order_relaxed);
    std::int64_t then = 0;
    do {
      then = std::max(paid, to_ns(now)) + cost;
      if (then - to_ns(now) > burst_ns_) {
        return false;
      }
    } while (!paid_at_ns_.compare_exchange_weak(paid, then, std::memory_order_relaxed));
    return true;
  }
  /// So many have passed, whether they might or not: nothing more does until that is paid for.
  void charge(std::uint64_t bytes, MonoTime now) {
    std::int64_t paid = paid_at_ns_.load(std::memory_order_relaxed);
    std::int64_t then = 0;
    do {
      then = saturating_sum(std::max(paid, to_ns(now)), time_of(bytes));
    } while (!paid_at_ns_.compare_exchange_weak(paid, then, std::memory_order_relaxed));
  }
  /// What passed was not used after all.
  void give_back(std::uint64_t bytes) {
    paid_at_ns_.fetch_sub(time_of(bytes), std::memory_order_relaxed);
  }
  /// When so many may pass, if nothing else does before. Precondition: no more than the burst.
  [[nodiscard]] MonoTime due(std::uint64_t bytes) const {
    return mono_from_ns(paid_at_ns_.load(std::memory_order_relaxed) + time_of(bytes) - burst_ns_);
  }

 private:
  [[nodiscard]] std::int64_t time_of(std::uint64_t bytes) const {
    constexpr std::uint64_t kMost = std::uint64_t{1} << 60U;
    const std::uint64_t ns = saturating_mul_div(Uint128{bytes}, 1'000'000'000, per_second_);
    return static_cast<std::int64_t>(std::min(ns, kMost));
  }

  std::uint64_t per_second_;
  std::int64_t burst_ns_;
  std::atomic<std::int64_t> paid_at_ns_{INT64_MIN / 2};
};

}  // namespace udperf
