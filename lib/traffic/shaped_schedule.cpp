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

std::uint64_t ShapedSchedule::advance_until(MonoTime time) {
  std::uint64_t n = 0;
  while (saturating_after(start_, deadlines_.due()) <= time) {
    deadlines_.advance();
    ++n;
  }
  return n;
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
  const std::uint64_t n = std::exchange(owed_, 0) + advance_until(now);
  served_ = now;
  return n;
}

std::uint64_t ShapedSchedule::take_last(MonoTime end, MonoTime now) {
  const MonoTime last = std::min(end - Duration{1}, now);  // due at the end is due too late
  const std::uint64_t due = std::exchange(owed_, 0) + advance_until(last);
  if (now - end > kMostOwed) {
    skipped_ = saturating_add(skipped_, due);
    return 0;
  }
  return due;
}

void ShapedSchedule::give_back(std::uint64_t n) {
  owed_ += n;
  held_up_ = true;
}

}  // namespace udperf::traffic
