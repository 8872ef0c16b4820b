#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace udperf::compare {

/// How much worse a figure may be (--fail-worse).
struct Limit {
  std::string metric;     ///< "rate", a name of metrics()
  double amount = 0;      ///< share (0.05) where relative, else in the figure's unit
  bool relative = false;  ///< of the old value
};

/// "rate:5%,loss:0.1%,rtt-p99:20%,jitter:2ms". A percentage is a share of the old value; of what is
/// itself a percentage (loss) it is percentage points. An error names the part and what is
/// accepted.
[[nodiscard]] Result<std::vector<Limit>> parse_limits(std::string_view text);

}  // namespace udperf::compare
