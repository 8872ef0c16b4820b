#pragma once

#include <string>

namespace udperf::app {

/// What a bug report needs, one item a line: "udperf 0.1.0", the commit, the compiler, the kernel
/// and what it offers to UDP. Tries the kernel's features on sockets of its own.
[[nodiscard]] std::string version_text();

/// What `git describe` calls the commit that this was built from, or "unknown". Defined in a file
/// that the build writes (generate/git_commit.cmake).
[[nodiscard]] const char* git_commit();

}  // namespace udperf::app
