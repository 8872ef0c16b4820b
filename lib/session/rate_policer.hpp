#pragma once

#include <algorithm>
#include <cstdint>

#include "base/saturating.hpp"
#include "base/time.hpp"

namespace udperf::session {

/// Whether who sends keeps to the rate that he was granted, by what has arrived. Bursts, what a
/// sender catches up with, and what stood in a queue meanwhile are within twice the rate over ten
/// seconds and an allowance: a second's worth, and so many of the largest datagrams that chance
/// (Poisson gaps) sends no more at the slowest rate. Pure.
///
/// Where the rate is only the mean of a trace, the window is all the time that was granted, and
/// what is too much for that is found out as soon as it has come.
class RatePolicer {
 public:
  static constexpr Duration kWindow = std::chrono::seconds{10};
  static constexpr unsigned kTimes = 2;
  static constexpr unsigned kDatagrams = 32;

  RatePolicer() = default;
  /// `bps`: as granted, payload bits; 0 = any. `largest`: bytes of a datagram at most. `before`:
  /// bytes that have arrived already. Begins now.
  RatePolicer(std::uint64_t bps, std::uint64_t largest, std::uint64_t before, MonoTime now,
              Duration mean_over = kWindow)
      : bps_(bps),
        allowance_(saturating_add(bps / 8, largest * kDatagrams)),
        mean_over_(mean_over),
        looked_(now),
        since_(now),
        before_(before) {}

  /// When to look next; kNever where there is nothing to watch.
  [[nodiscard]] MonoTime next() const { return bps_ == 0 ? kNever : looked_ + kWindow; }
  /// `bytes` have arrived since the beginning. True after a window that had too much.
  [[nodiscard]] bool exceeds(std::uint64_t bytes, MonoTime now) {
    if (now < next()) {
      return false;
    }
    looked_ = now;
    const auto ns = static_cast<std::uint64_t>(std::max(now - since_, mean_over_).count());
    const std::uint64_t most =
        saturating_add(saturating_mul_div(Uint128{bps_} * kTimes, ns, 8'000'000'000U), allowance_);
    const bool too_much = bytes > before_ && bytes - before_ > most;
    if (now - since_ >= mean_over_) {
      since_ = now;
      before_ = bytes;
    }
    return too_much;
  }

 private:
  std::uint64_t bps_ = 0;
  std::uint64_t allowance_ = 0;
  Duration mean_over_ = kWindow;
  MonoTime looked_{};
  MonoTime since_{};
  std::uint64_t before_ = 0;
};

}  // namespace udperf::session
