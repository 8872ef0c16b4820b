#pragma once

#include <atomic>
#include <functional>
#include <mutex>

#include "clock/clock.hpp"
#include "engine/task.hpp"

namespace udperf::rounds {

/// Looks at this host ten times a second: whether it sleeps, whether this process stands still,
/// whether somebody sets its clock. Its figures may be read from any thread.
class HostWatch final : public engine::Task {
 public:
  static constexpr Duration kEvery = std::chrono::milliseconds{100};
  /// Late by less is what a busy host does.
  static constexpr Duration kStill = std::chrono::seconds{1};
  /// What a wall clock may be off after a tenth of a second without having been set.
  /// Less is a difference between two clocks.
  static constexpr Duration kAsleep = std::chrono::milliseconds{100};
  static constexpr Duration kStep = std::chrono::milliseconds{50};

  struct Events {
    std::function<void(Duration by)> clock_step;
    std::function<void(Duration time)> asleep;
  };

  /// `suspended`: how long this host has been suspended so far, in which the clock stood still.
  HostWatch(const Clock& clock, std::function<Duration()> suspended, Events events);

  engine::Wake step(MonoTime now, net::ReceiveBuffers& buffers) override;
  [[nodiscard]] bool over() const override { return over_.load(); }
  void end() {
    over_.store(true);
    notify();
  }

  /// Time so far in which this host was suspended, and in which this process did not run though it
  /// should have; the latter with what has not been noticed by a step() yet.
  [[nodiscard]] Duration asleep() const { return suspended_(); }
  [[nodiscard]] Duration stood_still(MonoTime now) const;

 private:
  [[nodiscard]] Duration wall() const;

  const Clock& clock_;
  std::function<Duration()> suspended_;
  Events events_;
  Duration wall_;             ///< wall clock less the monotonic one and what was slept
  Duration asleep_;           ///< when last looked
  mutable std::mutex mutex_;  ///< of due_ and still_: what is late is in one of them alone
  MonoTime due_;
  Duration still_{0};
  std::atomic<bool> over_{false};
};

/// How long this host has been suspended since it was started.
[[nodiscard]] Duration suspended_time();
/// The same by two clocks, of which `awake` stands still meanwhile and `in_all` does not.
[[nodiscard]] Duration suspended_by(const std::function<Duration()>& awake,
                                    const std::function<Duration()>& in_all);

}  // namespace udperf::rounds
