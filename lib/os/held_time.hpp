#pragma once

#include <optional>

#include "base/time.hpp"

namespace udperf::os {

// What the kernel's files tell of time that threads of this host did not get, since they are
// counted; nothing where they do not tell.

/// Taken from all processors together, by the hypervisor.
[[nodiscard]] std::optional<Duration> stolen_time();
/// In which the quota of this process's control group, or of one above it, was used up.
[[nodiscard]] std::optional<Duration> throttled_time();
/// In which the calling thread was ready to run, but others ran.
[[nodiscard]] std::optional<Duration> waited_time();
/// That the system runs on; at least 1.
[[nodiscard]] unsigned online_processors();

}  // namespace udperf::os
