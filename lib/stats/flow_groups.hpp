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
[[nodiscard]] FlowGrouping group_flows(std::span<const FlowBooks> flows);

}  // namespace udperf::stats
