// How a search measures what the bottleneck carries.

#include <algorithm>

#include "search/shared.hpp"
#include "search/states.hpp"
#include "search/transitions.hpp"

namespace udperf::search {
namespace {

/// To a policer on the same host a merged buffer is one packet, whose headers count once. Where no
/// queue was to be seen in front of the bottleneck, it is measured again with single datagrams.
bool may_count_buffers(const Tried& tried, const PathKnowledge& known) {
  constexpr double kMostSingleBps = 2.5e9;
  constexpr std::int64_t kNoQueueNs = 2'000'000;
  const Observation& seen = tried.seen;
  if (known.single || !seen.merged || tried.trial.rate_bps > kMostSingleBps) {
    return false;
  }
  const bool no_queue = seen.rtt_loaded_p50_ns && seen.rtt_idle_p50_ns &&
                        *seen.rtt_loaded_p50_ns - *seen.rtt_idle_p50_ns < kNoQueueNs;
  return no_queue && known.time_for_overload();
}

}  // namespace

Duration Overload::duration(const PathKnowledge& known) const {
  return known.overloads.duration();
}

State Overload::after(const Tried& tried, PathKnowledge& known) const {
  constexpr double kLessOut = 0.98;
  const bool full = tried.verdict == Verdict::congested ||
                    (tried.verdict == Verdict::lossy && tried.less_out(kLessOut));
  if (full && tried.seen.late) {
    return after_full(tried, known);
  }
  if (tried.verdict == Verdict::host_limited || tried.short_of()) {
    return after_short(tried, known);
  }
  if (known.fastest(tried.trial.rate_bps)) {
    return confirm(known, known.cap(kMostBps));
  }
  // It passed what it had not passed before: a bucket had filled up, or more is carried by now.
  return overload(known, tried.trial.rate_bps);
}

/// More went in than came out: the bottleneck's rate is known, or nearly.
State Overload::after_full(const Tried& tried, PathKnowledge& known) const {
  const LateRate& late = *tried.seen.late;
  const Duration last = known.overloads.duration();
  const bool more = !late.steady && last < Overloads::kLongest &&
                    known.time.fits(2 * last + kConfirm + known.time.overhead());
  if (more) {  // a bucket was emptied late in the trial, or the rate is changing
    known.overloads.lengthen();
    return overload(known, late.low_bps, merged);
  }
  if (may_count_buffers(tried, known)) {
    known.single = true;
    Overload singly = *this;
    singly.merged = late;
    return singly;
  }
  return saturated(late, known);
}

/// The hosts did not get so much to the bottleneck.
State Overload::after_short(const Tried& tried, PathKnowledge& known) const {
  const Observation& seen = tried.seen;
  if (merged) {
    known.single = false;  // it takes offload to send so much: what was measured with it has to do
    return saturated(*merged, known);
  }
  const bool short_of = tried.short_of();
  if (short_of && !repeated) {
    Overload again = *this;
    again.repeated = true;
    return again;
  }
  if (!short_of && known.overloads.soften()) {  // the hosts lost it: with less they may keep up
    return overload(known, tried.rough_bps());
  }
  return below_hosts(
      known, std::max(std::min(seen.offered_bps, seen.goodput_bps), *known.bracket.rough_bps()));
}

/// The bottleneck's rate is known, unless it ran dry in between: then the better of two tries.
State Overload::saturated(const LateRate& late, PathKnowledge& known) const {
  // With no time left to see the bucket empty, its rest is allowed for.
  constexpr double kUnsteady = 0.95;
  const auto best = known.overloads.settle(late, known.time_for_overload());
  if (!best) {
    Overload again = *this;
    again.merged.reset();
    return again;
  }
  known.take_ceiling(*best);
  known.answer.underestimate_likely =
      known.answer.underestimate_likely || !best->steady || !best->saturated;
  return confirm(known, known.below(best->low_bps * (best->steady ? 1 : kUnsteady)));
}

}  // namespace udperf::search
