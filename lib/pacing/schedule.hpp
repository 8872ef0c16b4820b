#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>

#include "base/time.hpp"
#include "base/units.hpp"
#include "pacing/burst_window.hpp"
#include "pacing/packet_period.hpp"
#include "pacing/unsent.hpp"

namespace udperf::pacing {

/// Decides how many datagrams are due. Pure arithmetic: it never reads a clock and never waits.
///
/// Datagram k is due k periods after the start. Each deadline is worked out from the start, not
/// from the one before it, so rounding never adds up. Datagrams leave in bursts of burst().
///
/// Waking up late is normal, and does not change the mean: what has become due since is owed. It
/// leaves as fast as a token bucket lets it that fills at kCatchUpPercent above the rate and holds
/// what the rate carries in the burst window (BurstWindow): so in any time W at most
/// (100 + kCatchUpPercent) % of the rate times W and one window's worth leave. More than kMostOwed
/// is never owed: older deadlines are given up and counted, so that a stop of two seconds is
/// followed by no flood.
class Schedule {
 public:
  static constexpr Duration kMostOwed = std::chrono::milliseconds{50};
  static constexpr int kCatchUpPercent = 25;

  struct Bursts {
    std::uint64_t limit = 1;        ///< datagrams of one system call: more do not leave on time
    std::optional<Duration> fixed;  ///< the window that was asked for; nothing: it adapts
  };

  /// A period below a nanosecond counts as one. Precondition: it is not zero.
  Schedule(MonoTime start, const PacketPeriod& period, const Bursts& bursts);

  /// How many datagrams to send now, at most kMostAtOnce or a burst; more may be due at once.
  /// Time must not go backwards between calls.
  [[nodiscard]] std::uint64_t take_due(MonoTime now);

  /// Ends a test whose time is over at `end`: returns what was due before and may still leave, at
  /// most a window's worth; nothing where `now` is more than a window later. All else that is owed
  /// is given up and counted.
  [[nodiscard]] std::uint64_t take_last(MonoTime end, MonoTime now);

  /// From now on another rate. A datagram that is partly due stays so by the same part; of what is
  /// owed no more is kept than the same datagrams, nor than the same time's worth: a slow rate's
  /// stall is no burst of a fast one, nor the other way round. Precondition as for the constructor.
  void change(const PacketPeriod& period, std::uint64_t limit, MonoTime now);

  /// So many datagrams more are to be sent, and no more are handed out: the last burst does not
  /// wait for those that will never be due.
  void end_after(std::uint64_t n) { left_ = n; }

  /// Figures begin anew: what follows is another part of a test.
  void begin_figures();
  /// What was due before `time` and has not left will not, and is in no figure.
  void forget_before(MonoTime time);

  /// Handed out by the latest take_due(), but not used: due again at once. None of them and
  /// `no_time`: the next deadline has passed, and nobody waits for it.
  void give_back(std::uint64_t n, Unsent why);

  /// When the next burst may leave: its last datagram is due, and the bucket holds it. Sending
  /// then, and not at its first deadline, keeps every burst full and the mean exact.
  [[nodiscard]] MonoTime next_deadline() const;

  /// Deadlines given up (`pacing_skipped` in the result).
  [[nodiscard]] std::uint64_t skipped() const { return skipped_; }
  /// Datagrams that leave together when wake-ups are on time.
  [[nodiscard]] std::uint64_t burst() const { return burst_; }
  /// Datagrams that may leave together after a late wake-up.
  [[nodiscard]] std::uint64_t most_at_once() const { return depth_; }
  [[nodiscard]] const BurstWindow& window() const { return window_; }
  /// How late the latest take_due() with a result was called; nothing where nobody slept until it
  /// was due: a socket that took nothing had held it up, or the sender had not come to an end
  /// before. That is no lateness of the host's.
  [[nodiscard]] std::optional<Duration> lateness() const { return lateness_; }

 private:
  void set_sizes();
  /// Of the next burst.
  [[nodiscard]] std::uint64_t together() const {
    return std::clamp<std::uint64_t>(left_, 1, burst_);
  }
  [[nodiscard]] std::uint64_t depth_of(Duration window) const;
  [[nodiscard]] std::uint64_t due_by(MonoTime time) const;
  [[nodiscard]] std::uint64_t tokens(MonoTime now) const;
  /// Time in which the bucket gains n tokens.
  [[nodiscard]] Duration refill(std::uint64_t n) const;
  void give_up(std::uint64_t n);
  void hand_out(std::uint64_t n, MonoTime now);
  void adapt(MonoTime now, Duration late);

  MonoTime start_;  // datagram 0's deadline
  PacketPeriod period_;
  Bursts bursts_;
  BurstWindow window_;
  std::uint64_t burst_ = 1;
  std::uint64_t depth_ = 1;          // of the token bucket
  std::uint64_t next_ = 0;           // the first datagram neither handed out nor given up
  std::uint64_t left_ = UINT64_MAX;  // to be handed out
  std::uint64_t skipped_ = 0;
  bool begun_ = false;
  std::optional<Unsent> unsent_;  // why the latest take_due() was not all used
  MonoTime empty_at_;             // the bucket was empty then and has been filling since
  MonoTime empty_before_;
  std::uint64_t granted_ = 0;  // by the latest take_due()
  std::optional<Duration> lateness_;
};

/// Datagrams to send together when on time: what the rate carries in `window`, at least 1, at most
/// `limit`.
[[nodiscard]] std::uint64_t burst_for(const PacketPeriod& period, Duration window,
                                      std::uint64_t limit);

}  // namespace udperf::pacing
