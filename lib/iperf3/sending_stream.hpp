#pragma once

#include <atomic>
#include <cstdint>

#include "clock/clock.hpp"
#include "engine/task.hpp"
#include "iperf3/datagram.hpp"
#include "model/reports.hpp"
#include "model/test_params.hpp"
#include "net/datagram_port.hpp"
#include "os/event.hpp"
#include "sender/sender.hpp"

namespace udperf::iperf3 {

/// The sending half of one stream as a task: a Sender of datagrams of one length with iperf3's
/// header, until its amount or its time is over or it is stopped. step() belongs to one thread, the
/// rest to any.
class SendingStream final : public engine::Task {
 public:
  struct Settings {
    std::uint32_t length = 0;
    Counters counters = Counters::narrow;
    std::uint64_t rate_bps = 0;  ///< payload; 0 = unlimited
    bool flood = false;          ///< and that is what was asked for
    std::uint32_t burst = 0;     ///< datagrams; 0 = as the rate demands
    std::uint64_t packets = 0;   ///< 0 = no limit; without the omitted ones
    bool nothing = false;        ///< of the test's amount none is this stream's: it sends nothing
    Duration duration{0};        ///< 0 = no limit; with the omitted time
    Duration omit{0};
    PayloadKind payload = PayloadKind::random;
    bool digits = false;  ///< 0123456789 in place of `payload`
    std::uint64_t seed = 0;
    const os::Event* told = nullptr;       ///< raised when it is over; null: nobody waits
    sender::BatchPool* batches = nullptr;  ///< of the test's streams; null: it has its own buffer
  };

  SendingStream(const Settings& settings, net::DatagramPort& port, const Clock& clock);

  /// What datagrams that leave together take in memory, at most.
  [[nodiscard]] static std::uint64_t batch_bytes(const Settings& settings);

  engine::Wake step(MonoTime now, net::ReceiveBuffers& buffers) override;
  void abandon() noexcept override;
  [[nodiscard]] bool over() const override { return over_.load(std::memory_order_acquire); }
  [[nodiscard]] engine::Urgency urgency() const override { return urgency_; }
  void on_scheduling(Scheduling scheduling) override { sender_.set_scheduling(scheduling); }

  void stop(TxEnd why) { sender_.stop(why); }
  /// Holds the data back as long as it is not known that the peer is there.
  void pause(bool on) { sender_.hold(on); }

  /// It is over because the peer's host says that nothing listens there, or because the system
  /// refuses to send.
  [[nodiscard]] bool failed() const { return failed_.load(std::memory_order_relaxed); }
  /// Datagrams numbered in the omitted time, while it lasts or where the test ended in it; else
  /// those after it.
  [[nodiscard]] std::uint64_t counted_packets() const {
    return sender_.packets() + omitted_alone_.load(std::memory_order_relaxed);
  }

  /// The omitted ones, once the omitted time is over.
  [[nodiscard]] std::uint64_t omitted_packets() const { return sender_.omitted_packets(); }

  // Once it is over().

  /// All that were numbered.
  [[nodiscard]] std::uint64_t packets() const {
    return sender_.omitted_packets() + sender_.packets();
  }
  /// Of what came after the omitted time.
  [[nodiscard]] TxReport report() const;
  [[nodiscard]] int os_error() const { return sender_.os_error(); }

 private:
  void end() noexcept;

  sender::Sender sender_;
  const os::Event* told_;
  engine::Urgency urgency_;
  std::atomic<std::uint64_t> omitted_alone_{0};  ///< where the test ended in the omitted time
  std::atomic<bool> failed_{false};
  std::atomic<bool> over_{false};
};

}  // namespace udperf::iperf3
