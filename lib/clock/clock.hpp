#pragma once

#include <optional>

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

  /// Processor time that the calling thread has used; nothing where that is not known.
  [[nodiscard]] virtual std::optional<Duration> thread_cpu_time() const { return std::nullopt; }

  /// Both clocks read as one moment.
  [[nodiscard]] virtual ClockAnchor anchor() const { return ClockAnchor{now(), unix_now()}; }
};

}  // namespace udperf
