#pragma once

#include "app/monitor/setup.hpp"

namespace udperf::app {

/// Watches until a signal comes; returns the exit status.
[[nodiscard]] int run_watch(MonitorSetup setup);

}  // namespace udperf::app
