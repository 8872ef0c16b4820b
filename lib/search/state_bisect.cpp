// How a search narrows the answer down between what passed and what failed.

#include "search/shared.hpp"
#include "search/states.hpp"
#include "search/transitions.hpp"

namespace udperf::search {

Duration Bisect::duration(const PathKnowledge& known) const {
  return known.short_trial(known.packets_to_lose(), rate);
}

State Bisect::after(const Tried& tried, PathKnowledge& known) const {
  if (tried.verdict == Verdict::passed) {
    return bisect(known);
  }
  if (!repeated) {
    return Bisect{rate, true};
  }
  known.host_is_limit = known.host_is_limit || tried.verdict == Verdict::host_limited;
  known.bracket.lost(tried.seen.loss_ratio());
  known.bracket.failed(tried.trial.rate_bps);
  return bisect(known);
}

}  // namespace udperf::search
