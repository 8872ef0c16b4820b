#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <optional>

#include "clock/clock.hpp"
#include "engine/read_moderation.hpp"
#include "engine/task.hpp"
#include "iperf3/stream_account.hpp"
#include "net/datagram_port.hpp"

namespace udperf::iperf3 {

/// The receive loop of one stream. step() belongs to one thread; totals() and stop() may be called
/// from any, close() once released().
class ReceivingStream final : public engine::Task {
 public:
  ReceivingStream(const StreamAccount::Settings& settings, net::DatagramPort& port,
                  const Clock& clock);

  engine::Wake step(MonoTime now, net::ReceiveBuffers& buffers) override;
  void abandon() noexcept override;
  [[nodiscard]] bool over() const override { return over_.load(std::memory_order_acquire); }
  [[nodiscard]] int read_fd() const override { return port_.fd(); }

  /// A read that was taken from the port before the first step().
  void take_early(const net::Received& read) { account_.on_read(read); }
  /// What arrives before this moment is omitted; of a stream whose settings say that it omits.
  void omit_until(MonoTime at) {
    omit_until_ns_.store(to_ns(at), std::memory_order_relaxed);
    notify();
  }
  /// Ends it at its next step, which its executor is to be woken for.
  void stop() { stop_.store(true, std::memory_order_relaxed); }

  /// Somebody waits until every number up to `packets` has arrived: tells once, by the event of the
  /// settings. Look at totals() behind it, since that may be so already.
  void expect(std::uint64_t packets) { expected_.store(packets, std::memory_order_relaxed); }

  [[nodiscard]] StreamAccount::Totals totals() const;
  [[nodiscard]] std::optional<MonoTime> last_arrival() const;

  /// Precondition: released(). Call once.
  [[nodiscard]] StreamAccount::Closed close(std::optional<std::uint64_t> sent,
                                            const ClockAnchor& clock);

 private:
  /// What one step read; `more` may be waiting.
  struct Reading {
    std::uint64_t reads = 0;
    std::uint64_t bytes = 0;
    bool more = false;
  };
  [[nodiscard]] Reading read(net::ReceiveBuffers& buffers);
  [[nodiscard]] engine::Wake next_wake(const Reading& reading, MonoTime now);
  /// Ends the omitted time, where it is over at `at_ns`.
  void end_omitted_by(std::int64_t at_ns);
  void publish();
  void tell() noexcept;

  net::DatagramPort& port_;
  const Clock& clock_;
  mutable std::mutex mutex_;
  StreamAccount account_;            ///< of the thread that steps; others see `shown_`
  StreamAccount::Totals shown_;      ///< guarded by mutex_
  std::optional<MonoTime> arrival_;  ///< guarded by mutex_
  engine::ReadModeration moderation_;
  std::optional<Duration> cpu_at_start_;
  MonoTime begun_{};
  std::uint32_t cpu_permille_ = UINT32_MAX;
  const os::Event* told_;
  std::atomic<std::uint64_t> expected_{UINT64_MAX};
  std::atomic<std::int64_t> omit_until_ns_{INT64_MAX};
  std::atomic<bool> stop_{false};
  std::atomic<bool> over_{false};
  std::atomic<bool> abandoned_{false};
  bool started_ = false;
  bool omitting_ = false;
};

}  // namespace udperf::iperf3
