// How a search gets near the bottleneck.

#include <algorithm>

#include "search/shared.hpp"
#include "search/states.hpp"
#include "search/transitions.hpp"

namespace udperf::search {

Duration Approach::duration(const PathKnowledge& known) const {
  using std::chrono_literals::operator""ms;
  constexpr double kPackets = 20;
  return std::clamp<Duration>(known.for_packets(kPackets, rate), 250ms, 1000ms);
}

State Approach::after(const Tried& tried, PathKnowledge& known) const {
  constexpr Duration kFarOverhead = std::chrono::milliseconds{700};
  constexpr double kLessOut = 0.97;
  constexpr double kMore = 1.5;
  const Observation& seen = tried.seen;
  const double factor = known.time.overhead() > kFarOverhead ? kFactorFar : kFactor;
  Approach faster;
  faster.rate = known.cap(tried.trial.rate_bps * factor);
  faster.most_offered = std::max(most_offered, seen.offered_bps);
  // A host that falls short for a moment still does better than at the rate before.
  const bool more_than_ever = seen.offered_bps > kMore * most_offered;
  const bool short_of = tried.short_of();
  const bool capped = known.fastest(tried.trial.rate_bps);
  // Where nothing faster can be tried, less will have to show what the bottleneck is.
  if (tried.verdict == Verdict::congested ||
      ((short_of || capped) && tried.less_out(kLessOut) && tried.verdict == Verdict::lossy)) {
    return overload(known, tried.rough_bps());
  }
  if ((tried.verdict == Verdict::host_limited || short_of) && !more_than_ever) {
    if (repeated) {
      return below_hosts(known, std::min(faster.most_offered, seen.goodput_bps));
    }
    faster.repeated =
        true;  // it may have stood still for a moment: asked for more, it does no less
    return faster;
  }
  return capped ? confirm(known, known.cap(kMostBps)) : State{faster};
}

}  // namespace udperf::search
