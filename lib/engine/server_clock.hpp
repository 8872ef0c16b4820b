#pragma once

#include <cstdint>

#include "clock/clock.hpp"
#include "model/outcome.hpp"
#include "session/clock_offset_estimator.hpp"
#include "wire/messages.hpp"

namespace udperf::engine {

/// What a client learns of its server's clocks from the answers to its probes.
/// Pure.
class ServerClock {
 public:
  /// An answer that came at `arrived`, when this host's clocks said `ours`.
  void note(const wire::ProbeReply& reply, const ClockAnchor& ours, MonoTime arrived);

  /// What is known for the time from `since` to `until`. `same_host`: both ends
  /// read one clock.
  [[nodiscard]] ClockEstimate estimate(bool same_host, MonoTime since, MonoTime until) const;

 private:
  /// Wall clock minus monotonic clock: changes only when one is set.
  struct WallClock {
    std::int64_t first_ns = 0;
    std::int64_t latest_ns = 0;
    bool set = false;  ///< during the test
  };
  void note_wall(WallClock& wall, std::int64_t difference_ns) const;

  session::ClockOffsetEstimator offset_;
  WallClock our_wall_;
  WallClock server_wall_;
  bool walls_known_ = false;
};

}  // namespace udperf::engine
