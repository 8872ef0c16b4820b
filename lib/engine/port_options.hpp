#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "base/endpoint.hpp"
#include "base/result.hpp"
#include "engine/client_run.hpp"
#include "model/test_params.hpp"
#include "net/datagram_port.hpp"

namespace udperf::engine {

/// Payload bytes to ask of a socket's buffers when the user says nothing.
inline constexpr std::uint32_t kDefaultBuffer = 32U << 20U;

/// Opens a connected socket: the system's, or a simulated network's.
using OpenPort =
    std::function<Result<std::unique_ptr<net::DatagramPort>>(const net::PortOptions& options)>;

/// The system's.
[[nodiscard]] Result<std::unique_ptr<net::DatagramPort>> open_system_port(
    const net::PortOptions& options);

/// What the parameters of a test ask of each of its sockets, at either end. Where offload is to be
/// on, a host that has none goes on without it.
[[nodiscard]] net::PortOptions port_options(const TestParams& params);

/// All that is asked of a client's socket to `server`. `local_port`: that it leaves from; 0 = any.
[[nodiscard]] net::PortOptions client_port_options(const ClientOptions& options,
                                                   const Endpoint& server,
                                                   std::uint16_t local_port);

}  // namespace udperf::engine
