#pragma once

#include <optional>

#include "base/time.hpp"

namespace udperf::monitor {

/// The wall clock as far as it is believed where what is too old by it is deleted. A step forward
/// counts after a day of running only, so that a clock that was set wrong, and right again, has
/// cost nothing; until then time goes on from before the step.
class Horizon {
 public:
  /// `last`: when the latest was measured that is kept, where there is any: who was stopped, or
  /// begins with a clock that is wrong, has no other sign of how much time has gone by.
  explicit Horizon(std::optional<UnixTime> last) : last_(last) {}

  /// What is taken for now, never later than `unix`. `elapsed` goes on while the host sleeps
  /// (CLOCK_BOOTTIME), from any beginning.
  [[nodiscard]] UnixTime at(Duration elapsed, UnixTime unix);

 private:
  struct Seen {
    Duration elapsed{0};
    UnixTime unix;
  };
  void begin(Duration elapsed, UnixTime unix);

  std::optional<UnixTime> last_;
  std::optional<Seen> seen_;
  UnixTime believed_;
  Duration doubted_since_{0};
};

}  // namespace udperf::monitor
