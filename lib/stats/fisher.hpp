#pragma once

#include <cstdint>

namespace udperf::stats {

/// So many of so many.
struct Share {
  std::uint64_t hits = 0;  ///< at most `of`
  std::uint64_t of = 0;
};

/// Fisher's exact test of two shares, two-sided: the probability, with the sums given, of a table
/// that is no likelier than this one. 1 where nothing can be told. For events that are independent
/// of each other.
[[nodiscard]] double fisher_exact(const Share& a, const Share& b);

}  // namespace udperf::stats
