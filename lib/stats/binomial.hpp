#pragma once

#include <cstdint>

namespace udperf::stats {

/// Chance that of `n` independent trials with probability `p` (0..1) at least `k` hit: the exact
/// binomial tail, by the regularised incomplete beta function I_p(k, n - k + 1). Its
/// relative error is some 1e-16 times n ln n, the size of the logarithms that cancel: 1e-12 for a
/// thousand trials, 1e-6 for 10^9.
[[nodiscard]] double binomial_at_least(std::uint64_t k, std::uint64_t n, double p);

}  // namespace udperf::stats
