#pragma once

#include <cstdint>
#include <optional>

#include "base/time.hpp"
#include "clock/clock.hpp"
#include "model/reports.hpp"

namespace udperf::sender {

/// What the host kept from a thread between two looks of that thread, `wall` apart.
[[nodiscard]] HostLoad load_between(const HeldUp& before, const HeldUp& after, Duration wall);

/// 0..1000, however long the times are. Precondition: whole > 0.
[[nodiscard]] std::uint16_t permille_of(Duration part, Duration whole);

/// What the thread that sends takes of its host, and what the host keeps from it, from begin() on.
/// Belongs to that thread: the system tells each only of itself.
class HostMeter {
 public:
  void begin(const Clock& clock) {
    cpu_ = clock.thread_cpu_time();
    held_up_ = clock.held_up();
  }
  /// Begins anew.
  void restart(const Clock& clock) {
    cpu_ = cpu_ ? clock.thread_cpu_time() : std::nullopt;
    held_up_ = clock.held_up();
  }
  /// The thread is gone: what fill() asks for would be of another one.
  void forget_thread() {
    cpu_.reset();
    held_up_.waited.reset();
  }

  /// Adds what has come together in `wall`, the time since begin().
  void fill(const Clock& clock, Duration wall, TxReport& report) const;

 private:
  std::optional<Duration> cpu_;  ///< absent: not told, or not asked for
  HeldUp held_up_;
};

}  // namespace udperf::sender
