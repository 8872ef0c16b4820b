#include "search/bracket.hpp"

#include <algorithm>

#include "search/shared.hpp"

namespace udperf::search {

void Bracket::failed(double bps) {
  failed_bps_ = std::min(failed_bps_.value_or(kMostBps), bps);
}

std::optional<double> Bracket::high() const {
  std::optional<double> upper = failed_bps_;
  if (ceiling_) {
    upper = std::min(upper.value_or(kMostBps), ceiling_->high_bps);
  }
  return upper;
}

std::optional<double> Bracket::low(std::span<const TrialPart> trials) const {
  std::optional<double> best;
  const double most = std::min(failed_bps_.value_or(kMostBps),
                               ceiling_ ? ceiling_->low_bps : rough_bps_.value_or(kMostBps));
  for (const TrialPart& trial : trials) {
    if (trial.verdict == Verdict::passed && trial.rate_bps < most) {
      best = std::max(best.value_or(0), trial.rate_bps);
    }
  }
  return best;
}

}  // namespace udperf::search
