#pragma once

#include <algorithm>

#include "base/time.hpp"

namespace udperf::search {

/// The time that a search has, and what a trial takes of it beyond its own duration, as the ones
/// before it showed. Pure; all times count from the search's beginning.
class TimeBudget {
 public:
  explicit TimeBudget(Duration whole) : whole_(whole) {}

  void move_to(Duration elapsed) { now_ = elapsed; }
  /// A trial begins.
  void begin_trial() { asked_at_ = now_; }
  /// It is over now; `planned`: its own duration.
  void end_trial(Duration planned) {
    constexpr Duration kLeastOverhead = std::chrono::milliseconds{50};
    overhead_ = std::max<Duration>({overhead_ / 2, now_ - asked_at_ - planned, kLeastOverhead});
  }
  /// A test that loses waits for what may still come, three of its longest round trips.
  void note_loaded_rtt(Duration rtt) {
    constexpr Duration kMostReserve = std::chrono::seconds{1};
    reserve_ = std::clamp<Duration>(3 * rtt, reserve_, kMostReserve);
  }

  [[nodiscard]] Duration now() const { return now_; }
  /// What a trial takes beyond its duration.
  [[nodiscard]] Duration overhead() const { return overhead_; }
  /// Whether so many trials of this duration end within the time.
  [[nodiscard]] bool fits(Duration trial, int count = 1) const {
    return now_ + count * (trial + overhead_) + reserve_ <= whole_;
  }

 private:
  Duration whole_;
  Duration now_{0};
  Duration asked_at_{0};
  Duration overhead_ = std::chrono::milliseconds{300};
  Duration reserve_ = std::chrono::milliseconds{200};  ///< the last trial's, beyond its overhead
};

}  // namespace udperf::search
