#pragma once

#include <string>
#include <vector>

#include "monitor/target.hpp"
#include "monitor/target_watch.hpp"

namespace udperf::monitor {

/// One round of one target, and what it missed.
struct OnceRow {
  Target target;
  RoundResult round;
  std::vector<std::string> missed;  ///< limits, a sentence each
};

/// A table for people: a row a target, then what was missed and why what did not work did not.
[[nodiscard]] std::string once_table(const std::vector<OnceRow>& rows);
/// {"schema":"udperf-monitor/1","rounds":[...]}
[[nodiscard]] std::string once_json(const std::vector<OnceRow>& rows);

}  // namespace udperf::monitor
