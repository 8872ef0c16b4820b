#pragma once

#include "base/endpoint.hpp"

namespace udperf::test {

/// Whether this host has that family at all.
[[nodiscard]] bool family_here(IpFamily family);

/// The same; where it has not, it is said that the running test is skipped without it.
[[nodiscard]] bool family_or_skip(IpFamily family);

}  // namespace udperf::test
