#include "clock/system_clock.hpp"

#include <ctime>

#include "os/held_time.hpp"
#include "os/thread.hpp"

namespace udperf {
namespace {

Duration read(clockid_t id) {
  timespec ts{};
  ::clock_gettime(id, &ts);  // cannot fail for these two clocks
  return std::chrono::seconds{ts.tv_sec} + std::chrono::nanoseconds{ts.tv_nsec};
}

}  // namespace

MonoTime SystemClock::now() const {
  return MonoTime{read(CLOCK_MONOTONIC)};
}
UnixTime SystemClock::unix_now() const {
  return UnixTime{read(CLOCK_REALTIME)};
}

std::optional<Duration> SystemClock::thread_cpu_time() const {
  return read(CLOCK_THREAD_CPUTIME_ID);
}

HeldUp SystemClock::held_up() const {
  return HeldUp{os::stolen_times(), os::current_core(), os::throttled_times(), os::waited_time()};
}

ClockAnchor SystemClock::anchor() const {
  constexpr int kTries = 5;
  ClockAnchor best{now(), unix_now()};
  Duration best_width = Duration::max();
  for (int i = 0; i < kTries; ++i) {
    const MonoTime before = now();
    const UnixTime wall = unix_now();
    const MonoTime after = now();
    if (after - before < best_width) {
      best_width = after - before;
      best = ClockAnchor{before + (after - before) / 2, wall};
    }
  }
  return best;
}

}  // namespace udperf
