#include "search/rate_search.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

namespace udperf::search {
namespace {

using namespace std::chrono_literals;

constexpr double kStartBps = 1e6;
constexpr double kLeastBps = 8e3;
constexpr double kMostBps = 1e12;
constexpr double kFactor = 8;
constexpr double kFactorFar = 16;  // where a trial costs a long round trip or more
constexpr Duration kFarOverhead = 700ms;
constexpr Duration kApproach = 250ms;
constexpr double kApproachPackets = 20;
constexpr Duration kConfirm = 3100ms;  // three seconds between the first and the last datagram
constexpr Duration kShort = 600ms;
constexpr double kShortPackets = 60;
constexpr Duration kLongestShort = 1500ms;
constexpr Duration kFirstOverhead = 300ms;
constexpr double kOverload = 2;
constexpr int kMostOverloads = 5;
constexpr int kMostUnusable = 3;
constexpr double kHostStep = 0.9;

double seconds(Duration time) {
  return std::chrono::duration<double>{time}.count();
}
Duration duration(double seconds) {
  return Duration{static_cast<std::int64_t>(seconds * 1e9)};
}

}  // namespace

const char* limit_name(Limit limit) {
  constexpr std::array kNames{"network",   "host_limited",   "max_rate", "server_policy",
                              "path_loss", "below_min_rate", "unstable", "time"};
  return kNames.at(static_cast<std::size_t>(limit));
}

const char* algorithm_name(Algorithm algorithm) {
  return algorithm == Algorithm::rfc9097 ? "rfc9097" : "udperf";
}

RateSearch::RateSearch(const Goal& goal) : goal_(goal), overhead_(kFirstOverhead) {
  answer_.way = goal.way;
  answer_.max_loss = goal.max_loss;
  rate_ = cap(goal.min_rate_bps.value_or(kStartBps));
}

double RateSearch::cap(double rate) const {
  const double most =
      std::min(goal_.max_rate_bps.value_or(kMostBps), server_cap_bps_.value_or(kMostBps));
  return std::min(rate, most);
}

/// A little less than what the bottleneck was seen to carry.
double RateSearch::below(double ceiling) const {
  constexpr double kShare = 0.3;
  return cap(ceiling * (1 - kShare * goal_.resolution));
}

Duration RateSearch::for_packets(double packets, double rate) const {
  return duration(std::min(packets * 8.0 * goal_.payload_bytes / std::max(rate, kLeastBps), 60.0));
}

/// As many datagrams as lose some where as large a share is lost as at the rate that failed.
double RateSearch::packets_to_lose() const {
  constexpr double kExpectedLosses = 8;
  constexpr double kLeastRatio = 1e-6;
  return std::max(kShortPackets, kExpectedLosses / std::max(failed_ratio_, kLeastRatio));
}

Duration RateSearch::duration_of_state() const {
  switch (state_) {
    case State::approach:
      return std::clamp<Duration>(for_packets(kApproachPackets, rate_), kApproach, 1s);
    case State::overload:
      return overload_time_;
    case State::confirm:
      return kConfirm;
    case State::loss_check:
    case State::bisect:
      return std::clamp<Duration>(for_packets(packets_to_lose(), rate_), kShort, kLongestShort);
    default:
      return std::clamp<Duration>(for_packets(kShortPackets, rate_), kShort, kLongestShort);
  }
}

Trial RateSearch::make_trial() const {
  constexpr std::array kSteps{Step::approach,   Step::overload, Step::host,
                              Step::loss_check, Step::bisect,   Step::confirm};
  Trial trial;
  trial.step = kSteps.at(static_cast<std::size_t>(state_));
  trial.rate_bps = rate_;
  trial.duration = duration_of_state();
  trial.interval = std::clamp<Duration>(trial.duration / 50, 10ms, 50ms);
  trial.single = single_;
  return trial;
}

bool RateSearch::fits(Duration trial, Duration elapsed, int count) const {
  return elapsed + count * (trial + overhead_) + reserve_ <= goal_.time;
}

std::optional<Trial> RateSearch::next(Duration elapsed) {
  now_ = elapsed;
  answer_.duration_s = seconds(elapsed);
  if (state_ == State::done) {
    return std::nullopt;
  }
  settle_for_time(elapsed);
  if (state_ == State::done) {
    return std::nullopt;
  }
  trial_ = make_trial();
  asked_at_ = elapsed;
  return trial_;
}

/// The search ends while a confirmation was still wanted.
void RateSearch::end_of_time() {
  if (changes_ > 1) {
    end(Limit::unstable);
  } else if (host_is_limit_ && answer_.confirmed) {
    end(Limit::host_limited);
  } else {
    end(held_up_ ? Limit::network : Limit::time);
  }
}

/// Confirms what is known when there is no time for more, and ends when there is none for that.
void RateSearch::settle_for_time(Duration elapsed) {
  const Duration trial = duration_of_state();
  if (state_ == State::confirm) {
    if (!fits(trial, elapsed)) {
      end_of_time();
    }
    return;
  }
  const bool last_word = state_ == State::loss_check;  // needs no confirmation when it loses
  if (fits(trial, elapsed) && (last_word || fits(kConfirm + trial + overhead_, elapsed))) {
    return;
  }
  constexpr double kShareOfRough = 0.95;
  const auto best =
      rough_bps_ && !failed_bps_ ? std::optional{kShareOfRough * *rough_bps_} : best_passed();
  if (best && !answer_.confirmed && fits(kConfirm, elapsed)) {
    answer_.underestimate_likely = true;
    start_confirm(*best);
  } else if (!fits(trial, elapsed) || answer_.confirmed || best) {
    answer_.underestimate_likely = true;
    end(Limit::time);
  }
}

Verdict RateSearch::finished(const Observation& seen, Duration elapsed) {
  now_ = elapsed;
  const Duration extra = elapsed - asked_at_ - trial_.duration;
  overhead_ = std::max<Duration>({overhead_ / 2, extra, 50ms});
  if (seen.payload_bytes != 0) {
    goal_.payload_bytes = seen.payload_bytes;
    family_ = seen.family;
  }
  Trial judged = trial_;
  if (seen.granted_bps && *seen.granted_bps < 0.999 * trial_.rate_bps) {
    server_cap_bps_ = *seen.granted_bps;
    judged.rate_bps = *seen.granted_bps;
  }
  trial_ = judged;
  const Verdict verdict = judge(judged, seen, goal_.max_loss);
  note(seen, verdict);
  if (verdict == Verdict::unusable) {
    after_unusable();
    return verdict;
  }
  switch (state_) {
    case State::approach:
      after_approach(seen, verdict);
      break;
    case State::overload:
      after_overload(seen, verdict);
      break;
    case State::host:
      after_host(seen, verdict);
      break;
    case State::loss_check:
      after_loss_check(seen, verdict);
      break;
    case State::bisect:
      after_bisect(seen, verdict);
      break;
    case State::confirm:
      after_confirm(seen, verdict);
      break;
    case State::done:
      break;
  }
  refresh_bracket();
  return verdict;
}

void RateSearch::note(const Observation& seen, Verdict verdict) {
  TrialPart part;
  part.step = trial_.step;
  part.rate_bps = trial_.rate_bps;
  part.duration_s = seconds(trial_.duration);
  part.verdict = verdict;
  part.rtt_p50_ns = seen.rtt_loaded_p50_ns;
  if (seen.sent > 0) {
    part.offered_bps = seen.offered_bps;
    part.goodput_bps = seen.goodput_bps;
    part.loss_ratio = seen.loss_ratio();
  }
  answer_.trials.push_back(part);
  // A test that loses waits for what may still come, three of its longest round trips.
  constexpr Duration kMostReserve = 1s;
  reserve_ = std::clamp<Duration>(Duration{3 * seen.rtt_loaded_p50_ns.value_or(0)}, reserve_,
                                  kMostReserve);
  if (seen.rtt_idle_p50_ns) {
    answer_.rtt_idle_p50_ns =
        std::min(answer_.rtt_idle_p50_ns.value_or(INT64_MAX), *seen.rtt_idle_p50_ns);
  }
}

/// A test that did not complete may have been starved by its own load: much slower, then.
void RateSearch::after_unusable() {
  if (++unusable_ >= kMostUnusable) {
    end(Limit::unstable);
    return;
  }
  rate_ = std::max(rate_ / 4, kLeastBps);
}

void RateSearch::after_approach(const Observation& seen, Verdict verdict) {
  constexpr double kLessOut = 0.97;
  constexpr double kMore = 1.5;
  const double faster = cap(trial_.rate_bps * (overhead_ > kFarOverhead ? kFactorFar : kFactor));
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
  if (++overloads_ > kMostOverloads) {
    end(Limit::unstable);
    return;
  }
  rough_bps_ = std::max(rough_bps, kLeastBps);
  const Duration counted = std::clamp<Duration>(for_packets(kPackets, *rough_bps_), 800ms, 3600ms);
  overload_time_ = std::max<Duration>(overload_time_, 300ms + counted);
  state_ = State::overload;
  rate_ = cap(overload_factor_ * *rough_bps_);
}

void RateSearch::after_overload(const Observation& seen, Verdict verdict) {
  constexpr double kLessOut = 0.98;
  constexpr Duration kLongest = 4s;
  const bool less_out = seen.late && seen.late->high_bps < kLessOut * seen.offered_bps;
  const bool full = verdict == Verdict::congested || (verdict == Verdict::lossy && less_out);
  if (full && seen.late) {
    const bool more = !seen.late->steady && overload_time_ < kLongest &&
                      fits(2 * overload_time_ + kConfirm + overhead_, now_);
    if (more) {  // a bucket was emptied late in the trial, or the rate is changing
      overload_time_ = std::min<Duration>(2 * overload_time_, kLongest);
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
    return;
  }
  const bool short_of = seen.offered_bps < 0.95 * trial_.rate_bps;
  if (merged_late_ && (verdict == Verdict::host_limited || short_of)) {
    single_ = false;  // it takes offload to send so much: that has to do
    after_saturation(*std::exchange(merged_late_, {}));
    return;
  }
  if (verdict == Verdict::host_limited || short_of) {
    if (short_of && !repeated_) {
      repeated_ = true;
      return;
    }
    if (overload_factor_ == kOverload && !short_of) {
      overload_factor_ = 1.25;  // the hosts lost it: with less they may keep up
      overload_again(seen.late ? seen.late->low_bps : seen.goodput_bps);
      return;
    }
    below_hosts(std::max(std::min(seen.offered_bps, seen.goodput_bps), *rough_bps_));
    return;
  }
  if (trial_.rate_bps >= cap(kMostBps) * 0.999) {
    start_confirm(cap(kMostBps));
    return;
  }
  // It passed what it had not passed before: a bucket had filled up, or more is carried by now.
  overload_again(trial_.rate_bps);
}

/// To a policer on the same host a merged buffer is one packet, whose headers count once. Where no
/// queue was to be seen in front of the bottleneck, it is measured again with single datagrams.
bool RateSearch::may_count_buffers(const Observation& seen) const {
  constexpr double kMostSingleBps = 2.5e9;
  constexpr std::int64_t kNoQueueNs = 2'000'000;
  if (single_ || !seen.merged || trial_.rate_bps > kMostSingleBps) {
    return false;
  }
  const bool queued = seen.rtt_loaded_p50_ns && seen.rtt_idle_p50_ns &&
                      *seen.rtt_loaded_p50_ns - *seen.rtt_idle_p50_ns > kNoQueueNs;
  return !queued && fits(overload_time_ + overhead_ + kConfirm, now_);
}

/// The bottleneck's rate is known, unless it ran dry in between: then the better of two tries.
void RateSearch::after_saturation(const LateRate& late) {
  // With no time left to see the bucket empty, its rest is allowed for.
  constexpr double kUnsteady = 0.95;
  LateRate best = late;
  if (dry_ && dry_->steady && dry_->low_bps > late.low_bps) {
    best = *dry_;
  }
  if (!late.saturated && !dry_ && fits(overload_time_ + overhead_ + kConfirm, now_)) {
    dry_ = late;
    return;
  }
  dry_.reset();
  take_ceiling(best);
  answer_.underestimate_likely = answer_.underestimate_likely || !best.steady || !best.saturated;
  start_confirm(below(best.low_bps * (best.steady ? 1 : kUnsteady)));
}

void RateSearch::take_ceiling(const LateRate& late) {
  constexpr double kBurstSeconds = 0.1;
  constexpr double kBurstPackets = 20;
  constexpr double kAbove = 1.25;
  ceiling_ = late;
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
  host_step_ = kHostStep;
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
      rate_failed(tried);
      rate_ = std::max(tried * kHostStep, kLeastBps);
  }
}

void RateSearch::start_confirm(double rate) {
  if (cap(rate) < goal_.min_rate_bps.value_or(0) * 0.999) {
    end(Limit::below_min_rate);
    return;
  }
  state_ = State::confirm;
  rate_ = std::max(cap(rate), kLeastBps);
  repeated_ = false;
}

void RateSearch::rate_failed(double rate) {
  failed_bps_ = std::min(failed_bps_.value_or(kMostBps), rate);
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
  if (passed < kept && (ceiling_ || host_is_limit_) && !held_up_ && fits(kConfirm, now_)) {
    held_up_ = true;
    return;
  }
  const auto upper = upper_bound();
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
  if (carried && ceiling_) {  // the same again: the path is not to blame
    held_up_ = true;
    return;
  }
  host_is_limit_ = true;
  // Where they did not even reach the rate, it says nothing of what they can do.
  const double tried = std::min(trial_.rate_bps, seen.offered_bps);
  rate_failed(tried);
  start_confirm(std::min(tried, std::max(seen.goodput_bps, kLeastBps)) * kLower);
}

/// More goes in than comes out at a rate that the overload had promised: it has changed, or the
/// first figure was a little high.
void RateSearch::confirm_congested(const Observation& seen) {
  constexpr double kChanged = 0.95;
  rate_failed(trial_.rate_bps);
  if (!seen.late) {
    start_bisect();
    return;
  }
  const double before = ceiling_ ? ceiling_->low_bps : trial_.rate_bps;
  const bool changed = seen.late->low_bps < kChanged * before;
  if (changed || !remeasured_) {  // or the sender was held up, and made up for it
    failed_bps_.reset();
    changes_ += changed ? 1 : 0;
    remeasured_ = !changed;
    take_ceiling(*seen.late);
    overload_again(seen.late->low_bps);
    return;
  }
  // A queue that grows may not be full yet: then a little less has to do.
  ceiling_ = *seen.late;
  start_confirm(below(std::min(seen.late->low_bps, trial_.rate_bps * (1 - goal_.resolution / 2))));
}

/// Whether the path loses at any rate is cheaper to find out than to try again, so that is first.
void RateSearch::confirm_lost(const Observation& seen) {
  failed_ratio_ = seen.loss_ratio();
  if (!loss_checked_) {
    loss_checked_ = true;
    repeated_ = false;
    lost_bps_ = trial_.rate_bps;
    state_ = State::loss_check;
    // So much below that it is no matter of the rate, but not so slow that nothing is learned.
    const double telling = packets_to_lose() * 8.0 * goal_.payload_bytes / seconds(kLongestShort);
    rate_ = std::clamp(telling, trial_.rate_bps / kFactor, trial_.rate_bps / 2);
    rate_ = std::max({rate_, goal_.min_rate_bps.value_or(0), kLeastBps});
    return;
  }
  if (!repeated_ && fits(kConfirm, now_, 2)) {
    repeated_ = true;
    return;
  }
  rate_failed(trial_.rate_bps);
  start_bisect();
}

void RateSearch::after_loss_check(const Observation& seen, Verdict verdict) {
  constexpr std::uint64_t kFewestLosses = 3;
  check_losses_ += seen.lost - std::min(seen.lost, seen.host_lost);
  if (verdict == Verdict::lossy && repeated_ && check_losses_ >= kFewestLosses) {
    end(Limit::path_loss);
    return;
  }
  if (verdict != Verdict::passed && !repeated_) {
    repeated_ = true;
    return;
  }
  if (verdict == Verdict::passed && fits(kConfirm, now_, 2)) {
    start_confirm(lost_bps_);  // a failed trial is repeated once before it counts
    repeated_ = true;
    return;
  }
  rate_failed(verdict == Verdict::passed ? lost_bps_ : trial_.rate_bps);
  start_bisect();
}

std::optional<double> RateSearch::upper_bound() const {
  std::optional<double> upper = failed_bps_;
  if (ceiling_) {
    upper = std::min(upper.value_or(kMostBps), ceiling_->high_bps);
  }
  return upper;
}

/// The highest rate that passed and that nothing learned since speaks against.
std::optional<double> RateSearch::best_passed() const {
  std::optional<double> best;
  const double most = std::min(failed_bps_.value_or(kMostBps),
                               ceiling_ ? ceiling_->low_bps : rough_bps_.value_or(kMostBps));
  for (const TrialPart& trial : answer_.trials) {
    if (trial.verdict == Verdict::passed && trial.rate_bps < most) {
      best = std::max(best.value_or(0), trial.rate_bps);
    }
  }
  return best;
}

void RateSearch::start_bisect() {
  const auto low = best_passed();
  const auto high = upper_bound();
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
  failed_ratio_ = seen.loss_ratio();
  rate_failed(trial_.rate_bps);
  start_bisect();
}

void RateSearch::refresh_bracket() {
  answer_.bracket_low_bps = best_passed();
  if (answer_.confirmed) {  // whatever was thought of the path before
    answer_.bracket_low_bps =
        std::max(answer_.bracket_low_bps.value_or(0), answer_.answer_bps.value_or(0));
  }
  answer_.bracket_high_bps = upper_bound();
}

/// Without a confirmed answer what the bottleneck was measured to carry stands in, and is said not
/// to be confirmed. What passed a short trial is no answer: a token bucket may have carried it.
void RateSearch::end(Limit limit) {
  state_ = State::done;
  answer_.limited_by = limit;
  answer_.duration_s = seconds(now_);
  refresh_bracket();
  const bool no_answer = limit == Limit::path_loss || limit == Limit::below_min_rate;
  if (answer_.confirmed || no_answer) {
    return;
  }
  answer_.underestimate_likely = true;
  if (ceiling_) {
    set_answer(std::min(below(ceiling_->low_bps), failed_bps_.value_or(kMostBps)));
  } else if (host_is_limit_ && best_passed()) {
    set_answer(*best_passed());
  }
}

void RateSearch::set_answer(double payload_bps) {
  const double headers = ip_udp_header_bytes(family_);
  answer_.answer_bps = payload_bps;
  answer_.answer_ip_bps = payload_bps * (goal_.payload_bytes + headers) / goal_.payload_bytes;
}

}  // namespace udperf::search
