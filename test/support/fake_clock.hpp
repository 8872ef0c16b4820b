#pragma once

#include "clock/clock.hpp"

namespace udperf::test {

/// A clock that stands still until it is told to move.
class FakeClock final : public Clock {
 public:
  [[nodiscard]] MonoTime now() const override { return now_; }
  [[nodiscard]] UnixTime unix_now() const override {
    return UnixTime{now_.time_since_epoch() + unix_offset};
  }

  [[nodiscard]] std::optional<Duration> thread_cpu_time() const override { return cpu_time; }

  void advance(Duration step) { now_ += step; }
  void move_to(MonoTime time) { now_ = time > now_ ? time : now_; }

  Duration unix_offset = std::chrono::hours{24};  ///< change it to step the wall clock
  std::optional<Duration> cpu_time;               ///< of whatever thread

 private:
  MonoTime now_{std::chrono::seconds{1000}};  // not 0: zero hides stamps that were never set
};

}  // namespace udperf::test
