#pragma once

#include "model/test_params.hpp"
#include "net/datagram_port.hpp"

namespace udperf::engine {

/// What is asked of a socket: where it is to be on, too, a host that has none goes on without it.
[[nodiscard]] constexpr net::PortOptions::Offload port_offload(OffloadMode mode) {
  return mode == OffloadMode::off ? net::PortOptions::Offload::off
                                  : net::PortOptions::Offload::automatic;
}

}  // namespace udperf::engine
