#pragma once

#include "clock/clock.hpp"
#include "model/reports.hpp"

namespace udperf::sender {

/// What the host kept from a thread between two looks of that thread, `wall` apart.
[[nodiscard]] HostLoad load_between(const HeldUp& before, const HeldUp& after, Duration wall);

}  // namespace udperf::sender
