#pragma once

#include <string>

namespace udperf::app {

/// "udperf 0.1.0 (commit 1a2b3c4), built with GCC 12.2.0, on Linux 6.1.0": what a bug report needs.
[[nodiscard]] std::string version_text();

}  // namespace udperf::app
