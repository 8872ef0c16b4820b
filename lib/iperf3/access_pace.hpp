#pragma once

#include "base/time.hpp"

namespace udperf::iperf3 {

/// When the next client's token is looked at: after a wrong one the server does other things for
/// four times as long as that took, so who tries them takes a fifth of its time. Nobody is refused
/// for it, and each is asked in its turn.
class AccessPace {
 public:
  [[nodiscard]] bool due(MonoTime now) const { return now >= next_; }
  [[nodiscard]] MonoTime next() const { return next_; }
  /// One was looked at from `begin` to `end`, and was wrong.
  void note_wrong(MonoTime begin, MonoTime end) {
    constexpr int kRests = 4;
    next_ = end + kRests * (end - begin);
  }

 private:
  MonoTime next_{};
};

}  // namespace udperf::iperf3
