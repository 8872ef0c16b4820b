#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>

#include "base/saturating.hpp"
#include "base/time.hpp"
#include "pacing/departure_log.hpp"

namespace udperf::pacing {

/// Keeps a sender without a rate from overrunning the receiver's socket: says up to which datagram
/// it may send, by what the receiver tells of its queue. Pure.
///
/// What may be in that queue is what it held when the receiver looked and what has left since; the
/// sum is kept below what the buffer takes. What the network lost is not in it, so loss there slows
/// nothing. Over a long way much is under way at any time: there the sum may be larger by what the
/// receiver has been seen to take in a round trip, which grows until its queue does.
///
/// It only ever holds back: a receiver that lies cannot make a sender exceed what it was asked for.
class Governor {
 public:
  /// What the receiver says of its socket.
  struct Report {
    std::uint64_t next = 0;  ///< number behind the highest that was read
    std::uint64_t read = 0;  ///< datagrams
    /// What was sent before this had reached the socket, or is lost; absent until some has.
    std::optional<MonoTime> arrived_until;
    Duration waited{0};  ///< that datagram, in the receiver's host until this was said
    std::uint32_t queue_bytes = 0;
    std::uint32_t queue_limit = 0;
    std::uint32_t drops = 0;  ///< buffers, modulo 2^32
    std::uint32_t cost = 0;   ///< of the buffer for 1024 bytes of payload
    /// The shortest of the test so far: this stream's own may all have waited behind the others.
    std::optional<Duration> round_trip{};
  };

  struct Start {
    std::uint32_t payload_bytes = 0;
    std::uint64_t receive_buffer = 0;  ///< that the receiver has, in payload bytes
    Duration round_trip{0};            ///< of the idle way, as far as it is known
  };

  explicit Governor(const Start& start);

  /// A report newer than those before, which came at `now`. `sent`: datagrams so far.
  void on_report(const Report& report, std::uint64_t sent, MonoTime now);

  /// All below `next` were sent before `now`; to be said ahead of each batch. Cheap.
  void on_batch(std::uint64_t next, MonoTime now) { departures_.note(next, now); }

  /// The number that must not be sent at `now`, when all below `next` have been.
  [[nodiscard]] std::uint64_t limit(std::uint64_t next, MonoTime now) {
    return rate_ > 0 ? std::min(limit_, evenly(next, now)) : limit_;
  }
  /// When to ask again where that held the sender back and no report comes.
  [[nodiscard]] Duration look_again() const {
    return rate_ > 0 ? std::chrono::microseconds{100} : std::chrono::milliseconds{1};
  }

  /// Datagrams that fit into the receiver's socket.
  [[nodiscard]] std::uint64_t window() const { return window_; }

  /// A batch of fewer datagrams is not worth a call while more room is soon to come.
  [[nodiscard]] std::uint64_t worth_a_call() const {
    return trickles_ ? few() : std::max<std::uint64_t>(window_ / 4, 1);
  }

  /// So long a sender that was held back waits for a report; then it calls one of the next two.
  [[nodiscard]] Duration patience() const {
    return kPatience + std::max(round_trip_, least_rtt_.value_or(Duration{0}));
  }
  /// Whoever stands still tells nothing, and reads nothing: so few more may leave that the rest of
  /// the socket takes seconds of them, and the next report ends it. All below `next` were sent.
  void trickle(std::uint64_t next) {
    trickles_ = true;
    limit_ = std::max(limit_, saturating_add(next, few()));
  }
  /// Nothing has been heard since the patience ended.
  [[nodiscard]] bool trickles() const { return trickles_; }
  /// By the latest report much of the receiver's socket was taken.
  [[nodiscard]] bool full() const { return last_.queue_bytes > last_.queue_limit / 4; }
  /// By the latest report it is the receiver that what was sent waits for, and not the way.
  [[nodiscard]] bool receiver_lags() const {
    const Duration way = last_at_ - last_.arrived_until.value_or(last_at_);
    return full() || last_.waited > way || (lag() > Duration{0} && !opening_);
  }
  /// The receiver does not tell of its socket: goes on without, until a report brings it back.
  void give_up() {
    limit_ = UINT64_MAX;
    rate_ = 0;
  }

 private:
  void learn_window(const Report& report, MonoTime now);
  void learn_drain(const Report& report, MonoTime now);
  void learn_way(const Report& report, std::uint64_t resolved, MonoTime now);
  [[nodiscard]] Duration lag() const;
  std::uint64_t evenly(std::uint64_t next, MonoTime now);

  [[nodiscard]] std::uint64_t few() const { return std::max<std::uint64_t>(window_ / 64, 1); }

  static constexpr Duration kPatience = std::chrono::milliseconds{500};
  static constexpr double kShare = 0.7;  ///< of the buffer: a quarter may be freed late

  std::uint32_t payload_bytes_;
  Duration round_trip_;
  double share_ = kShare;
  std::uint64_t window_ = 0;  ///< datagrams that fit into the receiver's socket
  std::uint64_t base_ = 0;    ///< datagrams that are in it no more
  std::uint64_t limit_ = 0;
  double on_the_way_ = 0;  ///< datagrams beyond the window that may be out on a long way
  bool opening_ = true;    ///< the receiver's queue has not grown yet
  bool trickles_ = false;  ///< since the latest report
  std::uint64_t reports_ = 0;
  std::optional<Duration> least_rtt_;
  std::uint32_t drops_ = 0;
  Report last_;
  MonoTime last_at_{};
  MonoTime lowered_at_{};
  double rate_ = 0;  ///< datagrams a second on a long way, lest they come in clumps; 0 = any
  double even_ = 0;  ///< number up to which that lets through
  MonoTime even_at_{};
  double drain_ = 0;  ///< datagrams a second, while the queue had some
  DepartureLog departures_;
};

/// What a buffer of `bytes` costs a receiving socket under Linux: its own structures, and memory
/// handed out in powers of two where it is one datagram.
[[nodiscard]] std::uint64_t socket_cost(std::uint64_t bytes, bool merged);

}  // namespace udperf::pacing
