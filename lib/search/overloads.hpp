#pragma once

#include <algorithm>
#include <optional>
#include <utility>

#include "base/time.hpp"
#include "search/trial.hpp"

namespace udperf::search {

/// The trials in which more goes into the bottleneck than comes out: how long and how far above
/// its rate the next one is, and the one that is kept to be compared. Pure.
class Overloads {
 public:
  static constexpr Duration kLongest = std::chrono::seconds{4};

  /// Another one; `counted`: for so long what comes out is to be counted. False when there were too
  /// many: the bottleneck is another one each time.
  [[nodiscard]] bool again(Duration counted) {
    constexpr int kMost = 5;
    constexpr Duration kFilling = std::chrono::milliseconds{300};
    if (++made_ > kMost) {
      return false;
    }
    duration_ = std::max<Duration>(duration_, kFilling + counted);
    return true;
  }
  /// From now on twice as long, at most kLongest.
  void lengthen() { duration_ = std::min<Duration>(2 * duration_, kLongest); }
  /// From now on with less, which the hosts may manage; false when that was so already.
  [[nodiscard]] bool soften() {
    constexpr double kGentle = 1.25;
    return std::exchange(factor_, kGentle) != kGentle;
  }

  [[nodiscard]] Duration duration() const { return duration_; }
  /// How much of the bottleneck's rate goes in.
  [[nodiscard]] double factor() const { return factor_; }

  /// What one came to. Returns what to go by, or nothing where the bottleneck had nothing to do at
  /// times and this was the first such one; then, if `may_repeat`, the better of two tries counts.
  [[nodiscard]] std::optional<LateRate> settle(const LateRate& late, bool may_repeat) {
    if (!late.saturated && !dry_ && may_repeat) {
      dry_ = late;
      return std::nullopt;
    }
    const auto before = std::exchange(dry_, std::nullopt);
    return before && before->steady && before->low_bps > late.low_bps ? *before : late;
  }

 private:
  int made_ = 0;
  Duration duration_{0};
  double factor_ = 2;
  std::optional<LateRate> dry_;  ///< the first, in which the bottleneck had nothing to do at times
};

}  // namespace udperf::search
