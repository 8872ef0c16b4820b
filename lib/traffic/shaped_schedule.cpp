#include "traffic/shaped_schedule.hpp"

#include <algorithm>
#include <utility>

#include "base/saturating.hpp"

namespace udperf::traffic {

ShapedSchedule::ShapedSchedule(MonoTime start, const Deadlines& deadlines)
    : start_(start), deadlines_(deadlines), together_(deadlines.period().times(1) < kTogether) {}

Duration ShapedSchedule::behind(MonoTime now) const {
  return std::max(behind_ - (now - behind_at_) * kCatchUpPercent / 100, Duration{0});
}

MonoTime ShapedSchedule::next_deadline() const {
  if (owed_ > 0) {
    return served_;
  }
  constexpr int kCatchUpIn = 100 / kCatchUpPercent;  // so much time makes good for one
  MonoTime at = due();
  if (at - behind_at_ < kCatchUpIn * behind_ + window_.length()) {
    // Where the plan's time, which runs faster now, has come to a window before it.
    const Duration ahead = at - behind_at_ + behind_ - window_.length();
    at = std::max(at, behind_at_ + (ahead * kCatchUpIn + Duration{kCatchUpIn}) / (kCatchUpIn + 1));
  }
  return together_ && served_ != MonoTime{} ? std::max(at, served_ + kTogether) : at;
}

MonoTime ShapedSchedule::reach(MonoTime now) {
  const Duration late = now - (owed_ > 0 ? granted_from_ : due());
  behind_ = std::min(std::max(behind(now), late), kMostOwed);
  behind_at_ = now;
  return std::min(now, now - behind_ + window_.length());
}

std::uint64_t ShapedSchedule::take_until(MonoTime time) {
  std::uint64_t n = std::exchange(owed_, 0);
  while (n < pacing::kMostAtOnce && due() <= time) {
    deadlines_.advance();
    ++n;
  }
  return n;
}

std::uint64_t ShapedSchedule::left_until(MonoTime time) const {
  const MonoTime next = due();
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
  const auto unsent = std::exchange(unsent_, std::nullopt);
  lateness_ = unsent ? std::nullopt : std::optional{late};
  if (now - due() > kMostOwed) {
    put_off(now - due());
  }
  const MonoTime until = reach(now);
  granted_from_ = owed_ > 0 ? granted_from_ : due();
  const std::uint64_t n = take_until(until);
  served_ = now;
  if (unsent != pacing::Unsent::refused) {
    const Duration missed = late - window_.shorter().value_or(late);
    window_.on_wake(now, std::max(now - due(), Duration{0}), std::max(missed, Duration{0}));
  }
  return n;
}

std::uint64_t ShapedSchedule::take_last(MonoTime end, MonoTime now) {
  const MonoTime last = std::min(end - Duration{1}, now);  // due at the end is due too late
  const std::uint64_t due = take_until(std::min(last, reach(now)));
  skipped_ = saturating_add(skipped_, left_until(last));
  if (now - end > kMostOwed) {
    skipped_ = saturating_add(skipped_, due);
    return 0;
  }
  return due;
}

void ShapedSchedule::give_back(std::uint64_t n, pacing::Unsent why) {
  owed_ += n;
  unsent_ = why;
}

}  // namespace udperf::traffic
