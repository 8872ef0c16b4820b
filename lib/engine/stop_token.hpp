#pragma once

#include <atomic>

#include "clock/clock.hpp"
#include "os/event.hpp"

namespace udperf::engine {

/// How someone outside (a signal handler, a test) asks a run to end. request() may be called from
/// a signal handler and from any thread; the descriptor becomes readable then.
class StopToken {
 public:
  /// Makes wait_fd() wait again, if no stop was requested.
  void drain() const noexcept {
    if (!requested()) {
      event_.take();
    }
  }

  /// Async-signal-safe. `signal` is kept for the exit status; a later request does not change it.
  void request(int signal) noexcept {
    int none = 0;
    signal_.compare_exchange_strong(none, signal);
    event_.raise();
  }
  [[nodiscard]] bool requested() const noexcept { return signal_.load() != 0; }
  [[nodiscard]] int signal() const noexcept { return signal_.load(); }
  /// Asks a server for its counters (ServerObserver::on_counters). Async-signal-safe.
  void request_counters() noexcept {
    counters_.store(true);
    event_.raise();
  }
  /// True once for each request.
  [[nodiscard]] bool take_counters_request() const noexcept { return counters_.exchange(false); }
  [[nodiscard]] int wait_fd() const noexcept { return event_.fd(); }
  /// Waits so long, or until a stop is requested.
  void pause(Duration time, const Clock& clock) const;

 private:
  os::Event event_;
  std::atomic<int> signal_{0};
  mutable std::atomic<bool> counters_{false};
};

}  // namespace udperf::engine
