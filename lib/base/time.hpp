#pragma once

#include <chrono>
#include <cstdint>

namespace udperf {

using Duration = std::chrono::nanoseconds;

inline constexpr std::int64_t kNsPerSecond = 1'000'000'000;

/// Names a time line, but cannot be read: there is no now(). Code below lib/engine is handed the
/// time by its caller, so a test can hand it any time it likes. The tag keeps the two time lines
/// apart: subtracting a UnixTime from a MonoTime does not compile.
template <typename Tag, bool Steady>
struct TimeLine {
  using duration = Duration;
  using rep = duration::rep;
  using period = duration::period;
  using time_point = std::chrono::time_point<TimeLine>;
  static constexpr bool is_steady = Steady;  // NOLINT(readability-identifier-naming): std's name
};

/// A moment on this host's CLOCK_MONOTONIC; meaningless on any other host.
using MonoTime = TimeLine<struct MonoTag, true>::time_point;
/// A moment since 1970-01-01 UTC as this host's CLOCK_REALTIME has it; can step.
using UnixTime = TimeLine<struct UnixTag, false>::time_point;

/// "Never": later than every deadline.
inline constexpr MonoTime kNever = MonoTime::max();

/// Nanoseconds since the time line's origin, as they go on the wire.
template <typename Line>
[[nodiscard]] constexpr std::int64_t to_ns(std::chrono::time_point<Line> time) {
  return static_cast<std::int64_t>(time.time_since_epoch().count());
}
[[nodiscard]] constexpr MonoTime mono_from_ns(std::int64_t ns) {
  return MonoTime{Duration{ns}};
}
[[nodiscard]] constexpr UnixTime unix_from_ns(std::int64_t ns) {
  return UnixTime{Duration{ns}};
}

/// One moment read on both clocks: turns monotonic stamps into UTC without a step in between.
struct ClockAnchor {
  MonoTime mono;
  UnixTime unix;

  [[nodiscard]] constexpr UnixTime to_unix(MonoTime time) const { return unix + (time - mono); }
};

}  // namespace udperf
