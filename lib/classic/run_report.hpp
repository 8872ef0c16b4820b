#pragma once

#include <string>
#include <vector>

#include "classic/run_outcome.hpp"
#include "report/fields/field.hpp"

namespace udperf::classic {

/// What a server tells of a run when it is over: lines for people, or one of JSON for programs
/// (docs/metrics.md).
[[nodiscard]] std::string to_text(const RunOutcome& outcome);
[[nodiscard]] std::string to_json(const RunOutcome& outcome);
/// The fields of the data of that line.
[[nodiscard]] std::vector<report::Described> described_run();

}  // namespace udperf::classic
