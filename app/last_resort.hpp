#pragma once

#include <exception>
#include <utility>

#include "base/result.hpp"

namespace udperf::app {

/// What an exception says to a user, with the limit that may be behind it: no memory, or no thread
/// to be had. Its exit status is that of every internal error.
[[nodiscard]] Error error_of(const std::exception& problem);

/// From now on an exception that nobody takes, in whichever thread, ends the process with a message
/// and exit status 1 in place of a core dump, and a limit on the size of files ends a write alone.
void install_last_resort();

/// error_of() on stderr, from no memory at all; returns the exit status.
[[nodiscard]] int report_last(const std::exception& problem) noexcept;

/// Runs `work`; false where it ran out of memory or of threads. For what a thread does again and
/// again, and need not end the process when it fails once.
template <typename Work>
[[nodiscard]] bool unless_exhausted(Work&& work) noexcept {
  try {
    std::forward<Work>(work)();
    return true;
  } catch (const std::exception&) {
    return false;
  }
}

}  // namespace udperf::app
