#pragma once

#include <cstdint>

namespace udperf::stats {

/// Chance that of `n` independent trials with probability `p` (0..1) at least `k` hit: the exact
/// binomial tail, by the regularised incomplete beta function I_p(k, n - k + 1). Good to about
/// 1e-12 for any n.
[[nodiscard]] double binomial_at_least(std::uint64_t k, std::uint64_t n, double p);

}  // namespace udperf::stats
