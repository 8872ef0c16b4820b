#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "model/reports.hpp"

namespace udperf::stats {

// Which of many flows between the same two addresses, told apart by their ports, fare otherwise
// than the rest: networks that balance load (ECMP, link aggregation) send each flow over one of
// their members. Pure.

/// How sure an outlier is: all tests of one direction together err at most this often where the
/// flows are alike. A hundred tests of a good network are to raise no alarm.
inline constexpr double kFlowErrors = 0.001;

/// What the receiver of one flow has measured.
struct FlowBooks {
  std::uint64_t sent = 0;
  std::uint64_t lost = 0;
  std::optional<std::uint8_t> ttl;  ///< TTL or hop limit, as it arrived
  /// Delays, ascending: arrival less departure, with one and the same offset in all flows. Empty:
  /// not known.
  std::vector<DelayBin> delays;
};

/// Why a flow is an outlier.
enum class FlowSign : std::uint8_t {
  loss,   ///< it loses more than the rest
  delay,  ///< its group is slower than the fastest
};

/// A flow that is worse than the rest by more than chance.
struct FlowOutlier {
  std::size_t flow = 0;
  FlowSign sign = FlowSign::loss;
  double p =
      1;  ///< chance of so much among flows that are alike, corrected for all that were tested
  std::uint64_t rest_sent = 0;  ///< of the flows that do not lose more; of FlowSign::loss only
  std::uint64_t rest_lost = 0;
  std::int64_t added_ns = 0;  ///< over the fastest group; of FlowSign::delay only
};

/// Flows with the same number of hops and the same delay: over one member, or over alike ones.
struct FlowGroup {
  std::vector<std::size_t> flows;   ///< ascending
  std::optional<std::uint8_t> ttl;  ///< absent: of none of them known
  /// Over the least delay of any flow; absent where delays are not known.
  std::optional<std::int64_t> least_ns;   ///< the least of any of its flows
  std::optional<std::int64_t> median_ns;  ///< median of its flows' medians
};

/// What judge_flows() found.
struct FlowVerdict {
  std::vector<FlowGroup> groups;      ///< the fastest first; every flow is in one of them
  std::vector<FlowOutlier> outliers;  ///< by flow; one can be there for both signs
};

/// Judges the flows of one direction.
///
/// Loss: the losses of all flows fall on a flow with the chance of its share of what was sent; the
/// exact binomial test says how likely it is that it gets so many (the conditional test of two
/// rates, Przyborowski and Wilenski 1940). Corrected for the number of flows by Holm (1979). Flows
/// that lose more leave the rest, and the others are held against what remains, until none does.
/// Where most flows lose, those that lose less are found first, by the same test, and the others
/// are held against them.
///
/// Groups: by hops; then by the least delay; then by the median and by the 90th percentile, which
/// show a member whose queue is full, or fills by bursts. A cut between flows in the order of their
/// delays needs a gap far wider than what is below it scatters, and more than chance by Fisher's
/// exact test on the datagrams on either side of it.
[[nodiscard]] FlowVerdict judge_flows(std::span<const FlowBooks> flows);

}  // namespace udperf::stats
