#include <algorithm>

#include "iperf3/client_test.hpp"
#include "iperf3/socket_buffers.hpp"
#include "net/udp_port.hpp"

namespace udperf::iperf3 {
namespace {

Duration time_for_stream(std::optional<Duration> round_trip) {
  constexpr Duration kMost = std::chrono::seconds{1};
  return std::min(2 * round_trip.value_or(Duration{0}), kMost);
}

}  // namespace

net::PortOptions ClientTest::port_options() const {
  const Parameters& p = plan_.parameters;
  net::PortOptions out = plan_.sockets;
  out.bind = connection_->local().address;  // the server knows the client by it
  if (out.local_port != 0) {
    out.local_port = static_cast<std::uint16_t>(out.local_port + streams_.size());
  }
  out.remote = plan_.server;
  out.buffer_bytes = p.window != 0 ? p.window : out.buffer_bytes;
  out.tos = p.ip.tos;
  out.dont_fragment = p.ip.dont_fragment;
  return out;
}

/// Opens the next stream and says hello on it. It is never said again: a server takes a second one
/// for data.
void ClientTest::open_stream() {
  auto port = net::UdpPort::open(port_options());
  if (!port) {
    control_->give_up(port.error());
    return;
  }
  if (!buffers_fit(**port, plan_.parameters.window)) {
    const auto granted = std::min((*port)->send_buffer_bytes(), (*port)->receive_buffer_bytes());
    control_->give_up(Error{ErrorCode::system,
                            "the system grants socket buffers of " + std::to_string(granted) +
                                " bytes, which is less than half of " +
                                std::to_string(plan_.parameters.window) +
                                " (-w): see net.core.rmem_max and wmem_max",
                            0, "connect"});
    return;
  }
  Stream& stream = streams_.emplace_back();
  stream.port = *std::move(port);
  make_halves(stream, streams_.size() - 1);
  static_cast<void>(stream.port->send_control(kHello));
  if (streams_.size() > 1) {  // each stream takes a round trip of its own
    control_->extend_start(time_for_stream(connection_->round_trip()));
  }
  hello_by_ = control_->start_by();
}

void ClientTest::make_halves(Stream& stream, std::size_t index) {
  const Parameters& p = plan_.parameters;
  const Counters counters = p.counters_64bit ? Counters::wide : Counters::narrow;
  const bool sends = p.client_sends() && index < p.streams;
  if (!sends) {
    StreamAccount::Settings settings{p.length,
                                     counters,
                                     plan_.grid,
                                     plan_.gap_threshold,
                                     stream.port->gro_active(),
                                     p.streams,
                                     p.omit_seconds != 0,
                                     &memory_};
    settings.told = &told_;
    stream.receiver = std::make_unique<ReceivingStream>(settings, *stream.port, parts_.clock);
    return;
  }
  SendingStream::Settings settings;
  settings.length = p.length;
  settings.counters = counters;
  settings.rate_bps = plan_.rate_bps;
  settings.flood = plan_.flood;
  settings.burst = p.burst;
  settings.omit = std::chrono::seconds{p.omit_seconds};
  settings.duration = plan_.duration > Duration{0} ? plan_.duration + settings.omit : Duration{0};
  settings.payload = plan_.payload;
  settings.digits = p.repeating_payload;
  settings.seed = parts_.random.next_u64();
  settings.told = &told_;
  if (plan_.packets != 0) {
    settings.packets = plan_.packets / p.streams + (index < plan_.packets % p.streams ? 1 : 0);
    settings.nothing = settings.packets == 0;
  }
  if (p.fq_rate_bps != 0) {
    stream.port->pace_in_kernel(p.fq_rate_bps / 8);  // obeyed where the queue is fq, as by iperf3
  }
  stream.sender = std::make_unique<SendingStream>(settings, *stream.port, parts_.clock);
}

Error ClientTest::refused_stream() const {
  const Parameters& p = plan_.parameters;
  if (p.bidirectional && streams_.size() > p.streams) {
    return too_old();  // it closed its socket after the streams of one direction
  }
  return Error{ErrorCode::unreachable,
               plan_.server.to_string() +
                   " (UDP): nothing listens there (ICMP port unreachable), "
                   "although the server said so on TCP",
               0, "connect"};
}

void ClientTest::hear_stream() {
  Stream& stream = streams_.back();
  for (const net::Received& read : stream.port->receive(buffers_)) {
    if (!stream.answered && is_hello_reply(read.data)) {
      stream.answered = true;
    } else if (stream.receiver) {
      stream.receiver->take_early(read);
    }
  }
  if (stream.answered) {
    hello_by_ = kNever;
    if (streams_.size() == plan_.parameters.sockets()) {
      note_streams();
      control_->streams_made();
    } else {
      open_stream();
    }
  } else if (stream.port->take_refused()) {
    control_->give_up(refused_stream());
  } else if (parts_.clock.now() >= hello_by_) {
    control_->give_up(Error{ErrorCode::unreachable,
                            plan_.server.to_string() + " (UDP): no answer within " +
                                format_duration(plan_.patience) +
                                ": a firewall stops UDP, or the one datagram that opens a stream, "
                                "which iperf3 does not let be repeated, was lost",
                            0, "connect"});
  }
  if (control_->over()) {
    hello_by_ = kNever;
  }
}

/// Puts the streams into the record, once.
void ClientTest::note_streams() {
  if (!record_.streams.empty()) {
    return;
  }
  for (const Stream& stream : streams_) {
    record_.streams.push_back(StreamEnds{stream.port->fd(), stream.port->local(), plan_.server,
                                         stream.sender != nullptr});
  }
  record_.sndbuf_bytes = told_by_kernel(streams_.front().port->send_buffer_bytes());
  record_.rcvbuf_bytes = told_by_kernel(streams_.front().port->receive_buffer_bytes());
}

Error ClientTest::too_old() const {
  return Error{ErrorCode::refused,
               plan_.server.to_string() +
                   ": the server takes fewer streams than were asked for: it is older than iperf3 "
                   "3.7 and knows no test in both directions at once",
               0, "connect"};
}

}  // namespace udperf::iperf3
