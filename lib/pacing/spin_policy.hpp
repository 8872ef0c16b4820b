#pragma once

#include "base/time.hpp"

namespace udperf::pacing {

/// Whether a wait for a deadline should end by spinning. That pays where the processor is idle
/// otherwise; where others want it, a thread that spins uses up its share, and then has to wait for
/// longer than any sleep would have been late. Takes the time as an argument.
class SpinPolicy {
 public:
  /// No idle host wakes a thread up so late.
  static constexpr Duration kLate = std::chrono::milliseconds{1};
  static constexpr Duration kFirstPause = std::chrono::seconds{1};
  static constexpr Duration kLongestPause = std::chrono::seconds{16};

  /// A deadline that the thread slept for, and how late it came to it.
  void on_wake(MonoTime now, Duration late) {
    if (late < kLate) {
      return;
    }
    // Late again as soon as it spins again: the spinning may be why.
    const bool again = now >= until_ && now - until_ < kFirstPause && until_ != MonoTime{};
    const bool done = now >= until_;
    pause_ = again ? std::min(2 * pause_, kLongestPause) : done ? kFirstPause : pause_;
    until_ = std::max(until_, now + (done ? pause_ : kFirstPause));
  }

  [[nodiscard]] bool pays(MonoTime now) const { return now >= until_; }

 private:
  MonoTime until_{};
  Duration pause_ = kFirstPause;
};

}  // namespace udperf::pacing
