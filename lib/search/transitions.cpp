#include "search/transitions.hpp"

#include <algorithm>
#include <cmath>

#include "search/shared.hpp"

namespace udperf::search {

bool Tried::short_of() const {
  return seen.offered_bps < kReached * trial.rate_bps;
}

bool Tried::less_out(double share) const {
  return seen.late && seen.late->high_bps < share * seen.offered_bps;
}

double Tried::rough_bps() const {
  return seen.late ? seen.late->low_bps : seen.goodput_bps;
}

State end(PathKnowledge& known, Limit limit) {
  known.conclude(limit);
  return Done{};
}

State overload(PathKnowledge& known, double rough_bps, const std::optional<LateRate>& merged) {
  using std::chrono_literals::operator""ms;
  constexpr double kPackets = 300;
  const double rough = std::max(rough_bps, kLeastBps);
  const Duration counted = std::clamp<Duration>(known.for_packets(kPackets, rough), 800ms, 3600ms);
  if (!known.overloads.again(counted)) {
    return end(known, Limit::unstable);
  }
  known.bracket.guess(rough);
  Overload next;
  next.rate = known.cap(known.overloads.factor() * rough);
  next.merged = merged;
  return next;
}

State below_hosts(PathKnowledge& known, double managed_bps) {
  constexpr double kShare = 0.95;
  known.host_is_limit = true;
  return BelowHosts{known.cap(std::max(managed_bps * kShare, kLeastBps))};
}

State confirm(PathKnowledge& known, double rate, bool repeated) {
  if (known.cap(rate) < known.goal.min_rate_bps.value_or(0) * 0.999) {
    return end(known, Limit::below_min_rate);
  }
  return Confirm{std::max(known.cap(rate), kLeastBps), repeated};
}

State bisect(PathKnowledge& known) {
  const Goal& goal = known.goal;
  const auto low = known.best_passed();
  const auto high = known.bracket.high();
  const double floor = std::max(goal.min_rate_bps.value_or(0), kLeastBps);
  if (!high || *high <= floor * (1 + goal.resolution)) {
    return end(known, Limit::below_min_rate);
  }
  if (low && *high - *low <= goal.resolution * *high) {
    const bool answered = known.answer.confirmed && *known.answer.answer_bps >= *low * 0.999;
    return answered ? end(known, Limit::network) : confirm(known, *low);
  }
  const double from = low.value_or(floor);
  return Bisect{known.cap(*high > 2 * from ? std::sqrt(*high * from) : (*high + from) / 2)};
}

}  // namespace udperf::search
