#pragma once

#include "clock/clock.hpp"

namespace udperf {

/// This host's clocks: CLOCK_MONOTONIC and CLOCK_REALTIME.
class SystemClock final : public Clock {
 public:
  [[nodiscard]] MonoTime now() const override;
  [[nodiscard]] UnixTime unix_now() const override;
  [[nodiscard]] std::optional<Duration> thread_cpu_time() const override;
  [[nodiscard]] HeldUp held_up() const override;

  /// The monotonic clock is read on both sides of the wall clock and the tightest of a few tries
  /// is taken, so that a preemption in between does not become an offset.
  [[nodiscard]] ClockAnchor anchor() const override;
};

}  // namespace udperf
