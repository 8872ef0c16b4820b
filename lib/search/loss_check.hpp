#pragma once

#include <algorithm>
#include <cstdint>

#include "search/trial.hpp"

namespace udperf::search {

/// Whether the path loses at any rate: a confirmation that lost is followed by a trial far below,
/// once in a search. Pure.
class LossCheck {
 public:
  /// At this rate a confirmation lost.
  void begin(double lost_bps) {
    lost_bps_ = lost_bps;
    begun_ = true;
  }
  [[nodiscard]] bool begun() const { return begun_; }
  [[nodiscard]] double lost_bps() const { return lost_bps_; }

  /// What a trial far below came to: what the hosts lost themselves is not the path's.
  void note(const Observation& seen) { losses_ += seen.lost - std::min(seen.lost, seen.host_lost); }
  /// It has lost so much there that it is no chance.
  [[nodiscard]] bool path_loses() const {
    constexpr std::uint64_t kFewest = 3;
    return losses_ >= kFewest;
  }

 private:
  double lost_bps_ = 0;
  bool begun_ = false;
  std::uint64_t losses_ = 0;
};

}  // namespace udperf::search
