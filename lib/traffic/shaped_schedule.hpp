#pragma once

#include <cstdint>
#include <optional>

#include "base/time.hpp"
#include "pacing/unsent.hpp"
#include "traffic/deadlines.hpp"

namespace udperf::traffic {

/// Decides how many datagrams are due where they are not evenly spaced; pacing::Schedule for the
/// rest. Pure: it never reads a clock and never waits.
///
/// What has become due leaves at once: bunching is part of what was asked for. After a stop of more
/// than kMostOwed the whole plan begins that much later, so that lengths and times stay together
/// and no flood follows; what the mean rate has for that time counts as skipped.
class ShapedSchedule {
 public:
  static constexpr Duration kMostOwed = std::chrono::milliseconds{50};
  /// Deadlines closer than this on average are served together.
  static constexpr Duration kTogether = std::chrono::microseconds{100};

  ShapedSchedule(MonoTime start, const Deadlines& deadlines);

  /// How many datagrams to send now, at most pacing::kMostAtOnce; more may be due at once. Time
  /// must not go backwards between calls.
  [[nodiscard]] std::uint64_t take_due(MonoTime now);
  /// Ends a test whose time is over at `end`: what was due before and is not owed for too long.
  [[nodiscard]] std::uint64_t take_last(MonoTime end, MonoTime now);
  /// Handed out by the latest take_due(), but not used: due again at once.
  void give_back(std::uint64_t n, pacing::Unsent why);

  [[nodiscard]] MonoTime next_deadline() const;
  /// What was due in the times by which the plan was put off (`pacing_skipped` in the result).
  [[nodiscard]] std::uint64_t skipped() const { return skipped_; }
  /// How late the latest take_due() with a result was called; nothing where a socket that took
  /// nothing had held it up.
  [[nodiscard]] std::optional<Duration> lateness() const { return lateness_; }
  /// Of the plan itself.
  [[nodiscard]] Duration longest_gap() const { return deadlines_.longest_gap(); }

 private:
  /// Moves the plan by what of `late` is too much.
  void put_off(Duration late);
  /// Hands out what is due by then, at most as many as may leave at once.
  std::uint64_t take_until(MonoTime time);
  /// What is due by then and not handed out, by the mean rate.
  [[nodiscard]] std::uint64_t left_until(MonoTime time) const;

  MonoTime start_;
  Deadlines deadlines_;
  bool together_;
  MonoTime served_{};       // when datagrams were handed out last
  std::uint64_t owed_ = 0;  // given back
  std::uint64_t skipped_ = 0;
  bool held_up_ = false;
  std::optional<Duration> lateness_;
};

}  // namespace udperf::traffic
