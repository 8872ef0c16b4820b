// How a search confirms an answer, and what it does when that fails.

#include <algorithm>

#include "search/shared.hpp"
#include "search/states.hpp"
#include "search/transitions.hpp"

namespace udperf::search {
namespace {

Limit limit_of(double rate, const PathKnowledge& known) {
  if (known.fastest(rate)) {
    const bool by_server = known.server_cap_bps && known.cap(kMostBps) == *known.server_cap_bps;
    return by_server ? Limit::server_policy : Limit::max_rate;
  }
  return known.host_is_limit ? Limit::host_limited : Limit::network;
}

/// More goes in than comes out at a rate that the overload had promised: it has changed, or the
/// first figure was a little high.
State confirmed_congestion(const Tried& tried, PathKnowledge& known) {
  constexpr double kChanged = 0.95;
  const double rate = tried.trial.rate_bps;
  known.bracket.failed(rate);
  if (!tried.seen.late) {
    return bisect(known);
  }
  const LateRate& late = *tried.seen.late;
  const auto& ceiling = known.bracket.ceiling();
  const double before = ceiling ? ceiling->low_bps : rate;
  const bool changed = late.low_bps < kChanged * before;
  if (changed || !known.remeasured) {  // or the sender was held up, and made up for it
    known.bracket.forget_failed();
    known.changes += changed ? 1 : 0;
    known.remeasured = !changed;
    known.take_ceiling(late);
    return overload(known, late.low_bps);
  }
  // A queue that grows may not be full yet: then a little less has to do.
  known.bracket.saturated(late);
  const double less = rate * (1 - known.goal.resolution / 2);
  return confirm(known, known.below(std::min(late.low_bps, less)));
}

/// So much below that it is no matter of the rate, but not so slow that nothing is learned.
State probe_loss(double lost_bps, PathKnowledge& known) {
  known.loss_checked = true;
  const double telling =
      known.packets_to_lose() * 8.0 * known.goal.payload_bytes / seconds(kLongestShort);
  LossProbe probe;
  probe.rate = std::clamp(telling, lost_bps / kFactor, lost_bps / 2);
  probe.rate = std::max({probe.rate, known.goal.min_rate_bps.value_or(0), kLeastBps});
  probe.lost_bps = lost_bps;
  return probe;
}

}  // namespace

Duration Confirm::duration(const PathKnowledge& /*known*/) const {
  return kConfirm;
}

State Confirm::after(const Tried& tried, PathKnowledge& known) const {
  switch (tried.verdict) {
    case Verdict::passed:
      return passed(tried, known);
    case Verdict::congested:
      return confirmed_congestion(tried, known);
    case Verdict::host_limited:
      return fell_short(tried, known);
    default:
      return lost(tried, known);
  }
}

State Confirm::passed(const Tried& tried, PathKnowledge& known) const {
  const double asked = tried.trial.rate_bps;
  const double carried = std::min(asked, tried.seen.offered_bps);
  Answer& answer = known.answer;
  if (!answer.confirmed || carried > answer.answer_bps.value_or(0)) {
    answer.confirmed = true;
    known.set_answer(carried);
    answer.rtt_loaded_p50_ns = tried.seen.rtt_loaded_p50_ns;
  }
  // A sender that was held up proves less than the path carries: once more, where there is time.
  constexpr double kKept = 0.985;
  constexpr double kKeptByHost = 0.9;
  const double kept = (known.host_is_limit ? kKeptByHost : kKept) * asked;
  if (carried < kept && (known.bracket.ceiling() || known.host_is_limit) && !known.held_up &&
      known.time.fits(kConfirm)) {
    known.held_up = true;
    return *this;
  }
  const auto upper = known.bracket.high();
  const bool close =
      !upper || known.host_is_limit || asked >= *upper * (1 - 2 * known.goal.resolution);
  return close || known.fastest(asked) ? end(known, limit_of(asked, known)) : bisect(known);
}

/// The hosts did not keep up. What they sent and did not lose has passed all the same.
State Confirm::fell_short(const Tried& tried, PathKnowledge& known) const {
  constexpr double kLower = 0.92;
  const Observation& seen = tried.seen;
  const bool carried = seen.loss_ratio() <= known.goal.max_loss;
  if (carried && known.host_is_limit) {
    return passed(tried, known);
  }
  if (carried && known.bracket.ceiling()) {  // the same again: the path is not to blame
    known.held_up = true;
    return *this;
  }
  known.host_is_limit = true;
  // Where they did not even reach the rate, it says nothing of what they can do.
  const double reached = std::min(tried.trial.rate_bps, seen.offered_bps);
  known.bracket.failed(reached);
  return confirm(known, std::min(reached, std::max(seen.goodput_bps, kLeastBps)) * kLower);
}

/// Whether the path loses at any rate is cheaper to find out than to try again, so that is first.
State Confirm::lost(const Tried& tried, PathKnowledge& known) const {
  known.bracket.lost(tried.seen.loss_ratio());
  if (!known.loss_checked) {
    return probe_loss(tried.trial.rate_bps, known);
  }
  if (!repeated && known.time.fits(kConfirm, 2)) {
    return Confirm{rate, true};
  }
  known.bracket.failed(tried.trial.rate_bps);
  return bisect(known);
}

}  // namespace udperf::search
