#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "model/outcome.hpp"

namespace udperf::result {

// Many flows side by side (--flows): which fare otherwise than the rest. The verdict itself is
// stats::judge_flows().

/// One flow in one direction.
struct FlowPart {
  std::uint64_t stream = 0;
  std::uint64_t port = 0;  ///< the client's: source of up, destination of down
  std::uint64_t packets = 0;
  std::uint64_t lost = 0;
  std::optional<double> loss_ratio;
  std::optional<std::int64_t> least_delay_ns;   ///< over the least of all flows of the direction
  std::optional<std::int64_t> median_delay_ns;  ///< over the same
};

/// Flows with the same hops and delay.
struct FlowGroupPart {
  std::string direction;  ///< "up", "down"
  std::optional<std::uint64_t> hops;
  std::optional<std::int64_t> least_delay_ns;
  std::optional<std::int64_t> median_delay_ns;
  std::uint64_t packets = 0;
  std::uint64_t lost = 0;
  std::optional<double> loss_ratio;
  std::vector<FlowPart> flows;
};

struct FlowOutlierPart {
  std::string direction;
  std::string sign;                     ///< "loss", "delay", "silent"
  std::optional<std::uint64_t> stream;  ///< a silent one has none
  std::uint64_t port = 0;
  std::optional<double> loss_ratio;
  std::optional<double> rest_loss_ratio;
  std::optional<std::int64_t> added_delay_ns;
  std::optional<double> p_value;
};

struct FlowsPart {
  std::uint64_t flows = 0;   ///< that were tried
  std::uint64_t silent = 0;  ///< of these, without an answer
  std::vector<FlowGroupPart> groups;
  std::vector<FlowOutlierPart> outliers;
  std::string verdict;  ///< a sentence or several, for people
};

/// Nothing where the test was not one of flows, or no receiver has told.
[[nodiscard]] std::optional<FlowsPart> judge_flows(const TestOutcome& outcome);

}  // namespace udperf::result
