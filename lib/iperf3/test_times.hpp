#pragma once

#include <algorithm>
#include <optional>

#include "base/saturating.hpp"
#include "base/time.hpp"

namespace udperf::iperf3 {

/// When a test at the server came, began, was stopped by its client and had the client's results.
/// Each happens once, in this order, or never.
class TestTimes {
 public:
  TestTimes(UnixTime opened, MonoTime opened_mono) : opened_(opened), opened_mono_(opened_mono) {}

  void start(MonoTime now) { started_ = now; }
  void stop(MonoTime now) { stopped_ = now; }
  void hear_results(MonoTime now) { results_at_ = now; }

  [[nodiscard]] UnixTime opened() const { return opened_; }
  /// As the wall clock went when the test came: one that is set meanwhile ends none before its
  /// beginning.
  [[nodiscard]] UnixTime at(MonoTime now) const { return opened_ + (now - opened_mono_); }
  [[nodiscard]] bool has_started() const { return started_ != kNever; }
  [[nodiscard]] bool has_stopped() const { return stopped_ != kNever; }
  [[nodiscard]] bool has_results() const { return results_at_ != kNever; }
  /// kNever before it has happened.
  [[nodiscard]] MonoTime started() const { return started_; }
  [[nodiscard]] MonoTime stopped() const { return stopped_; }
  [[nodiscard]] MonoTime results_at() const { return results_at_; }

  /// When the test's place is free again, as far as it can be told: when it should be over, and
  /// once that has passed, when it must be. `planned`: how long data flows; `hard_end`: of a test
  /// that has started.
  [[nodiscard]] MonoTime free_at(std::optional<Duration> planned, MonoTime hard_end,
                                 MonoTime now) const {
    constexpr Duration kUsualDrain = std::chrono::milliseconds{500};
    if (!planned) {
      return has_started() ? hard_end : kNever;
    }
    const MonoTime begin = has_started() ? started_ : std::max(opened_mono_, now);
    const MonoTime expected = saturating_after(saturating_after(begin, *planned), kUsualDrain);
    return has_started() && now >= expected ? hard_end : expected;
  }

  /// How long data flowed, without the omitted time; until `now` where nobody has stopped it.
  /// Precondition: has_started().
  [[nodiscard]] double measured_seconds(MonoTime now, Duration omitted) const {
    const MonoTime end = has_stopped() ? stopped_ : now;
    return std::max(std::chrono::duration<double>(end - started_ - omitted).count(), 0.0);
  }

 private:
  UnixTime opened_;
  MonoTime opened_mono_;
  MonoTime started_ = kNever;
  MonoTime stopped_ = kNever;
  MonoTime results_at_ = kNever;
};

}  // namespace udperf::iperf3
