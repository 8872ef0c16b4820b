#pragma once

#include <algorithm>
#include <chrono>
#include <optional>

#include "engine/client_timing.hpp"
#include "iperf3/parameters.hpp"
#include "model/test_params.hpp"

namespace udperf::iperf3 {

/// How long an amount may take until it has arrived: eight times what its rate says, and as long as
/// engine::longest_transfer() guesses where there is none.
[[nodiscard]] inline Duration longest_arrival(const TestParams& params) {
  constexpr int kTimes = 8;
  constexpr Duration kMost = std::chrono::hours{24 * 400};
  constexpr Duration kOverdue = std::chrono::seconds{5};  // a late start, a host that is busy
  Duration longest{0};
  for (const Way way : {Way::up, Way::down}) {
    if (includes(params.direction, way)) {
      const auto expected = expected_duration(params, way);
      longest = std::max(longest, expected ? kTimes * std::min(*expected, kMost / kTimes)
                                           : engine::longest_transfer(params));
    }
  }
  return longest + kOverdue;
}

/// A server sends until it is told of the end, but not stock ones of 3.16 to 3.21 that send as fast
/// as they can or in bursts: they stop once they have sent the amount. After how long without data
/// that is to be taken for granted; nothing: it never is.
[[nodiscard]] inline std::optional<Duration> quiet_after_amount(const Parameters& p) {
  constexpr Duration kLeast = std::chrono::seconds{2};
  constexpr int kBursts = 2;
  constexpr std::chrono::duration<double> kMost = std::chrono::hours{1};
  if (p.rate_bps == 0) {
    return kLeast;
  }
  if (p.burst <= 1) {
    return std::nullopt;
  }
  const std::chrono::duration<double> gap{kBursts * 8.0 * p.burst * p.length /
                                          static_cast<double>(p.rate_bps)};
  return std::max(kLeast, std::chrono::duration_cast<Duration>(std::min(gap, kMost)));
}

}  // namespace udperf::iperf3
