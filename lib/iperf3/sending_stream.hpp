#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "base/log_histogram.hpp"
#include "clock/clock.hpp"
#include "engine/task.hpp"
#include "iperf3/datagram.hpp"
#include "model/reports.hpp"
#include "model/test_params.hpp"
#include "net/datagram_port.hpp"
#include "pacing/schedule.hpp"

namespace udperf::iperf3 {

/// The transmit loop of one stream: datagrams of one length with iperf3's header, paced or as fast
/// as they go, until its amount or its time is over or it is stopped. step() belongs to one thread,
/// the rest to any; report() is for after released().
class SendingStream final : public engine::Task {
 public:
  struct Settings {
    std::uint32_t length = 0;
    Counters counters = Counters::narrow;
    std::uint64_t rate_bps = 0;  ///< payload; 0 = unlimited
    std::uint32_t burst = 0;     ///< datagrams; 0 = as the rate demands
    std::uint64_t packets = 0;   ///< 0 = no limit; without the omitted ones
    Duration duration{0};        ///< 0 = no limit; with the omitted time
    Duration omit{0};
    PayloadKind payload = PayloadKind::random;
    bool digits = false;  ///< 0123456789 in place of `payload`
    std::uint64_t seed = 0;
  };

  SendingStream(const Settings& settings, net::DatagramPort& port, const Clock& clock);

  engine::Wake step(MonoTime now, net::ReceiveBuffers& buffers) override;
  void abandon() noexcept override;
  [[nodiscard]] bool over() const override { return over_.load(std::memory_order_acquire); }
  [[nodiscard]] engine::Urgency urgency() const override {
    return settings_.rate_bps != 0 ? engine::Urgency::deadline : engine::Urgency::bulk;
  }

  void stop(TxEnd why);
  /// Holds the data back as long as it is not known that the peer is there.
  void pause(bool on) { paused_.store(on, std::memory_order_relaxed); }

  /// The peer's host says that nothing listens there, or the system refuses to send.
  [[nodiscard]] bool failed() const { return failed_.load(std::memory_order_relaxed); }
  [[nodiscard]] std::uint64_t packets() const { return packets_.load(std::memory_order_relaxed); }
  /// Of `packets`, those that left in the omitted time; all of them while it lasts.
  [[nodiscard]] std::uint64_t omitted_packets() const {
    return omitting_.load(std::memory_order_acquire) ? packets()
                                                     : omitted_.load(std::memory_order_relaxed);
  }
  /// Without the omitted ones, once that time is over.
  [[nodiscard]] std::uint64_t counted_packets() const {
    const bool omitting = omitting_.load(std::memory_order_acquire);
    return packets() - (omitting ? 0 : omitted_.load(std::memory_order_relaxed));
  }
  /// Precondition: released(). Counts what came after the omitted time.
  [[nodiscard]] const TxReport& report() const { return report_; }
  [[nodiscard]] int os_error() const { return os_error_; }

 private:
  void begin(MonoTime now);
  void pass_omitted(MonoTime now);
  [[nodiscard]] bool limited() const;
  [[nodiscard]] bool done(MonoTime now) const;
  engine::Wake paced(MonoTime now);
  engine::Wake flat_out(MonoTime now);
  void send_rest(MonoTime now);
  bool send_batch(std::uint64_t count, MonoTime now);
  void account(std::uint32_t offered, const net::SendOutcome& outcome, MonoTime now);
  engine::Wake after_refusal(MonoTime now);
  void finish(TxEnd end);
  [[nodiscard]] std::uint32_t batch_now() const;

  Settings settings_;
  net::DatagramPort& port_;
  const Clock& clock_;
  std::uint32_t capacity_;
  std::vector<std::byte> bytes_;
  std::optional<pacing::Schedule> schedule_;
  LogHistogram gaps_;
  TxReport report_;
  ClockAnchor anchor_;
  MonoTime begun_{};
  MonoTime first_{};
  MonoTime last_{};
  std::optional<Duration> cpu_at_start_;
  net::SendOutcome::Status trouble_ = net::SendOutcome::Status::taken;
  int os_error_ = 0;
  bool started_ = false;
  std::atomic<std::uint64_t> packets_{0};
  std::atomic<std::uint64_t> omitted_{0};
  std::atomic<bool> omitting_{false};
  std::atomic<bool> paused_{false};
  std::atomic<bool> failed_{false};
  std::atomic<int> stop_{-1};
  std::atomic<bool> over_{false};
};

}  // namespace udperf::iperf3
