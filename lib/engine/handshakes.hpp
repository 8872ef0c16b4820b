#pragma once

#include <memory>
#include <vector>

#include "clock/clock.hpp"
#include "engine/stop_token.hpp"
#include "net/datagram_port.hpp"
#include "session/client_handshake.hpp"

namespace udperf::engine {

/// A handshake and the socket it goes over.
struct Pending {
  std::unique_ptr<net::DatagramPort> port;
  session::ClientHandshake handshake;
};

/// Carries handshakes on, all at once, until each is done or failed or a stop is requested.
void run_handshakes(std::vector<Pending>& pending, const Clock& clock, const StopToken& stop);

/// Does what is due for one handshake: reads, timers, sends. Returns when it is due next.
MonoTime step_handshake(Pending& pending, net::ReceiveBuffers& buffers, MonoTime now);

}  // namespace udperf::engine
