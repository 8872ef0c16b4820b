#pragma once

#include "monitor/config.hpp"
#include "monitor/limits.hpp"

namespace udperf::app {

/// What a round is where the module does not say: 100 datagrams of 200 bytes each way, over the
/// whole of its time. A size is sent as fast as it goes.
void add_usual(monitor::ModuleConfig& module);

/// What a target is held against while it is watched: what its module says, and of one that is not
/// heavy 5 % of loss where it does not, which chance alone does not make of 100 datagrams.
[[nodiscard]] monitor::Limits watched_limits(const monitor::Limits& limits, bool heavy);

}  // namespace udperf::app
