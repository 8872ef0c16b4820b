#pragma once

#include <string>

#include "monitor/config.hpp"

namespace udperf::app {

/// What the configuration of this name names by a relative path is beside it, wherever the program
/// was started. Touches no file.
void find_beside(const std::string& config_file, monitor::MonitorConfig& config);

/// Where a file is that the file of this name names; what is absolute or empty, and "-" for stdout,
/// stays as it is.
[[nodiscard]] std::string beside(const std::string& naming, const std::string& file);

}  // namespace udperf::app
