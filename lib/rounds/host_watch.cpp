#include "rounds/host_watch.hpp"

#include <algorithm>
#include <chrono>
#include <ctime>
#include <utility>

namespace udperf::rounds {
namespace {

Duration read(clockid_t id) {
  timespec ts{};
  ::clock_gettime(id, &ts);  // cannot fail for these clocks
  return std::chrono::seconds{ts.tv_sec} + std::chrono::nanoseconds{ts.tv_nsec};
}

}  // namespace

/// This thread may be held up between any two readings: the tightest of a few tries is taken.
Duration suspended_by(const std::function<Duration()>& awake,
                      const std::function<Duration()>& in_all) {
  constexpr int kTries = 3;
  Duration suspended{0};
  Duration narrowest = Duration::max();
  for (int i = 0; i < kTries; ++i) {
    const Duration before = awake();
    const Duration all = in_all();
    const Duration width = awake() - before;
    if (width < narrowest) {
      narrowest = width;
      suspended = all - before - width / 2;
    }
  }
  return std::max(suspended, Duration{0});
}

/// Of the two clocks only CLOCK_BOOTTIME goes on.
Duration suspended_time() {
  return suspended_by([] { return read(CLOCK_MONOTONIC); }, [] { return read(CLOCK_BOOTTIME); });
}

HostWatch::HostWatch(const Clock& clock, std::function<Duration()> suspended, Events events)
    : clock_(clock),
      suspended_(std::move(suspended)),
      events_(std::move(events)),
      wall_(wall()),
      asleep_(suspended_()),
      due_(clock.now() + kEvery) {}

Duration HostWatch::wall() const {
  const ClockAnchor both = clock_.anchor();
  return both.unix.time_since_epoch() - both.mono.time_since_epoch() - suspended_();
}

engine::Wake HostWatch::step(MonoTime now, net::ReceiveBuffers& /*buffers*/) {
  if (now < due_) {  // which nobody else writes
    return engine::Wake{due_};
  }
  const Duration late = now - due_;
  {
    const std::lock_guard lock{mutex_};
    still_ += late > kStill ? late : Duration{0};
    due_ = now + kEvery;
  }
  const Duration asleep = suspended_();
  if (asleep - asleep_ > kAsleep) {
    events_.asleep(asleep - asleep_);
  }
  asleep_ = asleep;
  const Duration difference = wall();
  if (std::chrono::abs(difference - wall_) > kStep) {
    events_.clock_step(difference - wall_);
  }
  wall_ = difference;
  return engine::Wake{now + kEvery};
}

Duration HostWatch::stood_still(MonoTime now) const {
  const std::lock_guard lock{mutex_};
  const Duration late = now - due_;
  return still_ + (late > kStill ? late : Duration{0});
}

}  // namespace udperf::rounds
