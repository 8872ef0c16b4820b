#pragma once

#include "monitor/config.hpp"

namespace udperf::app {

/// What a round is where the module does not say: 100 datagrams of 200 bytes each way, over the
/// whole of its time. A size is sent as fast as it goes.
void add_usual(monitor::ModuleConfig& module);

}  // namespace udperf::app
