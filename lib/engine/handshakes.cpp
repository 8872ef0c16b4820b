#include "engine/handshakes.hpp"

#include <algorithm>
#include <string>

#include "engine/unreachable.hpp"
#include "model/own_network.hpp"
#include "net/receive_buffers.hpp"

namespace udperf::engine {

namespace {

void note_errors(Pending& pending) {
  if (pending.port->take_refused()) {
    pending.handshake.on_refused();
  }
  if (const auto said = unreachable_text(pending.port->take_unreachable()); !said.empty()) {
    pending.handshake.on_unreachable(said);
  }
}

void read_answers(Pending& pending, net::ReceiveBuffers& buffers, MonoTime now) {
  constexpr int kMostReads = 64;  // who floods us must not keep us from looking at the time
  session::ClientHandshake& handshake = pending.handshake;
  for (int i = 0; i < kMostReads && !handshake.done() && !handshake.failed(); ++i) {
    const auto reads = pending.port->receive(buffers);
    if (reads.empty()) {
      return;
    }
    for (const net::Received& read : reads) {
      handshake.on_datagram(read.data.first(std::min<std::size_t>(read.data.size(), read.segment)),
                            now);
    }
  }
}

}  // namespace

MonoTime step_handshake(Pending& pending, net::ReceiveBuffers& buffers, MonoTime now) {
  session::ClientHandshake& handshake = pending.handshake;
  read_answers(pending, buffers, now);
  note_errors(pending);
  handshake.on_timer(now);
  while (const auto datagram = handshake.poll_transmit()) {
    const auto sent = pending.port->send_control(*datagram);
    const bool away =
        sent.status == net::SendOutcome::Status::denied && is_own_network(sent.os_error);
    handshake.on_no_network(away ? sent.os_error : 0);
  }
  note_errors(pending);
  return handshake.next_timeout();
}

}  // namespace udperf::engine
