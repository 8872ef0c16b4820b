#include "traffic/shaped_schedule.hpp"

#include <algorithm>
#include <utility>

#include "base/saturating.hpp"

namespace udperf::traffic {

ShapedSchedule::ShapedSchedule(MonoTime start, const Deadlines& deadlines)
    : start_(start), deadlines_(deadlines), together_(deadlines.period().times(1) < kTogether) {}

MonoTime ShapedSchedule::next_deadline() const {
  if (owed_ > 0) {
    return served_;
  }
  const MonoTime due = saturating_after(start_, deadlines_.due());
  return together_ && served_ != MonoTime{} ? std::max(due, served_ + kTogether) : due;
}

std::uint64_t ShapedSchedule::take_until(MonoTime time) {
  std::uint64_t n = std::exchange(owed_, 0);
  while (n < pacing::kMostAtOnce && saturating_after(start_, deadlines_.due()) <= time) {
    deadlines_.advance();
    ++n;
  }
  return n;
}

std::uint64_t ShapedSchedule::left_until(MonoTime time) const {
  const MonoTime next = saturating_after(start_, deadlines_.due());
  return next <= time ? saturating_add(deadlines_.period().count_in(time - next), 1) : 0;
}

void ShapedSchedule::put_off(Duration late) {
  const Duration shift = late - kMostOwed;
  start_ += shift;
  skipped_ = saturating_add(skipped_, deadlines_.period().count_in(shift));
}

std::uint64_t ShapedSchedule::take_due(MonoTime now) {
  const Duration late = now - next_deadline();
  if (late < Duration{0}) {
    return 0;
  }
  const bool held_up = std::exchange(held_up_, false);
  lateness_ = held_up ? std::nullopt : std::optional{late};
  const Duration behind = now - saturating_after(start_, deadlines_.due());
  if (behind > kMostOwed) {
    put_off(behind);
  }
  const std::uint64_t n = take_until(now);
  served_ = now;
  return n;
}

std::uint64_t ShapedSchedule::take_last(MonoTime end, MonoTime now) {
  const MonoTime last = std::min(end - Duration{1}, now);  // due at the end is due too late
  const std::uint64_t due = take_until(last);
  skipped_ = saturating_add(skipped_, left_until(last));
  if (now - end > kMostOwed) {
    skipped_ = saturating_add(skipped_, due);
    return 0;
  }
  return due;
}

void ShapedSchedule::give_back(std::uint64_t n, pacing::Unsent why) {
  owed_ += n;
  held_up_ = why == pacing::Unsent::refused;
}

}  // namespace udperf::traffic
