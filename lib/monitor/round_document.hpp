#pragma once

#include "monitor/round.hpp"
#include "monitor/target.hpp"
#include "result/document.hpp"

namespace udperf::monitor {

/// The result document (udperf/1) of a round from what a monitor keeps of it: the counts are exact,
/// percentiles are read from its histograms, and what it does not keep (rows of intervals, how the
/// sender kept its times) is absent, with a note. Pure.
[[nodiscard]] result::ResultDocument round_document(const RoundResult& round, const Target& target);

}  // namespace udperf::monitor
