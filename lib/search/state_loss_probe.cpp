// How a search finds out whether the path loses at any rate.

#include <algorithm>

#include "search/shared.hpp"
#include "search/states.hpp"
#include "search/transitions.hpp"

namespace udperf::search {

Duration LossProbe::duration(const PathKnowledge& known) const {
  return known.short_trial(known.packets_to_lose(), rate);
}

State LossProbe::after(const Tried& tried, PathKnowledge& known) const {
  constexpr std::uint64_t kNoChance = 3;
  const Observation& seen = tried.seen;
  LossProbe again = *this;
  again.losses += seen.lost - std::min(seen.lost, seen.host_lost);
  again.repeated = true;
  if (tried.verdict == Verdict::lossy && repeated && again.losses >= kNoChance) {
    return end(known, Limit::path_loss);
  }
  const bool passed = tried.verdict == Verdict::passed;
  if (!passed && !repeated) {
    return again;
  }
  if (passed && known.time.fits(kConfirm, 2)) {
    return confirm(known, lost_bps, true);  // a failed trial is repeated once before it counts
  }
  known.bracket.failed(passed ? lost_bps : tried.trial.rate_bps);
  return bisect(known);
}

}  // namespace udperf::search
