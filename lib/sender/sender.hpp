#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "base/time.hpp"
#include "base/units.hpp"
#include "clock/clock.hpp"
#include "crypto/crypto.hpp"
#include "model/reports.hpp"
#include "model/test_params.hpp"
#include "net/datagram_port.hpp"
#include "sender/batch_buffer.hpp"
#include "sender/datagram_format.hpp"
#include "sender/host_load.hpp"
#include "sender/pacer.hpp"
#include "sender/queue_gate.hpp"
#include "sender/send_stats.hpp"
#include "traffic/plan.hpp"

namespace udperf::sender {

/// Earlier than every deadline: due at once.
inline constexpr MonoTime kAtOnce{};

/// When a loop wants to be called again.
struct Wake {
  MonoTime at = kNever;
  bool writable = false;   ///< or as soon as the socket takes more
  bool precise = false;    ///< the time matters to the microsecond: end the wait by spinning
  bool poll_only = false;  ///< until then, arrivals need not be noticed
  Duration slack{0};       ///< it may be so much later, together with others
};

/// One stream's transmit loop, a batch at a time. When what is due is its Pacer's, what was sent
/// its SendStats', what the datagrams look like its format's. step() and report() belong to one
/// thread; counters may be read, and stop(), hold() and set_rate() called, from any.
class Sender {
 public:
  /// Of a mix so many datagrams of one length leave together at most: few follow each other.
  static constexpr std::uint32_t kMixedBatch = 16;

  struct Settings {
    std::uint64_t session = 0;
    std::uint8_t stream = 0;
    Way way = Way::up;
    TestParams params;
    crypto::Key token_key{};
    std::uint16_t compact_tag = 0;               ///< where params.header is compact
    const traffic::TraceInput* trace = nullptr;  ///< of a way that is sent by one
    std::uint64_t payload_seed = 0;
    /// What the receiver's socket can hold, payload bytes, where it tells how full it is; else 0.
    std::uint32_t receive_buffer = 0;
    Duration round_trip{0};            ///< of the idle way, as far as it is known
    bool kernel_pacing = true;         ///< the socket's own pacing rate may be set
    StreamThreads* threads = nullptr;  ///< of the test's streams that are sent here; outlive it
    /// Of streams of one length whose format stamps all that tells them apart; outlives them. Null:
    /// each has a buffer of its own.
    BatchPool* batches = nullptr;
  };

  /// Of udperf's own protocol.
  Sender(const Settings& settings, net::DatagramPort& port, const Clock& clock);
  /// Of a protocol that has another format. Of the settings, session, token_key, compact_tag,
  /// payload_seed and what params say of header and payload mean nothing then.
  Sender(const Settings& settings, std::unique_ptr<const DatagramFormat> format,
         net::DatagramPort& port, const Clock& clock);

  /// Sends what is due. Returns when to be called next; kNever once finished().
  Wake step(MonoTime now);

  /// The payload rate of this stream from its next step on, where the parameters leave it to be
  /// adjusted; to be said before the first step(), too.
  void set_rate(BitRate rate) { pacer_.set_rate(rate); }

  /// How the thread that calls step() is scheduled; on that thread.
  void set_scheduling(Scheduling scheduling) { pacer_.set_scheduling(scheduling); }

  /// To be told how full the receiver's socket is, from any thread; null where a rate, or nothing,
  /// governs.
  [[nodiscard]] QueueGate* gate() const { return gate_.get(); }

  /// Asks the loop to end at its next step; the first reason counts.
  void stop(TxEnd why);

  /// While held nothing is sent, but time goes on: the receiver is silent, and may come back.
  void hold(bool held) { held_.store(held, std::memory_order_relaxed); }
  [[nodiscard]] bool held() const { return held_.load(std::memory_order_relaxed); }

  /// Ends it now where it has not ended: for who finds it after its thread has gone.
  void abandon(TxEnd why);

  [[nodiscard]] bool finished() const { return finished_.load(std::memory_order_acquire); }
  /// Precondition: finished().
  [[nodiscard]] const TxReport& report() const { return stats_.report(); }
  /// errno of what ended it, for TxEnd::failed.
  [[nodiscard]] int os_error() const { return stats_.os_error(); }

  /// Since when the system has taken nothing although something was due; nothing where it takes
  /// what it is given. On the thread of step().
  [[nodiscard]] std::optional<MonoTime> stuck_since() const { return stats_.stuck_since(); }

  /// What the warm-up came to, once it is over; where there was none, at once, nothing.
  [[nodiscard]] std::uint64_t omitted_packets() const { return stats_.omitted_packets(); }
  [[nodiscard]] std::uint64_t packets() const { return stats_.packets(); }
  [[nodiscard]] std::uint64_t bytes() const { return stats_.bytes(); }
  [[nodiscard]] std::uint64_t batches() const { return stats_.batches(); }

 private:
  [[nodiscard]] std::uint32_t batch_now() const;
  [[nodiscard]] std::uint32_t burst_limit() const;
  [[nodiscard]] std::uint32_t batch_of(const BatchBuffer& buffer, std::uint32_t length) const;
  [[nodiscard]] BatchBuffer& buffer_for(std::uint32_t length);
  void begin(MonoTime now);
  [[nodiscard]] bool over(MonoTime now) const;
  void end_warm_up(MonoTime now);
  /// Of the part that runs: warm-up, or test; 0 = it ends otherwise.
  [[nodiscard]] Duration time_limit() const {
    return warm_up_ ? settings_.params.omit : settings_.params.amount.duration;
  }
  /// Of the part that runs.
  [[nodiscard]] const traffic::TrafficPlan& plan_now() const {
    return warm_up_ ? *warm_up_ : plan_;
  }
  Wake paced(MonoTime now);
  Wake flat_out(MonoTime now);
  void note_gate(MonoTime now);
  void send_last(MonoTime now);
  enum class Sending : std::uint8_t { done, refused, turn_over };
  /// Sends up to `count` datagrams, in batches; none of them is begun after `until`, as far as the
  /// clock is looked at.
  Sending send_due(std::uint64_t count, MonoTime now, MonoTime until);
  Wake after_refusal(MonoTime now);
  void finish(TxEnd end);

  Settings settings_;
  net::DatagramPort& port_;
  const Clock& clock_;
  std::unique_ptr<const DatagramFormat> format_;
  traffic::TrafficPlan plan_;
  std::optional<traffic::TrafficPlan> warm_up_;  ///< while it lasts
  std::vector<BatchBuffer> buffers_;  ///< one of payload_bytes, or one for each length of a mix
  Pacer pacer_;
  std::unique_ptr<QueueGate> gate_;
  SendStats stats_;
  HostMeter host_{settings_.threads};
  MonoTime begun_{};  ///< of the part that runs
  MonoTime held_since_ = kNever;
  net::SendOutcome::Status trouble_ = net::SendOutcome::Status::taken;
  bool started_ = false;
  std::atomic<int> stop_{-1};
  std::atomic<bool> held_{false};
  std::atomic<bool> finished_{false};
};

}  // namespace udperf::sender
