// How RateSearch confirms an answer, and what it does when that fails.

#include <algorithm>
#include <cmath>

#include "search/rate_search.hpp"
#include "search/shared.hpp"

namespace udperf::search {

void RateSearch::start_confirm(double rate) {
  if (cap(rate) < goal_.min_rate_bps.value_or(0) * 0.999) {
    end(Limit::below_min_rate);
    return;
  }
  state_ = State::confirm;
  rate_ = std::max(cap(rate), kLeastBps);
  repeated_ = false;
}

void RateSearch::after_confirm(const Observation& seen, Verdict verdict) {
  switch (verdict) {
    case Verdict::passed:
      confirm_passed(seen);
      return;
    case Verdict::congested:
      confirm_congested(seen);
      return;
    case Verdict::host_limited:
      confirm_short(seen);
      return;
    default:
      confirm_lost(seen);
  }
}

void RateSearch::confirm_passed(const Observation& seen) {
  const double passed = std::min(trial_.rate_bps, seen.offered_bps);
  if (!answer_.confirmed || passed > answer_.answer_bps.value_or(0)) {
    answer_.confirmed = true;
    set_answer(passed);
    answer_.rtt_loaded_p50_ns = seen.rtt_loaded_p50_ns;
  }
  // A sender that was held up proves less than the path carries: once more, where there is time.
  constexpr double kKept = 0.985;
  constexpr double kKeptByHost = 0.9;
  const double kept = (host_is_limit_ ? kKeptByHost : kKept) * trial_.rate_bps;
  if (passed < kept && (bracket_.ceiling() || host_is_limit_) && !held_up_ &&
      time_.fits(kConfirm)) {
    held_up_ = true;
    return;
  }
  const auto upper = bracket_.high();
  const bool close =
      !upper || host_is_limit_ || trial_.rate_bps >= *upper * (1 - 2 * goal_.resolution);
  if (close || trial_.rate_bps >= cap(kMostBps) * 0.999) {
    const bool capped = trial_.rate_bps >= cap(kMostBps) * 0.999;
    const bool by_server = server_cap_bps_ && cap(kMostBps) == *server_cap_bps_;
    end(capped ? (by_server ? Limit::server_policy : Limit::max_rate)
               : (host_is_limit_ ? Limit::host_limited : Limit::network));
    return;
  }
  start_bisect();
}

/// The hosts did not keep up. What they sent and did not lose has passed all the same.
void RateSearch::confirm_short(const Observation& seen) {
  constexpr double kLower = 0.92;
  const bool carried = seen.loss_ratio() <= goal_.max_loss;
  if (carried && host_is_limit_) {
    confirm_passed(seen);
    return;
  }
  if (carried && bracket_.ceiling()) {  // the same again: the path is not to blame
    held_up_ = true;
    return;
  }
  host_is_limit_ = true;
  // Where they did not even reach the rate, it says nothing of what they can do.
  const double tried = std::min(trial_.rate_bps, seen.offered_bps);
  bracket_.failed(tried);
  start_confirm(std::min(tried, std::max(seen.goodput_bps, kLeastBps)) * kLower);
}

/// More goes in than comes out at a rate that the overload had promised: it has changed, or the
/// first figure was a little high.
void RateSearch::confirm_congested(const Observation& seen) {
  constexpr double kChanged = 0.95;
  bracket_.failed(trial_.rate_bps);
  if (!seen.late) {
    start_bisect();
    return;
  }
  const auto& ceiling = bracket_.ceiling();
  const double before = ceiling ? ceiling->low_bps : trial_.rate_bps;
  const bool changed = seen.late->low_bps < kChanged * before;
  if (changed || !remeasured_) {  // or the sender was held up, and made up for it
    bracket_.forget_failed();
    changes_ += changed ? 1 : 0;
    remeasured_ = !changed;
    take_ceiling(*seen.late);
    overload_again(seen.late->low_bps);
    return;
  }
  // A queue that grows may not be full yet: then a little less has to do.
  bracket_.saturated(*seen.late);
  start_confirm(below(std::min(seen.late->low_bps, trial_.rate_bps * (1 - goal_.resolution / 2))));
}

/// Whether the path loses at any rate is cheaper to find out than to try again, so that is first.
void RateSearch::confirm_lost(const Observation& seen) {
  bracket_.lost(seen.loss_ratio());
  if (!loss_check_.begun()) {
    loss_check_.begin(trial_.rate_bps);
    repeated_ = false;
    state_ = State::loss_check;
    // So much below that it is no matter of the rate, but not so slow that nothing is learned.
    const double telling = packets_to_lose() * 8.0 * goal_.payload_bytes / seconds(kLongestShort);
    rate_ = std::clamp(telling, trial_.rate_bps / kFactor, trial_.rate_bps / 2);
    rate_ = std::max({rate_, goal_.min_rate_bps.value_or(0), kLeastBps});
    return;
  }
  if (!repeated_ && time_.fits(kConfirm, 2)) {
    repeated_ = true;
    return;
  }
  bracket_.failed(trial_.rate_bps);
  start_bisect();
}

void RateSearch::after_loss_check(const Observation& seen, Verdict verdict) {
  loss_check_.note(seen);
  if (verdict == Verdict::lossy && repeated_ && loss_check_.path_loses()) {
    end(Limit::path_loss);
    return;
  }
  if (verdict != Verdict::passed && !repeated_) {
    repeated_ = true;
    return;
  }
  if (verdict == Verdict::passed && time_.fits(kConfirm, 2)) {
    start_confirm(loss_check_.lost_bps());  // a failed trial is repeated once before it counts
    repeated_ = true;
    return;
  }
  bracket_.failed(verdict == Verdict::passed ? loss_check_.lost_bps() : trial_.rate_bps);
  start_bisect();
}

void RateSearch::start_bisect() {
  const auto low = best_passed();
  const auto high = bracket_.high();
  const double floor = std::max(goal_.min_rate_bps.value_or(0), kLeastBps);
  repeated_ = false;
  if (!high || *high <= floor * (1 + goal_.resolution)) {
    end(Limit::below_min_rate);
    return;
  }
  if (low && *high - *low <= goal_.resolution * *high) {
    const bool known = answer_.confirmed && *answer_.answer_bps >= *low * 0.999;
    if (known) {
      end(Limit::network);
    } else {
      start_confirm(*low);
    }
    return;
  }
  const double from = low.value_or(floor);
  state_ = State::bisect;
  rate_ = cap(*high > 2 * from ? std::sqrt(*high * from) : (*high + from) / 2);
}

void RateSearch::after_bisect(const Observation& seen, Verdict verdict) {
  if (verdict == Verdict::passed) {
    start_bisect();
    return;
  }
  if (!repeated_) {
    repeated_ = true;
    return;
  }
  host_is_limit_ = host_is_limit_ || verdict == Verdict::host_limited;
  bracket_.lost(seen.loss_ratio());
  bracket_.failed(trial_.rate_bps);
  start_bisect();
}

}  // namespace udperf::search
