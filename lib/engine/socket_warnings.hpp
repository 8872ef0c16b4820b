#pragma once

#include <cstdint>
#include <optional>

#include "base/endpoint.hpp"
#include "base/result.hpp"
#include "model/outcome.hpp"

namespace udperf::engine {

/// The warning about datagrams that cannot cross in one piece; nothing when they can, or when that
/// is not known. `payload_bytes`: UDP payload of each; `path_mtu`: IP packet, bytes.
[[nodiscard]] std::optional<Warning> fragmentation_warning(const Endpoint& server,
                                                           std::uint32_t payload_bytes,
                                                           std::optional<std::uint32_t> path_mtu);

/// The warning about a capped buffer, with the exact command; nothing when enough was granted.
/// Both in payload bytes; `which`: "rmem_max" or "wmem_max".
[[nodiscard]] std::optional<Warning> buffer_warning(std::uint32_t wanted, std::uint32_t granted,
                                                    const char* which);

/// The same of the server's end, where its report is here: it matters at full speed, or where
/// something was lost in that socket. A server on this host says so itself.
[[nodiscard]] std::optional<Warning> server_buffer_warning(const TestOutcome& outcome);

}  // namespace udperf::engine
