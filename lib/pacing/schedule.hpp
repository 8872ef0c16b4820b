#pragma once

#include <cstdint>

#include "base/time.hpp"
#include "base/units.hpp"

namespace udperf::pacing {

/// The time one datagram takes at a rate, as an exact fraction of nanoseconds.
struct PacketPeriod {
  Uint128 numerator = 0;          ///< nanoseconds ...
  std::uint64_t denominator = 1;  ///< ... over this

  /// `share` and `of`: this sender has share/of of the whole rate (one of several streams).
  /// Precondition: rate.limited().
  static PacketPeriod of(const SendRate& rate, std::uint32_t payload_bytes, std::uint32_t streams);

  [[nodiscard]] Duration times(std::uint64_t n) const {
    return Duration{static_cast<Duration::rep>((numerator * n + denominator - 1) / denominator)};
  }
  /// How many whole periods fit into `time`. Precondition: time >= 0.
  [[nodiscard]] std::uint64_t count_in(Duration time) const {
    return static_cast<std::uint64_t>(Uint128{static_cast<std::uint64_t>(time.count())} *
                                      denominator / numerator);
  }
};

/// Decides how many datagrams are due. Pure arithmetic: it never reads a clock and never waits.
///
/// Datagram k is due k periods after the start. Each deadline is worked out from the start, not
/// from the one before it, so rounding never adds up. Datagrams leave in bursts of `burst`.
///
/// After a stall (later than a burst lasts) the schedule goes on from now: nothing is bunched up.
/// The time lost is made up for at kCatchUpPercent above the rate, as far as kMaxDebt; the
/// deadlines of what was lost beyond that are given up and counted.
class Schedule {
 public:
  static constexpr Duration kMaxDebt = std::chrono::milliseconds{50};
  static constexpr int kCatchUpPercent = 3;

  /// Preconditions: the period and the burst are not zero.
  Schedule(MonoTime start, const PacketPeriod& period, std::uint64_t burst);

  /// How many datagrams to send now: 0 or the burst (1 at the very start). Time must not go
  /// backwards between calls.
  [[nodiscard]] std::uint64_t take_due(MonoTime now);

  /// From now on another rate: the next datagram is due one new period after the last one, but not
  /// in the past. What a stall has cost is made up for as before. Preconditions as for the
  /// constructor.
  void change(const PacketPeriod& period, std::uint64_t burst, MonoTime now);

  /// Handed out, but not used: they become due again at once.
  void give_back(std::uint64_t n) { next_ -= n; }

  /// When the next burst is complete, i.e. when its last datagram is due: sending then, and not at
  /// its first deadline, keeps every burst full and the mean exact.
  [[nodiscard]] MonoTime next_deadline() const;

  /// Deadlines given up after stalls (`pacing_skipped` in the result).
  [[nodiscard]] std::uint64_t skipped() const { return skipped_; }
  [[nodiscard]] std::uint64_t burst() const { return burst_; }

 private:
  void absorb_stall(Duration lag);
  void repay();

  MonoTime start_;
  PacketPeriod period_;
  std::uint64_t burst_;
  Duration burst_time_;
  Duration debt_{0};
  std::uint64_t next_ = 0;  // the first datagram that was not handed out
  std::uint64_t skipped_ = 0;
};

/// A burst carries at most what the rate carries in this time (pacing one can trust).
inline constexpr Duration kBurstWindow = std::chrono::microseconds{250};

/// Datagrams to send together: what the rate carries in `window`, at least 1, at most `limit`.
[[nodiscard]] std::uint64_t burst_for(const PacketPeriod& period, Duration window,
                                      std::uint64_t limit);

}  // namespace udperf::pacing
