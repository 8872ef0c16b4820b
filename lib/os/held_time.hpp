#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/time.hpp"

namespace udperf::os {

// What the kernel's files tell of time that threads of this host did not get, since they are
// counted; nothing where they do not tell.

/// Of a processor that is off, in stolen_times().
inline constexpr Duration kOffline{-1};

/// Taken from each processor by the hypervisor, by the processor's number, kOffline for one that is
/// off. Empty where nothing is told. `root`: where proc is.
[[nodiscard]] std::vector<Duration> stolen_times(const std::string& root = "");
/// In which the quota of this process's control group was used up, then that of each one above it:
/// each has a past of its own, so only what one has gained means something. Summed over the
/// processors that were held up. `root`: where proc and sys are; empty where nothing is told.
[[nodiscard]] std::vector<Duration> throttled_times(const std::string& root = "");
/// In which the calling thread was ready to run, but others ran.
[[nodiscard]] std::optional<Duration> waited_time();

}  // namespace udperf::os
