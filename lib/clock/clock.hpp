#pragma once

#include "base/time.hpp"

namespace udperf {

/// The only way to read the time. Reading never fails; MonoTime never goes backwards.
class Clock {
 public:
  Clock() = default;
  Clock(const Clock&) = delete;
  Clock& operator=(const Clock&) = delete;
  virtual ~Clock() = default;

  [[nodiscard]] virtual MonoTime now() const = 0;
  [[nodiscard]] virtual UnixTime unix_now() const = 0;

  /// Both clocks read as one moment.
  [[nodiscard]] virtual ClockAnchor anchor() const { return ClockAnchor{now(), unix_now()}; }
};

}  // namespace udperf
