#pragma once

#include <optional>

#include "search/states.hpp"

namespace udperf::search {

// The ways from one state into another. Each ends the search where its state has no sense any more.

/// The search is over, and its answer final.
[[nodiscard]] State end(PathKnowledge& known, Limit limit);

/// More than the bottleneck carries, `rough_bps` or thereabouts; `merged`: see Overload.
[[nodiscard]] State overload(PathKnowledge& known, double rough_bps,
                             const std::optional<LateRate>& merged = {});

/// The hosts were the limit: goes down from what they managed.
[[nodiscard]] State below_hosts(PathKnowledge& known, double managed_bps);

/// A confirmation of this rate; `repeated`: one that has failed there counts as the first try.
[[nodiscard]] State confirm(PathKnowledge& known, double rate, bool repeated = false);

/// Between what passed and what failed, or on to a confirmation when these are close.
[[nodiscard]] State bisect(PathKnowledge& known);

}  // namespace udperf::search
