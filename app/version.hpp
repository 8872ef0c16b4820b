#pragma once

#include <string>

namespace udperf::app {

/// What a bug report needs, one item a line: "udperf 0.1.0", the commit, the compiler, the kernel
/// and what it offers to UDP. Tries the kernel's features on sockets of its own.
[[nodiscard]] std::string version_text();

}  // namespace udperf::app
