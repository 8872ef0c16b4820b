// How a search goes down from what the hosts manage.

#include <algorithm>

#include "search/shared.hpp"
#include "search/states.hpp"
#include "search/transitions.hpp"

namespace udperf::search {

Duration BelowHosts::duration(const PathKnowledge& known) const {
  return known.short_trial(kShortPackets, rate);
}

State BelowHosts::after(const Tried& tried, PathKnowledge& known) const {
  constexpr double kLess = 0.9;
  const Observation& seen = tried.seen;
  if (tried.verdict == Verdict::congested && seen.late) {
    known.host_is_limit = false;
    return overload(known, seen.late->low_bps);
  }
  // Where it is slower than asked for, but all of it passed, that will do.
  if (tried.verdict == Verdict::passed || seen.loss_ratio() <= known.goal.max_loss) {
    return confirm(known, tried.trial.rate_bps);
  }
  const double managed = std::min(tried.trial.rate_bps, seen.offered_bps);
  known.bracket.failed(managed);
  return BelowHosts{std::max(managed * kLess, kLeastBps)};
}

}  // namespace udperf::search
