#pragma once

#include <cstdint>

#include "base/time.hpp"
#include "base/units.hpp"

namespace udperf::pacing {

/// The time one datagram takes at a rate, as an exact fraction of nanoseconds.
struct PacketPeriod {
  Uint128 numerator = 0;        ///< nanoseconds ...
  std::uint64_t denominator = 1;  ///< ... over this

  /// `share` and `of`: this sender has share/of of the whole rate (one of several streams).
  /// Precondition: rate.limited().
  static PacketPeriod of(const SendRate& rate, std::uint32_t payload_bytes, std::uint32_t streams);

  [[nodiscard]] Duration times(std::uint64_t n) const {
    return Duration{
        static_cast<Duration::rep>((numerator * n + denominator - 1) / denominator)};
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
/// from the one before it, so rounding never adds up. Datagrams leave in bursts of up to `burst`;
/// after a stall at most that many overdue ones are handed out, and older deadlines are given up
/// and counted, so a stall never turns into a flood.
class Schedule {
 public:
  /// Preconditions: the period and the burst are not zero.
  Schedule(MonoTime start, const PacketPeriod& period, std::uint64_t burst)
      : start_(start), period_(period), burst_(burst) {}

  /// How many datagrams to send now: 0, or up to the burst. Time must not go backwards.
  [[nodiscard]] std::uint64_t take_due(MonoTime now);

  /// Deadlines that were handed out but could not be used: they become due again at once.
  void give_back(std::uint64_t n) { next_ -= n; }

  /// When the next burst is complete, i.e. when its last datagram is due: sending then, and not at
  /// its first deadline, keeps every burst full and the schedule's mean exact.
  [[nodiscard]] MonoTime next_deadline() const;

  /// Deadlines that passed unused (`pacing_skipped` in the result).
  [[nodiscard]] std::uint64_t skipped() const { return skipped_; }
  [[nodiscard]] std::uint64_t burst() const { return burst_; }

 private:
  MonoTime start_;
  PacketPeriod period_;
  std::uint64_t burst_;
  std::uint64_t next_ = 0;  // the first datagram that was neither handed out nor given up
  std::uint64_t skipped_ = 0;
};

/// Datagrams to send together: what the rate carries in `window`, at least 1, at most `limit`.
[[nodiscard]] std::uint64_t burst_for(const PacketPeriod& period, Duration window,
                                      std::uint64_t limit);

}  // namespace udperf::pacing
