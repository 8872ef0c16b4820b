#pragma once

#include <optional>
#include <string>

namespace udperf::app {

/// What is wrong with a host as it was given, and what was probably meant; nothing where it can be
/// a server's name or address.
[[nodiscard]] std::optional<std::string> host_problem(const std::string& host);

}  // namespace udperf::app
