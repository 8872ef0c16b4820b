#include "pacing/burst_window.hpp"

#include <algorithm>

namespace udperf::pacing {
namespace {

constexpr Duration kLookEvery = std::chrono::milliseconds{20};
// Less than this is owed now and then on any host.
constexpr Duration kWorthGrowing = std::chrono::milliseconds{2};
// A shorter window is tried no sooner than this, and only if it would have wasted no more than
// half of what catching up makes good for (a fifth of the time).
constexpr Duration kSettle = std::chrono::seconds{1};
constexpr int kMostWastedPercent = 10;

}  // namespace

bool BurstWindow::on_wake(MonoTime now, Duration owed, Duration wasted) {
  if (fixed_) {
    return false;
  }
  return grow(now, owed) || shrink(now, owed, wasted);
}

bool BurstWindow::grow(MonoTime now, Duration owed) {
  if (now - looked_ < kLookEvery) {
    return false;
  }
  // One long stop is repaid little by little; only what is not repaid calls for a longer window.
  const bool stuck = owed_ >= kWorthGrowing && owed >= owed_;
  looked_ = now;
  owed_ = owed;
  if (!stuck || step_ + 1 == kSteps.size()) {
    return false;
  }
  ++step_;
  longest_ = std::max(longest_, step_);
  settled_ = now;
  wasted_ = Duration{0};
  return true;
}

bool BurstWindow::shrink(MonoTime now, Duration owed, Duration wasted) {
  if (step_ == 0) {
    return false;
  }
  wasted_ += wasted;
  const Duration watched = now - settled_;
  if (watched < kSettle) {
    return false;
  }
  const bool serves = wasted_ <= watched * kMostWastedPercent / 100 && owed < kWorthGrowing;
  settled_ = now;
  wasted_ = Duration{0};
  step_ -= serves ? 1U : 0U;
  return serves;
}

}  // namespace udperf::pacing
