#include "base/log_histogram.hpp"

#include <algorithm>

#include "base/rank.hpp"

namespace udperf {

std::uint64_t LogHistogram::upper_limit(std::size_t bucket) {
  if (bucket < kSub) {
    return bucket;
  }
  const std::size_t shift = bucket / kSub - 1;
  const std::uint64_t low = (std::uint64_t{kSub} + bucket % kSub) << shift;
  return low + (std::uint64_t{1} << shift) - 1;
}

std::optional<Duration> LogHistogram::percentile(double share) const {
  if (total_ == 0) {
    return std::nullopt;
  }
  const std::uint64_t wanted = nearest_rank(share, total_);
  std::uint64_t seen = 0;
  for (std::size_t g = 0; g < kGroups; ++g) {
    for (std::size_t i = 0; groups_[g] && i < kSub; ++i) {
      seen += (*groups_[g])[i];
      if (seen >= wanted) {
        return Duration{static_cast<Duration::rep>(std::min(upper_limit(g * kSub + i), max_ns_))};
      }
    }
  }
  return max();
}

}  // namespace udperf
