#pragma once

#include <cstdint>

#include "base/saturating.hpp"
#include "base/time.hpp"

namespace udperf::session {

/// Whether who sends keeps to the rate that he was granted, by what has arrived. Bursts, what a
/// sender catches up with, and what stood in a queue meanwhile are within twice the rate over ten
/// seconds and an allowance: a second's worth, and so many of the largest datagrams that chance
/// (Poisson gaps) sends no more at the slowest rate. Pure.
class GrantWatch {
 public:
  static constexpr Duration kWindow = std::chrono::seconds{10};
  static constexpr unsigned kTimes = 2;
  static constexpr unsigned kDatagrams = 32;

  GrantWatch() = default;
  /// `bps`: as granted, payload bits; 0 = any. `largest`: bytes of a datagram at most. Begins now.
  GrantWatch(std::uint64_t bps, std::uint64_t largest, MonoTime now)
      : bps_(bps), allowance_(saturating_add(bps / 8, largest * kDatagrams)), since_(now) {}

  /// When to look next; kNever where there is nothing to watch.
  [[nodiscard]] MonoTime next() const { return bps_ == 0 ? kNever : since_ + kWindow; }
  /// `bytes` have arrived since the beginning. True at the end of a window that had too much.
  [[nodiscard]] bool exceeds(std::uint64_t bytes, MonoTime now) {
    if (now < next()) {
      return false;
    }
    const auto ns = static_cast<std::uint64_t>((now - since_).count());
    const std::uint64_t most =
        saturating_add(saturating_mul_div(Uint128{bps_} * kTimes, ns, 8'000'000'000U), allowance_);
    const bool too_much = bytes > before_ && bytes - before_ > most;
    since_ = now;
    before_ = bytes;
    return too_much;
  }

 private:
  std::uint64_t bps_ = 0;
  std::uint64_t allowance_ = 0;
  MonoTime since_{};
  std::uint64_t before_ = 0;
};

}  // namespace udperf::session
