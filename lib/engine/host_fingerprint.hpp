#pragma once

#include "wire/messages.hpp"

namespace udperf::engine {

/// What identifies this host and its clock: equal fingerprints mean that monotonic stamps can be
/// compared (docs/metrics.md, `clock`). From the boot id and the time namespace.
[[nodiscard]] wire::Digest host_fingerprint();

}  // namespace udperf::engine
