#include "pacing/realtime_budget.hpp"

#include <algorithm>

namespace udperf::pacing {

bool RealtimeBudget::sample(MonoTime now, Duration cpu) {
  next_ = now + kSampleEvery;
  const Sample latest{now, cpu};
  if (!allowed_) {
    if (now < pardoned_) {
      return false;
    }
    allowed_ = true;
    count_ = 0;
  } else if (sent_back(latest)) {
    return false;
  }
  keep(latest);
  return true;
}

/// For its own doing, or for that of a fellow.
bool RealtimeBudget::sent_back(const Sample& latest) {
  const bool own = overdrawn(latest);
  if (own) {
    pardoned_ = latest.at + pause_;
    pause_ = std::min(2 * pause_, kLongestPause);
  } else if (fellows_ != nullptr) {
    pardoned_ = fellows_->until();
  }
  if (own && fellows_ != nullptr) {
    fellows_->send_back(pardoned_);
  }
  allowed_ = !own && latest.at >= pardoned_;
  return !allowed_;
}

/// More was used since some sample of the window than the whole window allows.
bool RealtimeBudget::overdrawn(const Sample& latest) const {
  for (std::size_t i = 0; i < count_; ++i) {
    const Sample& then = samples_[i];
    // A sample from just before the window bounds what was used in it no worse than its share.
    const Duration span = std::max(latest.at - then.at, kWindow);
    if (latest.at - then.at <= kWindow + kSampleEvery &&
        latest.cpu - then.cpu > span * kMostPercent / 100) {
      return true;
    }
  }
  return false;
}

void RealtimeBudget::keep(const Sample& sample) {
  samples_[next_slot_] = sample;
  next_slot_ = (next_slot_ + 1) % samples_.size();
  count_ = std::min(count_ + 1, samples_.size());
}

}  // namespace udperf::pacing
