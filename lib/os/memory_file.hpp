#pragma once

#include "os/fd.hpp"

namespace udperf::os {

/// An empty file that is in no folder, and gone with its last descriptor; none where the system has
/// no memory for it. `name` is for those who look at the process.
[[nodiscard]] Fd memory_file(const char* name);

}  // namespace udperf::os
