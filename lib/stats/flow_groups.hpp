#pragma once

#include <span>
#include <vector>

#include "stats/flow_verdict.hpp"

namespace udperf::stats {

/// What of judge_flows() concerns hops and delays.
struct FlowGrouping {
  std::vector<FlowGroup> groups;  ///< the fastest first
  std::vector<FlowOutlier> slow;  ///< by flow
};
/// Every flow is in one of the groups; `slow` are those of all groups but the fastest.
[[nodiscard]] FlowGrouping group_flows(std::span<const FlowBooks> flows);

}  // namespace udperf::stats
