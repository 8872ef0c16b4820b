#pragma once

#include <algorithm>

#include "base/time.hpp"

namespace udperf::session {

/// When to say something again that has not been answered: soon at first, then ever more slowly,
/// but often enough that half of the datagrams may be lost and the exchange still ends well in its
/// time.
class Backoff {
 public:
  static constexpr Duration kFirst = std::chrono::milliseconds{40};
  static constexpr Duration kLongest = std::chrono::milliseconds{120};
  static constexpr Duration kSlow = std::chrono::milliseconds{500};  ///< after kEager of trying
  static constexpr Duration kEager = std::chrono::seconds{6};

  /// Starts anew: the first repetition is due kFirst from now.
  void start(MonoTime now) {
    begun_ = now;
    wait_ = kFirst;
    next_ = now + wait_;
  }
  /// Call when it has been said again.
  void repeated(MonoTime now) {
    wait_ = now - begun_ > kEager ? kSlow : std::min(wait_ * 3 / 2, kLongest);
    next_ = now + wait_;
  }
  void stop() { next_ = kNever; }

  [[nodiscard]] MonoTime next() const { return next_; }
  [[nodiscard]] bool due(MonoTime now) const { return now >= next_; }

 private:
  MonoTime begun_{};
  Duration wait_ = kFirst;
  MonoTime next_ = kNever;
};

}  // namespace udperf::session
