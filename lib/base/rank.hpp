#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

namespace udperf {

/// Which of `n` sorted samples, from 1, is the smallest that at least `share` (0..1) of them do not
/// exceed: the nearest rank (RFC 2330 s11.3). 1 where there are none.
[[nodiscard]] inline std::uint64_t nearest_rank(double share, std::uint64_t n) {
  const double rank = std::ceil(share * static_cast<double>(n));
  if (rank >= static_cast<double>(n)) {  // the nearest double may be beyond the largest integer
    return std::max<std::uint64_t>(n, 1);
  }
  return std::max<std::uint64_t>(static_cast<std::uint64_t>(rank), 1);
}

}  // namespace udperf
