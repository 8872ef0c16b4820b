#pragma once

#include "report/block.hpp"
#include "result/flows.hpp"

namespace udperf::report {

/// What was found among many flows, and the groups where there are several.
void flow_lines(const result::FlowsPart& flows, Block& block);

}  // namespace udperf::report
