#pragma once

#include <algorithm>
#include <cstdint>

#include "base/saturating.hpp"
#include "base/time.hpp"

namespace udperf::iperf3 {

/// Whether a client sends more than the rate that it was granted brings, by all that has come since
/// the start: a sender that stood still, bursts or hiccups is behind its rate, and catches up with
/// no more than that. Pure.
class RateWatch {
 public:
  /// So much more is no fault: a clock that is fast, what a client rounds up.
  static constexpr std::uint64_t kSlackPercent = 10;
  /// And of the window's worth so much, once: with the slack it is what a window may have too much.
  static constexpr std::uint64_t kWindowPercent = 20;
  /// What was not sent for longer than this is not sent later.
  static constexpr Duration kCatchingUp = std::chrono::seconds{10};

  RateWatch() = default;
  /// `bps`: as granted; 0 = any. `at_once`: bytes that the client may send whatever its rate, as
  /// its bursts and some datagrams are. Begins now.
  RateWatch(std::uint64_t bps, std::uint64_t at_once, Duration window, MonoTime now)
      : bps_(bps),
        looked_(now),
        allowed_(saturating_add(at_once, bytes_in(window) / 100 * kWindowPercent)) {}

  /// A look: `unique` bytes of data have arrived since the beginning, and `all` with copies and
  /// what is no data. A path may double every datagram, so of all twice as much is right.
  [[nodiscard]] bool exceeds(std::uint64_t unique, std::uint64_t all, MonoTime now) {
    if (bps_ == 0) {
      return false;
    }
    const std::uint64_t bytes = std::max(unique, all / 2);
    const std::uint64_t earned = bytes_in(std::max(now - looked_, Duration{0}));
    looked_ = std::max(looked_, now);
    allowed_ = saturating_add(allowed_, saturating_mul_div(earned, 100 + kSlackPercent, 100));
    const bool too_much = bytes > allowed_;
    allowed_ = std::min(allowed_, saturating_add(bytes, bytes_in(kCatchingUp)));
    return too_much;
  }

 private:
  [[nodiscard]] std::uint64_t bytes_in(Duration time) const {
    return saturating_mul_div(Uint128{bps_}, static_cast<std::uint64_t>(time.count()),
                              8'000'000'000U);
  }

  std::uint64_t bps_ = 0;
  MonoTime looked_{};
  std::uint64_t allowed_ = 0;  ///< bytes since the beginning
};

}  // namespace udperf::iperf3
