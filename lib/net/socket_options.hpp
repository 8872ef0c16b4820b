#pragma once

#include <cstdint>

#include "base/endpoint.hpp"
#include "base/result.hpp"
#include "net/datagram_port.hpp"
#include "os/fd.hpp"

namespace udperf::net {

/// False when the kernel refuses; errno says why.
bool set_option(int fd, int level, int name, int value);

/// Asks for a socket buffer, beyond the system's limit where that is allowed (SO_*BUFFORCE), and
/// returns the payload bytes that were granted. 0 leaves the default.
std::uint32_t set_buffer(int fd, int plain, int force, std::uint32_t bytes);

/// A socket of the peer's family, marked and bound as `options` say, not yet connected.
[[nodiscard]] Result<os::Fd> open_bound(const PortOptions& options);

[[nodiscard]] Result<void> connect_to(int fd, const Endpoint& remote);

}  // namespace udperf::net
