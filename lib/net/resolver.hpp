#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/endpoint.hpp"
#include "base/result.hpp"

namespace udperf::net {

/// The addresses of a host, best first: a numeric address (fe80::1%eth0 included) as it is, a name
/// through the system's resolver. Blocks as long as the resolver does. The error names the host.
[[nodiscard]] Result<std::vector<Endpoint>> resolve(const std::string& host, std::uint16_t port,
                                                    std::optional<IpFamily> family);

}  // namespace udperf::net
