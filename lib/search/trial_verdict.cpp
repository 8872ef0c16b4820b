#include "search/shared.hpp"
#include "search/trial.hpp"

namespace udperf::search {

const char* verdict_name(Verdict verdict) {
  switch (verdict) {
    case Verdict::passed:
      return "passed";
    case Verdict::lossy:
      return "lossy";
    case Verdict::congested:
      return "congested";
    case Verdict::host_limited:
      return "host_limited";
    case Verdict::unusable:
      break;
  }
  return "unusable";
}

Verdict judge(const Trial& trial, const Observation& seen, double max_loss) {
  // A quarter missing is no random loss any more: more goes in than comes out.
  constexpr double kOutOfIn = 0.75;
  constexpr double kSomeLoss = 0.02;
  // A queue that grows by this share of the time is fed faster than it is emptied by as much.
  constexpr double kGrowth = 0.003;
  constexpr double kRoughGrowth = 0.05;
  constexpr Duration kGrown = std::chrono::milliseconds{3};
  if (!seen.complete) {
    return Verdict::unusable;
  }
  const bool rough = trial.step == Step::approach || trial.step == Step::overload;
  // Without loss all came out in the end: then it was the sender that was uneven, or a queue grew.
  const bool drained = seen.late && seen.late->high_bps < kOutOfIn * seen.offered_bps &&
                       seen.loss_ratio() > kSomeLoss;
  const bool reached = seen.offered_bps >= kReached * trial.rate_bps;
  // A host that cannot send in time is late in everything: its delays are no queue's.
  const bool growing = reached && seen.growth && seen.grown && *seen.grown > kGrown &&
                       *seen.growth > (rough ? kRoughGrowth : kGrowth);
  const bool by_hosts = 2 * seen.host_lost > seen.lost;
  const bool too_lossy = seen.loss_ratio() > max_loss;
  if ((drained || growing) && !(too_lossy && by_hosts)) {
    return Verdict::congested;
  }
  if (too_lossy && by_hosts) {
    return Verdict::host_limited;
  }
  if (too_lossy) {
    return Verdict::lossy;
  }
  return reached ? Verdict::passed : Verdict::host_limited;
}

}  // namespace udperf::search
