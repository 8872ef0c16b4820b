#include "search/rate_search.hpp"

#include <algorithm>

#include "search/shared.hpp"
#include "search/transitions.hpp"

namespace udperf::search {
namespace {

using namespace std::chrono_literals;

/// What is done with a state is done with each but the last, which these overloads are for.
Trial trial_of(const Done& /*state*/, const PathKnowledge& /*known*/) {
  return {};
}

template <typename Running>
Trial trial_of(const Running& state, const PathKnowledge& known) {
  Trial trial;
  trial.step = Running::kStep;
  trial.rate_bps = state.rate;
  trial.duration = state.duration(known);
  trial.interval = std::clamp<Duration>(trial.duration / 50, 10ms, 50ms);
  trial.single = known.single;
  return trial;
}

State follow(const Done& state, const Tried& /*tried*/, PathKnowledge& /*known*/) {
  return state;
}

template <typename Running>
State follow(const Running& state, const Tried& tried, PathKnowledge& known) {
  return state.after(tried, known);
}

void slow_down(Done& /*state*/) {}

template <typename Running>
void slow_down(Running& state) {
  state.rate = std::max(state.rate / 4, kLeastBps);
}

}  // namespace

RateSearch::RateSearch(const Goal& goal) : known_(goal) {
  constexpr double kStartBps = 1e6;
  state_ = Approach{known_.cap(goal.min_rate_bps.value_or(kStartBps))};
}

Trial RateSearch::make_trial() const {
  return std::visit([this](const auto& state) { return trial_of(state, known_); }, state_);
}

std::optional<Trial> RateSearch::next(Duration elapsed) {
  known_.time.move_to(elapsed);
  known_.answer.duration_s = seconds(elapsed);
  if (!over()) {
    settle_for_time();
  }
  if (over()) {
    return std::nullopt;
  }
  trial_ = make_trial();
  known_.time.begin_trial();
  return trial_;
}

/// The search ends while a confirmation was still wanted.
void RateSearch::end_of_time() {
  if (known_.changes > 1) {
    state_ = end(known_, Limit::unstable);
  } else if (known_.host_is_limit && known_.answer.confirmed) {
    state_ = end(known_, Limit::host_limited);
  } else {
    state_ = end(known_, known_.held_up ? Limit::network : Limit::time);
  }
}

/// Confirms what is known when there is no time for more, and ends when there is none for that.
void RateSearch::settle_for_time() {
  const TimeBudget& time = known_.time;
  const Duration trial = make_trial().duration;
  if (std::holds_alternative<Confirm>(state_)) {
    if (!time.fits(trial)) {
      end_of_time();
    }
    return;
  }
  const bool last_word = std::holds_alternative<LossProbe>(state_);  // no confirmation if it loses
  if (time.fits(trial) && (last_word || time.fits(kConfirm + trial + time.overhead()))) {
    return;
  }
  constexpr double kShareOfRough = 0.95;
  const auto& rough = known_.bracket.rough_bps();
  const auto best = rough && !known_.bracket.failed_bps() ? std::optional{kShareOfRough * *rough}
                                                          : known_.best_passed();
  if (best && !known_.answer.confirmed && time.fits(kConfirm)) {
    known_.answer.underestimate_likely = true;
    state_ = confirm(known_, *best);
  } else if (!time.fits(trial) || known_.answer.confirmed || best) {
    known_.answer.underestimate_likely = true;
    state_ = end(known_, Limit::time);
  }
}

Verdict RateSearch::finished(const Observation& seen, Duration elapsed) {
  constexpr double kAsAsked = 0.999;
  known_.time.move_to(elapsed);
  known_.time.end_trial(trial_.duration);
  if (seen.payload_bytes != 0) {
    known_.goal.payload_bytes = seen.payload_bytes;
    known_.family = seen.family;
  }
  if (seen.granted_bps && *seen.granted_bps < kAsAsked * trial_.rate_bps) {
    known_.server_cap_bps = *seen.granted_bps;
    trial_.rate_bps = *seen.granted_bps;
  }
  const Tried tried{trial_, seen, judge(trial_, seen, known_.goal.max_loss)};
  known_.note(trial_, seen, tried.verdict);
  if (tried.verdict == Verdict::unusable) {
    after_unusable();
    return tried.verdict;
  }
  state_ = std::visit([&](const auto& state) { return follow(state, tried, known_); }, state_);
  known_.refresh_bracket();
  return tried.verdict;
}

/// A test that did not complete may have been starved by its own load: much slower, then.
void RateSearch::after_unusable() {
  constexpr int kMostUnusable = 3;
  if (++unusable_ >= kMostUnusable) {
    state_ = end(known_, Limit::unstable);
    return;
  }
  std::visit([](auto& state) { slow_down(state); }, state_);
}

}  // namespace udperf::search
