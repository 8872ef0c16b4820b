#pragma once

#include <cstdint>
#include <optional>

#include "base/saturating.hpp"
#include "base/time.hpp"
#include "pacing/burst_window.hpp"
#include "pacing/unsent.hpp"
#include "traffic/deadlines.hpp"

namespace udperf::traffic {

/// Decides how many datagrams are due where they are not evenly spaced; pacing::Schedule for the
/// rest. Pure: it never reads a clock and never waits.
///
/// What the plan has at one moment leaves at once: bunching is part of what was asked for. What a
/// late wake-up has missed follows as pacing::Schedule has it, in the plan's own time: that runs
/// kCatchUpPercent faster than the clock until it has caught up, and may jump by a burst window
/// (BurstWindow). So in any time W no more leaves than what the plan has in some
/// (100 + kCatchUpPercent) % of W and one window. After a stop of more than kMostOwed the whole
/// plan begins that much later, so that lengths and times stay together and no flood follows; what
/// the mean rate has for that time counts as skipped.
class ShapedSchedule {
 public:
  static constexpr Duration kMostOwed = std::chrono::milliseconds{50};
  static constexpr int kCatchUpPercent = 25;
  /// Deadlines closer than this on average are served together.
  static constexpr Duration kTogether = std::chrono::microseconds{100};

  ShapedSchedule(MonoTime start, const Deadlines& deadlines);

  /// How many datagrams to send now, at most pacing::kMostAtOnce; more may be due at once. Time
  /// must not go backwards between calls.
  [[nodiscard]] std::uint64_t take_due(MonoTime now);
  /// Ends a test whose time is over at `end`: what was due before and is not owed for too long.
  [[nodiscard]] std::uint64_t take_last(MonoTime end, MonoTime now);
  /// As pacing::Schedule has it.
  void begin_figures() {
    skipped_ = 0;
    window_.begin_figures();
  }
  /// Handed out by the latest take_due(), but not used: due again at once.
  void give_back(std::uint64_t n, pacing::Unsent why);

  [[nodiscard]] MonoTime next_deadline() const;
  /// What was due in the times by which the plan was put off (`pacing_skipped` in the result).
  [[nodiscard]] std::uint64_t skipped() const { return skipped_; }
  [[nodiscard]] const pacing::BurstWindow& window() const { return window_; }
  /// As pacing::Schedule has it.
  [[nodiscard]] std::optional<Duration> lateness() const { return lateness_; }
  /// Of the plan itself.
  [[nodiscard]] Duration longest_gap() const { return deadlines_.longest_gap(); }

 private:
  [[nodiscard]] MonoTime due() const { return saturating_after(start_, deadlines_.due()); }
  /// How far the plan's own time is behind the clock.
  [[nodiscard]] Duration behind(MonoTime now) const;
  /// Up to when in the plan datagrams may leave now.
  MonoTime reach(MonoTime now);
  /// Moves the plan by what of `late` is too much.
  void put_off(Duration late);
  /// Hands out what is due by then, at most as many as may leave at once.
  std::uint64_t take_until(MonoTime time);
  /// What is due by then and not handed out, by the mean rate.
  [[nodiscard]] std::uint64_t left_until(MonoTime time) const;

  MonoTime start_;
  Deadlines deadlines_;
  bool together_;
  MonoTime served_{};        // when datagrams were handed out last
  std::uint64_t owed_ = 0;   // given back
  MonoTime granted_from_{};  // when the first of the latest take_due() was due
  Duration behind_{0};       // at behind_at_
  MonoTime behind_at_{};
  pacing::BurstWindow window_{std::nullopt};
  std::uint64_t skipped_ = 0;
  std::optional<pacing::Unsent> unsent_;  // why the latest take_due() was not all used
  std::optional<Duration> lateness_;
};

}  // namespace udperf::traffic
