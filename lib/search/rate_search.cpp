#include "search/rate_search.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "search/shared.hpp"

namespace udperf::search {
namespace {

using namespace std::chrono_literals;

constexpr double kStartBps = 1e6;
constexpr Duration kApproach = 250ms;
constexpr double kApproachPackets = 20;
constexpr Duration kShort = 600ms;
constexpr double kShortPackets = 60;
constexpr int kMostUnusable = 3;

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

TrialPart part_of(const Trial& trial, const Observation& seen, Verdict verdict) {
  TrialPart part;
  part.step = trial.step;
  part.rate_bps = trial.rate_bps;
  part.duration_s = seconds(trial.duration);
  part.verdict = verdict;
  part.rtt_p50_ns = seen.rtt_loaded_p50_ns;
  if (seen.sent > 0) {
    part.offered_bps = seen.offered_bps;
    part.goodput_bps = seen.goodput_bps;
    part.loss_ratio = seen.loss_ratio();
  }
  return part;
}

RateSearch::RateSearch(const Goal& goal) : goal_(goal), time_(goal.time) {
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
  return std::max(kShortPackets, kExpectedLosses / std::max(bracket_.failed_ratio(), kLeastRatio));
}

Duration RateSearch::duration_of_state() const {
  switch (state_) {
    case State::approach:
      return std::clamp<Duration>(for_packets(kApproachPackets, rate_), kApproach, 1s);
    case State::overload:
      return overloads_.duration();
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

std::optional<Trial> RateSearch::next(Duration elapsed) {
  time_.move_to(elapsed);
  answer_.duration_s = seconds(elapsed);
  if (state_ == State::done) {
    return std::nullopt;
  }
  settle_for_time();
  if (state_ == State::done) {
    return std::nullopt;
  }
  trial_ = make_trial();
  time_.begin_trial();
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
void RateSearch::settle_for_time() {
  const Duration trial = duration_of_state();
  if (state_ == State::confirm) {
    if (!time_.fits(trial)) {
      end_of_time();
    }
    return;
  }
  const bool last_word = state_ == State::loss_check;  // needs no confirmation when it loses
  if (time_.fits(trial) && (last_word || time_.fits(kConfirm + trial + time_.overhead()))) {
    return;
  }
  constexpr double kShareOfRough = 0.95;
  const auto& rough = bracket_.rough_bps();
  const auto best =
      rough && !bracket_.failed_bps() ? std::optional{kShareOfRough * *rough} : best_passed();
  if (best && !answer_.confirmed && time_.fits(kConfirm)) {
    answer_.underestimate_likely = true;
    start_confirm(*best);
  } else if (!time_.fits(trial) || answer_.confirmed || best) {
    answer_.underestimate_likely = true;
    end(Limit::time);
  }
}

Verdict RateSearch::finished(const Observation& seen, Duration elapsed) {
  time_.move_to(elapsed);
  time_.end_trial(trial_.duration);
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
  follow(seen, verdict);
  refresh_bracket();
  return verdict;
}

/// What the trial means for the one after it.
void RateSearch::follow(const Observation& seen, Verdict verdict) {
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
}

void RateSearch::note(const Observation& seen, Verdict verdict) {
  answer_.trials.push_back(part_of(trial_, seen, verdict));
  time_.note_loaded_rtt(Duration{seen.rtt_loaded_p50_ns.value_or(0)});
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

void RateSearch::refresh_bracket() {
  answer_.bracket_low_bps = best_passed();
  if (answer_.confirmed) {  // whatever was thought of the path before
    answer_.bracket_low_bps =
        std::max(answer_.bracket_low_bps.value_or(0), answer_.answer_bps.value_or(0));
  }
  answer_.bracket_high_bps = bracket_.high();
}

/// Without a confirmed answer what the bottleneck was measured to carry stands in, and is said not
/// to be confirmed. What passed a short trial is no answer: a token bucket may have carried it.
void RateSearch::end(Limit limit) {
  state_ = State::done;
  answer_.limited_by = limit;
  answer_.duration_s = seconds(time_.now());
  refresh_bracket();
  const bool no_answer = limit == Limit::path_loss || limit == Limit::below_min_rate;
  if (answer_.confirmed || no_answer) {
    return;
  }
  answer_.underestimate_likely = true;
  if (const auto& ceiling = bracket_.ceiling()) {
    set_answer(std::min(below(ceiling->low_bps), bracket_.failed_bps().value_or(kMostBps)));
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
