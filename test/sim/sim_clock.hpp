#pragma once

#include "support/fake_clock.hpp"

namespace udperf::test {

/// What is wrong with a host's clocks.
struct ClockFault {
  Duration offset{0};
  double skew = 0;  ///< runs faster by this ratio
  Duration step{0};
  MonoTime step_at = kNever;  ///< in true time
  Duration wall_step{0};      ///< of the wall clock alone, at the same moment
};

/// The clocks of one simulated host: true time, bent.
class SimClock final : public Clock {
 public:
  SimClock(const FakeClock& truth, const ClockFault& fault)
      : truth_(truth), fault_(fault), begun_(truth.now()) {}

  [[nodiscard]] MonoTime at(MonoTime truth) const {
    const auto drift = static_cast<double>((truth - begun_).count()) * fault_.skew;
    const Duration jump = truth >= fault_.step_at ? fault_.step : Duration{0};
    return truth + fault_.offset + Duration{static_cast<std::int64_t>(drift)} + jump;
  }
  [[nodiscard]] MonoTime now() const override { return at(truth_.now()); }
  [[nodiscard]] UnixTime unix_now() const override {
    const Duration jump = truth_.now() >= fault_.step_at ? fault_.wall_step : Duration{0};
    return UnixTime{now().time_since_epoch() + truth_.unix_offset + jump};
  }
  [[nodiscard]] std::optional<Duration> thread_cpu_time() const override {
    return truth_.thread_cpu_time();
  }
  /// When to be woken in true time, for a time of this clock.
  [[nodiscard]] MonoTime truth_of(MonoTime wake) const {
    return wake == kNever ? kNever : truth_.now() + (wake - now());
  }

 private:
  const FakeClock& truth_;
  ClockFault fault_;
  MonoTime begun_;
};

}  // namespace udperf::test
