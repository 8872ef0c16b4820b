// How RateSearch gets to the bottleneck: ever faster, overloaded, or down from what the hosts do.

#include <algorithm>
#include <utility>

#include "search/rate_search.hpp"
#include "search/shared.hpp"

namespace udperf::search {
namespace {

using namespace std::chrono_literals;

constexpr Duration kFarOverhead = 700ms;
constexpr double kHostStep = 0.9;

}  // namespace

void RateSearch::after_approach(const Observation& seen, Verdict verdict) {
  constexpr double kLessOut = 0.97;
  constexpr double kMore = 1.5;
  const double faster =
      cap(trial_.rate_bps * (time_.overhead() > kFarOverhead ? kFactorFar : kFactor));
  // A host that falls short for a moment still does better than at the rate before.
  const bool more_than_ever = seen.offered_bps > kMore * most_offered_bps_;
  most_offered_bps_ = std::max(most_offered_bps_, seen.offered_bps);
  const bool short_of = seen.offered_bps < 0.95 * trial_.rate_bps;
  const bool less_out = seen.late && seen.late->high_bps < kLessOut * seen.offered_bps;
  const bool capped = trial_.rate_bps >= cap(kMostBps) * 0.999;
  // Where nothing faster can be tried, less will have to show what the bottleneck is.
  if (verdict == Verdict::congested ||
      ((short_of || capped) && less_out && verdict == Verdict::lossy)) {
    overload_again(seen.late ? seen.late->low_bps : seen.goodput_bps);
  } else if ((verdict == Verdict::host_limited || short_of) && !more_than_ever) {
    if (!repeated_) {  // it may have stood still for a moment: asked for more, it will not do less
      repeated_ = true;
      rate_ = faster;
      return;
    }
    below_hosts(std::min(most_offered_bps_, seen.goodput_bps));
  } else if (capped) {
    start_confirm(cap(kMostBps));
  } else {
    repeated_ = false;
    rate_ = faster;
  }
}

void RateSearch::overload_again(double rough_bps) {
  constexpr double kPackets = 300;
  const double rough = std::max(rough_bps, kLeastBps);
  const Duration counted = std::clamp<Duration>(for_packets(kPackets, rough), 800ms, 3600ms);
  if (!overloads_.again(counted)) {
    end(Limit::unstable);
    return;
  }
  bracket_.guess(rough);
  state_ = State::overload;
  rate_ = cap(overloads_.factor() * rough);
}

void RateSearch::after_overload(const Observation& seen, Verdict verdict) {
  constexpr double kLessOut = 0.98;
  const bool less_out = seen.late && seen.late->high_bps < kLessOut * seen.offered_bps;
  const bool full = verdict == Verdict::congested || (verdict == Verdict::lossy && less_out);
  if (full && seen.late) {
    after_full_overload(seen);
    return;
  }
  const bool short_of = seen.offered_bps < 0.95 * trial_.rate_bps;
  if (verdict == Verdict::host_limited || short_of) {
    after_short_overload(seen, short_of);
    return;
  }
  if (trial_.rate_bps >= cap(kMostBps) * 0.999) {
    start_confirm(cap(kMostBps));
    return;
  }
  // It passed what it had not passed before: a bucket had filled up, or more is carried by now.
  overload_again(trial_.rate_bps);
}

/// More went in than came out: the bottleneck's rate is known, or nearly.
void RateSearch::after_full_overload(const Observation& seen) {
  const Duration last = overloads_.duration();
  const bool more = !seen.late->steady && last < Overloads::kLongest &&
                    time_.fits(2 * last + kConfirm + time_.overhead());
  if (more) {  // a bucket was emptied late in the trial, or the rate is changing
    overloads_.lengthen();
    overload_again(seen.late->low_bps);
    return;
  }
  if (may_count_buffers(seen)) {
    single_ = true;
    merged_late_ = seen.late;
    return;
  }
  merged_late_.reset();
  after_saturation(*seen.late);
}

/// The hosts did not get so much to the bottleneck.
void RateSearch::after_short_overload(const Observation& seen, bool short_of) {
  if (merged_late_) {
    single_ = false;  // it takes offload to send so much: what was measured with it has to do
    after_saturation(*std::exchange(merged_late_, {}));
    return;
  }
  if (short_of && !repeated_) {
    repeated_ = true;
    return;
  }
  if (!short_of && overloads_.soften()) {  // the hosts lost it: with less they may keep up
    overload_again(seen.late ? seen.late->low_bps : seen.goodput_bps);
    return;
  }
  below_hosts(std::max(std::min(seen.offered_bps, seen.goodput_bps), *bracket_.rough_bps()));
}

/// To a policer on the same host a merged buffer is one packet, whose headers count once. Where no
/// queue was to be seen in front of the bottleneck, it is measured again with single datagrams.
bool RateSearch::may_count_buffers(const Observation& seen) const {
  constexpr double kMostSingleBps = 2.5e9;
  constexpr std::int64_t kNoQueueNs = 2'000'000;
  if (single_ || !seen.merged || trial_.rate_bps > kMostSingleBps) {
    return false;
  }
  const bool no_queue = seen.rtt_loaded_p50_ns && seen.rtt_idle_p50_ns &&
                        *seen.rtt_loaded_p50_ns - *seen.rtt_idle_p50_ns < kNoQueueNs;
  return no_queue && time_.fits(overloads_.duration() + time_.overhead() + kConfirm);
}

/// The bottleneck's rate is known, unless it ran dry in between: then the better of two tries.
void RateSearch::after_saturation(const LateRate& late) {
  // With no time left to see the bucket empty, its rest is allowed for.
  constexpr double kUnsteady = 0.95;
  const bool time_left = time_.fits(overloads_.duration() + time_.overhead() + kConfirm);
  const auto best = overloads_.settle(late, time_left);
  if (!best) {
    return;
  }
  take_ceiling(*best);
  answer_.underestimate_likely = answer_.underestimate_likely || !best->steady || !best->saturated;
  start_confirm(below(best->low_bps * (best->steady ? 1 : kUnsteady)));
}

void RateSearch::take_ceiling(const LateRate& late) {
  constexpr double kBurstSeconds = 0.1;
  constexpr double kBurstPackets = 20;
  constexpr double kAbove = 1.25;
  bracket_.saturated(late);
  answer_.bottleneck_bps = late.low_bps;
  const double burst = late.burst_bytes;
  const bool bucket =
      burst > kBurstSeconds * late.high_bps / 8 && burst > kBurstPackets * goal_.payload_bytes;
  const bool passed_above =
      std::any_of(answer_.trials.begin(), answer_.trials.end(), [&](const TrialPart& t) {
        return t.verdict == Verdict::passed && t.rate_bps > kAbove * late.high_bps;
      });
  answer_.shaper_suspected = answer_.shaper_suspected || bucket || passed_above;
}

/// The hosts were the limit: goes down from what they managed.
void RateSearch::below_hosts(double managed_bps) {
  host_is_limit_ = true;
  state_ = State::host;
  rate_ = cap(std::max(managed_bps * 0.95, kLeastBps));
}

void RateSearch::after_host(const Observation& seen, Verdict verdict) {
  switch (verdict) {
    case Verdict::passed:
      start_confirm(trial_.rate_bps);
      break;
    case Verdict::congested:
      if (seen.late) {
        host_is_limit_ = false;
        overload_again(seen.late->low_bps);
        break;
      }
      [[fallthrough]];
    default:
      if (seen.loss_ratio() <= goal_.max_loss) {  // slower than asked for, but all of it passed
        start_confirm(trial_.rate_bps);
        break;
      }
      const double tried = std::min(trial_.rate_bps, seen.offered_bps);
      bracket_.failed(tried);
      rate_ = std::max(tried * kHostStep, kLeastBps);
  }
}

}  // namespace udperf::search
