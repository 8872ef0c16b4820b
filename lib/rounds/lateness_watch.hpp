#pragma once

#include <algorithm>
#include <atomic>
#include <utility>

#include "clock/clock.hpp"
#include "engine/task.hpp"

namespace udperf::rounds {

/// How late a thread is that does nothing but sleep: what this host keeps from every thread. On a
/// thread that has other work, its own work would be in it. May be read from any thread.
class LatenessWatch final : public engine::Task {
 public:
  static constexpr Duration kEvery = std::chrono::milliseconds{100};

  explicit LatenessWatch(const Clock& clock) : due_(clock.now() + kEvery) {}

  engine::Wake step(MonoTime now, net::ReceiveBuffers& /*buffers*/) override {
    constexpr int kLooksASecond = 10;
    if (now < due_) {
      return engine::Wake{due_};
    }
    latest_ = std::max(latest_, now - due_);
    due_ = now + kEvery;
    lateness_ns_.store(std::max(latest_, latest_before_).count());
    if (++looks_ % kLooksASecond == 0) {
      latest_before_ = std::exchange(latest_, Duration{0});
    }
    return engine::Wake{due_};
  }
  [[nodiscard]] bool over() const override { return over_.load(); }
  void end() {
    over_.store(true);
    notify();
  }

  /// The latest a step was late in the last second.
  [[nodiscard]] Duration lateness() const { return Duration{lateness_ns_.load()}; }

 private:
  MonoTime due_;
  int looks_ = 0;
  Duration latest_{0};
  Duration latest_before_{0};
  std::atomic<std::int64_t> lateness_ns_{0};
  std::atomic<bool> over_{false};
};

}  // namespace udperf::rounds
