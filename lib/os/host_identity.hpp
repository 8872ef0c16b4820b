#pragma once

#include <optional>
#include <string>

namespace udperf::os {

/// What tells this host, since it was booted, and its clock from all others: the boot id and the
/// time namespace. Nothing where the system does not tell.
[[nodiscard]] std::optional<std::string> host_identity();

}  // namespace udperf::os
