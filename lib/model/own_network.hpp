#pragma once

#include <optional>

#include "base/result.hpp"
#include "model/outcome.hpp"

namespace udperf {

/// Whether this errno says that this host has no network: no device, no address, no way out. That
/// says nothing about whoever was to be reached.
[[nodiscard]] bool is_own_network(int os_error);

/// Why a test that had begun says nothing about its path: with this errno this host refused its own
/// datagrams.
[[nodiscard]] Error own_network_error(int os_error);

/// The same of a test in which that happened; nothing where it did not.
[[nodiscard]] std::optional<Error> away_from_network(const TestOutcome& outcome);

/// Why a test says nothing about its path where this host slept meanwhile, or else where this
/// process was stopped.
[[nodiscard]] Error stood_still_error(bool slept);

}  // namespace udperf
