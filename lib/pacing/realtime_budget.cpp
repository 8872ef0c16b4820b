#include "pacing/realtime_budget.hpp"

#include <algorithm>

namespace udperf::pacing {

bool RealtimeBudget::sample(MonoTime now, Duration cpu) {
  next_ = now + kSampleEvery;
  // What it uses as one of many is nobody's concern.
  const Duration used = allowed_ && count_ > 0 ? cpu - latest_cpu_ : Duration{0};
  latest_cpu_ = cpu;
  const Sample latest{now, cpu, account_ != nullptr ? account_->add(used) : Duration{0}};
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

/// For its own doing, or for that of a fellow, or of all together.
bool RealtimeBudget::sent_back(const Sample& latest) {
  const bool own = overdrawn(latest, &Sample::cpu, 1);
  const bool all = account_ != nullptr && overdrawn(latest, &Sample::all, account_->cores());
  MonoTime until{};
  if (own || all) {
    until = latest.at + pause_;
    pause_ = std::min(2 * pause_, kLongestPause);
  }
  if (own && group_ != nullptr) {
    group_->send_back(until);
  }
  if (all) {
    account_->threads().send_back(until);
  }
  if (group_ != nullptr) {
    until = std::max(until, group_->until());
  }
  if (account_ != nullptr) {
    until = std::max(until, account_->threads().until());
  }
  pardoned_ = until;
  allowed_ = latest.at >= pardoned_;
  return !allowed_;
}

/// More was used since some sample of the window than the whole window allows.
bool RealtimeBudget::overdrawn(const Sample& latest, Duration Sample::*used,
                               std::int64_t cores) const {
  for (std::size_t i = 0; i < count_; ++i) {
    const Sample& then = samples_[i];
    // A sample from just before the window bounds what was used in it no worse than its share.
    const Duration span = std::max(latest.at - then.at, kWindow);
    if (latest.at - then.at <= kWindow + kSampleEvery &&
        latest.*used - then.*used > span * kMostPercent / 100 * cores) {
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
