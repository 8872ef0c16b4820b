#pragma once

#include <atomic>

#include "clock/system_clock.hpp"

namespace udperf::test {

/// Both clocks are set by the test while others read them.
class SteppedClock final : public Clock {
 public:
  [[nodiscard]] MonoTime now() const override { return system_.now() + ahead.load(); }
  [[nodiscard]] UnixTime unix_now() const override { return unix.load(); }
  std::atomic<Duration> ahead{Duration{0}};
  std::atomic<UnixTime> unix{UnixTime{std::chrono::seconds{1'800'000'000}}};

 private:
  SystemClock system_;
};

}  // namespace udperf::test
