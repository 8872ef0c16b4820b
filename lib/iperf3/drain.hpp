#pragma once

#include "base/time.hpp"

namespace udperf::iperf3 {

/// Whether late arrivals have been waited for long enough: so long since the last one, and so long
/// in all.
[[nodiscard]] constexpr bool has_drained(Duration since_last, Duration in_all) {
  return since_last >= std::chrono::milliseconds{300} || in_all >= std::chrono::milliseconds{1500};
}

}  // namespace udperf::iperf3
