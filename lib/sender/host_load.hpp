#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <thread>

#include "base/time.hpp"
#include "clock/clock.hpp"
#include "model/reports.hpp"

namespace udperf::sender {

/// What the host kept from a thread between two looks of that thread, `wall` apart.
[[nodiscard]] HostLoad load_between(const HeldUp& before, const HeldUp& after, Duration wall);

/// 0..1000, however long the times are. Precondition: whole > 0.
[[nodiscard]] std::uint16_t permille_of(Duration part, Duration whole);

/// Which threads the streams of one way of a test are on, at one end: the system counts what a
/// thread uses, and streams that share one must not each have all of it. From any thread.
class StreamThreads {
 public:
  /// One stream more is on the calling thread.
  void join();
  /// How many are; at least 1.
  [[nodiscard]] std::int64_t here() const;

 private:
  mutable std::mutex mutex_;
  std::map<std::thread::id, std::int64_t> streams_;
};

/// What the thread that sends or receives takes of its host, and what the host keeps from it, from
/// begin() on. Belongs to that thread: the system tells each only of itself.
class HostMeter {
 public:
  /// `threads` outlive it; null: its thread is this stream's alone.
  explicit HostMeter(StreamThreads* threads = nullptr) : threads_(threads) {}

  void begin(const Clock& clock);
  /// Begins anew.
  void restart(const Clock& clock) {
    cpu_ = cpu_ ? clock.thread_cpu_time() : std::nullopt;
    held_up_ = clock.held_up();
  }
  /// The thread is gone: what fill() asks for would be of another one.
  void forget_thread() {
    cpu_.reset();
    held_up_.waited.reset();
    thread_gone_ = true;
  }

  /// Adds what has come together in `wall`, the time since begin().
  void fill(const Clock& clock, Duration wall, TxReport& report) const {
    fill(clock, wall, report.cpu_permille, report.load);
  }
  void fill(const Clock& clock, Duration wall, RxReport& report) const {
    fill(clock, wall, report.cpu_permille, report.load);
  }

 private:
  void fill(const Clock& clock, Duration wall, std::uint32_t& cpu_permille, HostLoad& load) const;

  StreamThreads* threads_;
  std::optional<Duration> cpu_;  ///< absent: not told, or not asked for
  HeldUp held_up_;
  bool thread_gone_ = false;
};

}  // namespace udperf::sender
