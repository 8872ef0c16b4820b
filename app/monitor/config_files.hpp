#pragma once

#include <string>

#include "monitor/config.hpp"

namespace udperf::app {

/// What the configuration of this name names by a relative path is beside it, wherever the program
/// was started. Touches no file.
void find_beside(const std::string& config_file, monitor::MonitorConfig& config);

}  // namespace udperf::app
