#pragma once

#include <algorithm>
#include <cstdint>

#include "base/time.hpp"
#include "base/token_bucket.hpp"
#include "net/datagram_port.hpp"
#include "receiver/receiver.hpp"
#include "wire/messages.hpp"

namespace udperf::receiver {

/// Decides when a sender at full speed has to hear of this end's socket, and says how full it is:
/// each time it has read a quarter of what fits in there, each millisecond while more than a
/// quarter waits, and at once when something was dropped. Takes the time as an argument.
///
/// What a session may say has to do for all of its streams. Each has its share, and takes what the
/// others leave of theirs, which is a sixth in any case.
class QueueReporter {
 public:
  static constexpr Duration kClosest = std::chrono::microseconds{50};  ///< of one stream
  static constexpr Duration kShare = std::chrono::microseconds{100};   ///< of all, each one's turn
  // What a server pays for (session::ControlBudget) is a little more.
  static constexpr std::uint64_t kPerSecond = 12'000;  ///< of a session
  static constexpr std::uint64_t kBurst = 16;
  /// Of a socket, payload bytes: no system grants less, and no less is offered.
  static constexpr std::uint32_t kLeastOffered = 212'992;

  struct Settings {
    std::uint32_t payload_bytes = 1;  ///< of a datagram
    std::uint32_t streams = 1;        ///< of the session, which share the pace
    /// A sender of this end waits for words that come to the same socket: offers no more of it
    /// than keeps the reader busy, as they have to wait for what stands in there.
    bool yields = false;
  };

  /// From now on; `pace`: what the session may say.
  void begin(const Settings& settings, TokenBucket& pace) {
    on_ = true;
    pace_ = &pace;
    settings_ = settings;
    spacing_ = kShare * static_cast<int>(settings.streams);
  }
  /// From begin() on, unless the system tells nothing of its sockets.
  [[nodiscard]] bool on() const { return on_; }

  /// To be asked after each read.
  [[nodiscard]] bool due(net::DatagramPort& port, const Receiver& receiver, MonoTime now);

  /// When it is due although nothing more is read; kNever where that needs more.
  [[nodiscard]] MonoTime next(const Receiver& receiver) const;

  /// What the message says of the queue, whether it was due or not.
  void fill(net::DatagramPort& port, const Receiver& receiver, wire::Feedback& feedback,
            MonoTime now);
  /// It has left, before anything more was read.
  void told(const Receiver& receiver, const wire::Feedback& feedback, MonoTime now);

 private:
  std::uint32_t offer(const net::ReceiveQueue& queue, const Receiver& receiver, MonoTime now);
  [[nodiscard]] bool news(net::DatagramPort& port, const Receiver& receiver, MonoTime now);
  [[nodiscard]] bool has_read_much(const Receiver& receiver) const {
    return receiver.next_expected() - told_next_ >= std::max<std::uint64_t>(step_, 1);
  }
  [[nodiscard]] bool has_dropped(const Receiver& receiver) const {
    const std::uint32_t drops = receiver.reads().drops() - told_drops_;  // modulo 2^32
    return drops != 0 && drops < UINT32_MAX / 2;                         // else told of already
  }
  /// Of the buffer, for 1024 bytes of what was read since last told.
  [[nodiscard]] std::uint32_t cost_since_told(const Receiver& receiver) const;

  bool on_ = false;
  TokenBucket* pace_ = nullptr;
  Settings settings_;
  std::uint32_t offered_ = 2 * kLeastOffered;  ///< as the kernel charges for what is queued
  MonoTime offered_at_{};
  std::uint64_t offered_next_ = 0;  ///< what was expected next then
  std::uint32_t cost_ = 0;
  std::uint64_t told_next_ = 0;
  std::uint64_t step_ = 0;  ///< datagrams from one message to the next
  std::uint32_t told_drops_ = 0;
  MonoTime looked_{};
  MonoTime tried_at_{};
  Duration spacing_{0};
  ReadLog::Sum merged_;
  ReadLog::Sum single_;
};

}  // namespace udperf::receiver
