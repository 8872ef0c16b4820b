#pragma once

#include <optional>
#include <vector>

#include "compare/compare.hpp"

namespace udperf::compare {

/// What two documents found for the same direction and size of datagrams.
struct FoundPair {
  Searched of;
  std::optional<double> before;  ///< bit/s
  std::optional<double> after;
  /// There was a rate and there is none, although it was searched for, or would have been had the
  /// search not ended early.
  bool gone = false;
};

struct FoundRates {
  std::vector<FoundPair> pairs;
  std::vector<Difference> differences;  ///< sizes that only one of the documents has
};

/// The answers of all searches of two documents (--find-rate). With sizes (--sizes) in one of them
/// they go together by size and direction, else by direction.
[[nodiscard]] FoundRates found_rates(const Json& before, const Json& after);

}  // namespace udperf::compare
