#pragma once

#include "app/monitor/setup.hpp"

namespace udperf::app {

/// One round to each target, a table or a document on stdout; returns the exit status.
[[nodiscard]] int run_once(const MonitorSetup& setup);

}  // namespace udperf::app
