#include "monitor/horizon.hpp"

#include <algorithm>

namespace udperf::monitor {
namespace {

/// Rounds may be hours apart, and a clock that is disciplined goes a little faster or slower.
constexpr Duration kLittle = std::chrono::hours{1};
constexpr Duration kDoubt = std::chrono::hours{24};

}  // namespace

void Horizon::begin(Duration elapsed, UnixTime unix) {
  believed_ = last_ ? std::min(*last_, unix) : unix;
  doubted_since_ = elapsed;
  seen_ = Seen{elapsed, unix};
}

UnixTime Horizon::at(Duration elapsed, UnixTime unix) {
  if (!seen_) {
    begin(elapsed, unix);
  }
  const Duration gone = std::max(elapsed - seen_->elapsed, Duration{0});
  const Duration step = unix - seen_->unix - gone;
  if (step > kLittle || step < -kLittle) {
    doubted_since_ = elapsed;
  }
  seen_ = Seen{elapsed, unix};
  believed_ += gone;
  if (unix - believed_ <= kLittle || elapsed - doubted_since_ >= kDoubt) {
    believed_ = unix;
  }
  return believed_;
}

}  // namespace udperf::monitor
