#pragma once

#include <cstddef>
#include <optional>
#include <span>

namespace udperf::stats {

/// Whether two samples come from the same distribution, whatever its shape.
struct RankTest {
  double u = 0;  ///< of the first sample: pairs in which its value is the larger one; a tie is half
  double p = 1;  ///< two-sided
  bool exact = false;  ///< from all orders of the ranks; else by the normal distribution
};

/// Mann-Whitney U (Mann and Whitney 1947), with ties: exact up to 50 values in all, beyond that by
/// the normal approximation with the corrections for ties and continuity. Nothing where a sample is
/// empty.
[[nodiscard]] std::optional<RankTest> mann_whitney(std::span<const double> a,
                                                   std::span<const double> b);

/// The least p that samples of these sizes can have: where every value of one is above all of the
/// other, 2 of all n + m over n ways. Of ties it may be more. 1 where a sample is empty.
[[nodiscard]] double mann_whitney_least_p(std::size_t n, std::size_t m);

}  // namespace udperf::stats
