#pragma once

#include <atomic>
#include <cstdint>
#include <optional>

#include "base/log_histogram.hpp"
#include "base/time.hpp"
#include "clock/clock.hpp"
#include "model/reports.hpp"
#include "net/datagram_port.hpp"
#include "sender/pause_log.hpp"

namespace udperf::sender {

/// What a stream's sender notes of each batch, and what it comes to: which numbers are used, how
/// much payload they had, when nothing went out. A warm-up is an account of its own, closed before
/// the test's begins. Pure; belongs to one thread, but for the counters that say so.
class SendStats {
 public:
  using Status = net::SendOutcome::Status;

  /// `queue_drops`: what the host's own queue has dropped so far; absent where that is not told.
  explicit SendStats(std::optional<std::uint64_t> queue_drops) : queue_drops_before_(queue_drops) {}

  void begin(MonoTime now, const ClockAnchor& anchor);

  /// Time between datagrams at the rate that was asked for; 0 = as fast as it goes.
  void plan_gap(Duration gap) { pauses_.plan(gap); }

  /// What came of `offered` datagrams of `length` bytes. Returns what that means to the transmit
  /// loop: as the port said, but `denied` where what is gone for good is numbered, and lost here.
  Status note(std::uint64_t offered, std::uint32_t length, const net::SendOutcome& outcome,
              MonoTime now);
  /// Nothing is sent, for the receiver is silent.
  void note_silence(MonoTime now) { pauses_.stopped(now, 0, 0); }
  /// Nothing is sent, for the receiver's socket has no room.
  void note_full_receiver(MonoTime now) { pauses_.stopped(now, SendPause::kReceiverFull, 0); }

  /// What was sent so far is left out: numbers and figures begin anew.
  void end_warm_up(MonoTime now, std::optional<std::uint64_t> queue_drops);

  /// How the sending ended.
  struct Ending {
    TxEnd end = TxEnd::complete;
    MonoTime now{};
    MonoTime begun{};   ///< of the part that ran
    Duration limit{0};  ///< of that part; 0 = none
    bool all = false;   ///< every datagram of the plan has its number
    std::optional<std::uint64_t> queue_drops;
  };
  /// Fills report() with all that these books can say. Once.
  void close(const Ending& ending);

  /// Others add their part to it. Complete after close().
  [[nodiscard]] TxReport& report() { return report_; }
  [[nodiscard]] const TxReport& report() const { return report_; }

  /// The next datagram's number in this part.
  [[nodiscard]] std::uint64_t next() const { return next_; }
  /// Datagrams numbered so far, in both parts.
  [[nodiscard]] std::uint64_t numbered() const { return omitted() + next_; }
  /// Of those, the warm-up's, once it is over.
  [[nodiscard]] std::uint64_t omitted() const {
    return omitted_packets_.load(std::memory_order_relaxed);
  }
  /// The next batch's number, over both parts.
  [[nodiscard]] std::uint64_t batch() const { return batches_before_ + report_.batches; }
  /// Calls in a row of which datagrams were refused for good.
  [[nodiscard]] std::uint32_t refusals() const { return pauses_.refusals(); }
  /// errno of the latest call, 0 where all was well.
  [[nodiscard]] int os_error() const { return os_error_; }
  /// Since when the system has taken nothing of what it was given.
  [[nodiscard]] std::optional<MonoTime> stuck_since() const { return stuck_since_; }

  // From any thread.

  /// What the warm-up came to, once it is over; where there was none, nothing.
  [[nodiscard]] std::uint64_t omitted_packets() const {
    return omitted_packets_.load(std::memory_order_acquire);
  }
  [[nodiscard]] std::uint64_t packets() const { return packets_.load(std::memory_order_relaxed); }
  [[nodiscard]] std::uint64_t bytes() const { return bytes_.load(std::memory_order_relaxed); }
  [[nodiscard]] std::uint64_t batches() const { return batches_.load(std::memory_order_relaxed); }

 private:
  void note_taken(std::uint32_t length, const net::SendOutcome& outcome, MonoTime now);
  [[nodiscard]] bool note_lost(std::uint64_t bytes, const net::SendOutcome& outcome, MonoTime now);
  [[nodiscard]] SendTime sending_time(const Ending& ending);

  TxReport report_;
  std::uint64_t next_ = 0;
  std::uint64_t batches_before_ = 0;  ///< of the warm-up
  LogHistogram gaps_;                 ///< between the starts of batches
  PauseLog pauses_;
  MonoTime first_{};
  MonoTime last_{};
  ClockAnchor anchor_;
  std::optional<MonoTime> stuck_since_;
  int os_error_ = 0;
  std::uint64_t queue_full_ = 0;
  std::optional<std::uint64_t> queue_drops_before_;
  std::atomic<std::uint64_t> omitted_packets_{0};
  std::atomic<std::uint64_t> packets_{0};
  std::atomic<std::uint64_t> bytes_{0};
  std::atomic<std::uint64_t> batches_{0};
};

}  // namespace udperf::sender
