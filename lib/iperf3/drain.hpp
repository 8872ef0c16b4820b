#pragma once

#include <algorithm>
#include <chrono>

#include "base/time.hpp"

namespace udperf::iperf3 {

/// How long late arrivals are waited for: since the last one, and in all.
inline constexpr Duration kDrainSilence = std::chrono::milliseconds{300};
inline constexpr Duration kDrainMost = std::chrono::milliseconds{1500};

/// Whether they have been waited for long enough.
[[nodiscard]] constexpr bool has_drained(Duration since_last, Duration in_all) {
  return since_last >= kDrainSilence || in_all >= kDrainMost;
}

/// When that is, if nothing more comes. `begun`: when the waiting began.
[[nodiscard]] constexpr MonoTime drained_at(MonoTime last, MonoTime begun) {
  return std::min(last + kDrainSilence, begun + kDrainMost);
}

}  // namespace udperf::iperf3
