#include "engine/stream_socket.hpp"

namespace udperf::engine {

using wire::MessageType;

std::uint64_t StreamSocket::account(std::span<const net::Received> reads) {
  std::uint64_t bytes = 0;
  for (const net::Received& received : reads) {
    bytes += received.data.size();
  }
  if (settings_.budget != nullptr) {
    settings_.budget->received(bytes);
  }
  return bytes;
}

void StreamSocket::note_refusals() {
  if (port_->take_refused()) {
    test_.refused();
  }
}

std::optional<ControlMessage> StreamSocket::open(const wire::CommonHeader& header,
                                                 std::span<const std::byte> datagram,
                                                 const Arrival& arrival, MonoTime now) {
  if (header.session != settings_.session || header.stream != settings_.stream ||
      header.type ==
          MessageType::data) {  // which is none: where no DATA is to come it says nothing
    return std::nullopt;
  }
  const auto inner = sealer_.open(datagram, session::Sealer::Replay::refused);
  if (!inner) {
    return std::nullopt;
  }
  test_.heard(now);
  if (settings_.budget != nullptr) {
    settings_.budget->opened(datagram.size());
  }
  return ControlMessage{header.type, *inner, datagram.size(), arrival};
}

bool StreamSocket::send(std::vector<std::byte> datagram, Budget::Kind kind) {
  if (!afford(datagram.size() + trailer_bytes(), kind, clock_.now())) {
    return false;
  }
  send_paid(std::move(datagram));
  return true;
}

void StreamSocket::send_paid(std::vector<std::byte> datagram) {
  sealer_.seal(datagram);
  const auto outcome = port_->send_control(datagram);
  if (outcome.status == net::SendOutcome::Status::refused) {
    test_.refused();
  } else if (outcome.status == net::SendOutcome::Status::denied) {
    test_.control_refused.store(outcome.os_error, std::memory_order_relaxed);
  }
}

std::optional<net::SendOutcome::Status> StreamSocket::send_whole(std::vector<std::byte> datagram) {
  sealer_.seal(datagram);
  if (!afford(datagram.size(), Budget::Kind::answer, clock_.now())) {
    return std::nullopt;
  }
  return port_->send_whole(datagram).status;
}

net::SendOutcome::Status StreamSocket::send_probe(const wire::Probe& probe, std::size_t bytes) {
  auto datagram = wire::encode(MessageType::probe, settings_.session, settings_.stream, probe,
                               bytes - std::min(bytes, trailer_bytes()));
  sealer_.seal(datagram);
  return port_->send_whole(datagram).status;
}

bool StreamSocket::send_merged(const std::vector<wire::Probe>& probes, std::size_t bytes) {
  std::vector<std::byte> buffer;
  for (const wire::Probe& probe : probes) {
    auto one = wire::encode(MessageType::probe, settings_.session, settings_.stream, probe,
                            bytes - trailer_bytes());
    sealer_.seal(one);
    buffer.insert(buffer.end(), one.begin(), one.end());
  }
  if (!afford(buffer.size(), Budget::Kind::answer, clock_.now())) {
    return false;
  }
  port_->send(buffer, static_cast<std::uint32_t>(buffer.size() / probes.size()));
  return true;
}

void StreamSocket::hand_on(std::span<const std::byte> datagram) {
  if (settings_.on_stray) {
    settings_.on_stray(
        net::Datagram{{datagram.begin(), datagram.end()}, port_->remote(), port_->local()});
  }
}

}  // namespace udperf::engine
