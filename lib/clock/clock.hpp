#pragma once

#include <optional>
#include <vector>

#include "base/time.hpp"

namespace udperf {

/// Time that this host has kept from its threads so far; absent where the system does not tell.
struct HeldUp {
  std::vector<Duration> stolen;  ///< from each processor, by the hypervisor; empty where not told
  unsigned processor = 0;        ///< of them, the calling thread's
  /// The quota of the control group was used up, and of each above it; empty where not told.
  std::vector<Duration> throttled;
  std::optional<Duration> waited;  ///< the calling thread's, ready to run while others ran
};

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

  /// Takes a tenth of a millisecond: not for the data path.
  [[nodiscard]] virtual HeldUp held_up() const { return {}; }

  /// Both clocks read as one moment.
  [[nodiscard]] virtual ClockAnchor anchor() const { return ClockAnchor{now(), unix_now()}; }
};

}  // namespace udperf
