#pragma once

#include <memory>

#include "base/time.hpp"
#include "net/datagram_port.hpp"
#include "session/client_handshake.hpp"

namespace udperf::engine {

/// A handshake and the socket it goes over.
struct Pending {
  std::unique_ptr<net::DatagramPort> port;
  session::ClientHandshake handshake;
};

/// Does what is due for one handshake: reads, timers, sends. Returns when it is due next.
MonoTime step_handshake(Pending& pending, net::ReceiveBuffers& buffers, MonoTime now);

}  // namespace udperf::engine
