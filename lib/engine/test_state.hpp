#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <functional>
#include <optional>

#include "base/time.hpp"
#include "base/token_bucket.hpp"
#include "engine/shared_value.hpp"
#include "model/reports.hpp"
#include "model/test_params.hpp"
#include "receiver/queue_reporter.hpp"
#include "sender/host_load.hpp"

namespace udperf::engine {

/// So long after the peer's last proof that it receives (TestState::proven) it is sent to.
inline constexpr Duration kProofLease = std::chrono::seconds{3};
/// So long after it a session is over.
inline constexpr Duration kProofPatience = std::chrono::seconds{6};

/// What the two ends of a test have agreed on beside its parameters.
struct Agreement {
  bool sparse_control = false;    ///< they talk as seldom as session/light.hpp says
  bool peer_tells_queue = false;  ///< the peer says how full its sockets are, and heeds it
  std::uint32_t peer_buffer = 0;  ///< each of these can hold so many payload bytes; 0 = not told
  bool gso_broken = false;        ///< the path breaks segmentation offload: it is not used
};

/// Sets `kept` to `value` where that is better, whichever thread comes when.
template <typename T, typename Better>
void keep_if(std::atomic<T>& kept, T value, Better better) {
  T known = kept.load(std::memory_order_relaxed);
  while (better(value, known) &&
         !kept.compare_exchange_weak(known, value, std::memory_order_relaxed)) {
  }
}

/// What the streams of one test share between their threads: a few words, each written rarely.
struct TestState {
  /// Written by the thread of the session's control before `started` is set (`sparse_control`
  /// before any stream is run), read by the others after they have seen that it is.
  Agreement agreed;
  /// Arrival of the first datagram of any stream: the origin of the interval grid.
  SharedValue<MonoTime> anchor;
  /// Latest authentic datagram from the peer on any stream, in ns of the monotonic clock.
  std::atomic<std::int64_t> last_heard_ns{0};
  /// When the peer last proved that it receives at its address (the server's PathValidation);
  /// absent at a client.
  SharedValue<MonoTime> proven;
  /// How often ICMP has said, since the peer was last heard, that nothing listens there.
  std::atomic<std::uint32_t> refusals{0};
  /// Final size of the datagrams, set before `started`, and looked at by who gets DATA before it
  /// sees that; absent: as granted.
  SharedValue<std::uint32_t> payload_bytes;
  /// What all streams may say of their sockets to a sender without a rate, in messages.
  TokenBucket queue_words{receiver::QueueReporter::kPerSecond, receiver::QueueReporter::kBurst};
  /// Where the streams are that send here, and those that receive.
  sender::StreamThreads sending_threads;
  sender::StreamThreads receiving_threads;
  /// Data may flow.
  std::atomic<bool> started{false};
  /// Every stream should let go of everything at its next step.
  std::atomic<bool> quit{false};
  /// The granted time is over: nobody wants FEEDBACK any more.
  std::atomic<bool> overrun{false};
  /// There was no memory for the test's books: it cannot go on.
  std::atomic<bool> out_of_memory{false};
  /// Senders should end, and say FIN; set once.
  SharedValue<TxEnd> stop_sending;
  /// Longest round trip seen, for FIN.
  std::atomic<std::int64_t> rtt_max_ns{0};
  /// And the shortest; INT64_MAX: none.
  std::atomic<std::int64_t> rtt_min_ns{INT64_MAX};
  /// What the handshake makes one believe of the round trip: it may have been repeated.
  SharedValue<Duration> handshake;

  /// The peer's monotonic clock less this one's, by what it has said of it, to a travel time.
  SharedValue<Duration> peer_clock;

  /// Why this host refused a control message, an errno; 0: it has not.
  std::atomic<int> control_refused{0};
  /// Most sessions at the server at once, this one included, as far as this end knows.
  std::atomic<std::uint32_t> sessions_max{1};

  void note_sessions(std::uint32_t count) { keep_if(sessions_max, count, std::greater<>{}); }
  /// Their clock when they spoke, and ours when we heard it.
  void note_peer_clock(MonoTime theirs, MonoTime ours) {
    constexpr std::int64_t kMost = std::int64_t{1} << 60U;  // no clock has run that long
    if (to_ns(theirs) > -kMost && to_ns(theirs) < kMost) {
      peer_clock.set(theirs - ours);
    }
  }
  void heard(MonoTime now) {
    last_heard_ns.store(to_ns(now), std::memory_order_relaxed);
    if (refusals.load(std::memory_order_relaxed) != 0) {
      refusals.store(0, std::memory_order_relaxed);
    }
  }
  /// The size of datagrams as agreed, or `granted` before it is.
  [[nodiscard]] std::uint32_t payload_bytes_or(std::uint32_t granted) const {
    return payload_bytes.get().value_or(granted);
  }
  void refused() { refusals.fetch_add(1, std::memory_order_relaxed); }
  /// Nothing listens there any more. ICMP messages can be forged or old: a host that is really gone
  /// answers everything so, and has twice not said what it usually says.
  [[nodiscard]] bool gone(MonoTime now) const { return now > gone_after(); }
  /// Until when the peer may be heard again before it is gone; kNever where nothing says it is.
  [[nodiscard]] MonoTime gone_after() const {
    constexpr std::uint32_t kEnough = 3;
    constexpr Duration kTalksEvery = std::chrono::milliseconds{250};
    constexpr Duration kTalksSparsely = std::chrono::seconds{1};
    const Duration usual = agreed.sparse_control ? kTalksSparsely : kTalksEvery;
    return refusals.load(std::memory_order_relaxed) >= kEnough ? last_heard() + 2 * usual : kNever;
  }
  /// Whether a stream saw what the session's control has to hear of.
  [[nodiscard]] bool in_trouble() const {
    return out_of_memory.load(std::memory_order_relaxed) || gone_after() != kNever;
  }
  /// How long that is ago; none at a client.
  [[nodiscard]] Duration unproven(MonoTime now) const {
    const auto at = proven.get();
    return at ? now - *at : Duration{0};
  }
  /// What a round trip may take, for how long to wait: bounded, as a peer has a say in it.
  [[nodiscard]] Duration round_trip() const {
    constexpr Duration kMost = std::chrono::seconds{5};
    const Duration longest{rtt_max_ns.load(std::memory_order_relaxed)};
    return std::min(std::max(longest, handshake.get().value_or(Duration{0})), kMost);
  }
  void note_round_trip(Duration rtt) {
    keep_if(rtt_max_ns, rtt.count(), std::greater<>{});
    note_least_round_trip(rtt);
  }
  /// One that the peer has seen: nothing is waited for the longer.
  void note_least_round_trip(Duration rtt) { keep_if(rtt_min_ns, rtt.count(), std::less<>{}); }
  /// Of all streams, and of the path before there was data.
  [[nodiscard]] std::optional<Duration> least_round_trip() const {
    const std::int64_t ns = rtt_min_ns.load(std::memory_order_relaxed);
    return ns == INT64_MAX ? std::nullopt : std::optional{Duration{ns}};
  }
  [[nodiscard]] MonoTime last_heard() const {
    return mono_from_ns(last_heard_ns.load(std::memory_order_relaxed));
  }
  [[nodiscard]] Duration silence(MonoTime now) const { return now - last_heard(); }
  void stop(TxEnd why) { stop_sending.set_once(why); }
};

}  // namespace udperf::engine
