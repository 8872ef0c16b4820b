#include "engine/handshakes.hpp"

#include <algorithm>

#include "engine/event.hpp"
#include "net/receive_buffers.hpp"

namespace udperf::engine {

MonoTime step_handshake(Pending& pending, net::ReceiveBuffers& buffers, MonoTime now) {
  session::ClientHandshake& handshake = pending.handshake;
  for (auto reads = pending.port->receive(buffers); !reads.empty();
       reads = pending.port->receive(buffers)) {
    for (const net::Received& read : reads) {
      handshake.on_datagram(read.data.first(std::min<std::size_t>(read.data.size(), read.segment)),
                            now);
    }
    if (handshake.done() || handshake.failed()) {
      break;  // what follows is not the handshake's
    }
  }
  if (pending.port->take_refused()) {
    handshake.on_refused();
  }
  handshake.on_timer(now);
  while (const auto datagram = handshake.poll_transmit()) {
    pending.port->send_control(*datagram);
  }
  if (pending.port->take_refused()) {
    handshake.on_refused();
  }
  return handshake.next_timeout();
}

void run_handshakes(std::vector<Pending>& pending, const Clock& clock, const StopToken& stop) {
  net::ReceiveBuffers buffers;
  while (!stop.requested()) {
    const MonoTime now = clock.now();
    MonoTime next = kNever;
    bool busy = false;
    std::vector<int> fds{stop.wait_fd()};
    for (Pending& one : pending) {
      if (!one.handshake.done() && !one.handshake.failed()) {
        next = std::min(next, step_handshake(one, buffers, now));
        fds.push_back(one.port->fd());
      }
      busy = busy || (!one.handshake.done() && !one.handshake.failed());
    }
    if (!busy) {
      return;
    }
    wait_readable(fds, next == kNever ? Duration{0} : next - clock.now());
  }
}

}  // namespace udperf::engine
