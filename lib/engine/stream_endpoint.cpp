#include "engine/stream_endpoint.hpp"

#include <algorithm>
#include <utility>

#include "base/saturating.hpp"

namespace udperf::engine {

using wire::MessageType;

StreamEndpoint::StreamEndpoint(const Settings& settings, std::unique_ptr<net::DatagramPort> port,
                               const Clock& clock, TestState& test, SessionControl* control)
    : settings_(settings),
      granted_bytes_(settings.params.payload_bytes),
      clock_(clock),
      test_(test),
      control_(control),
      socket_(settings_, std::move(port), clock, test),
      responder_(settings_, socket_, clock, test) {
  if (sends()) {
    sending_.emplace(settings_, socket_, clock, test, *this);
  }
  if (receives()) {
    receiving_.emplace(settings_, socket_, clock, test);
  }
}

Wake StreamEndpoint::step(MonoTime now, net::ReceiveBuffers& buffers) {
  if (over_) {
    return Wake{};
  }
  begin(now);
  const StreamSocket::Reading reading = socket_.read(now, buffers, *this);
  const Wake sending = sending_ ? sending_->transmit(buffers) : Wake{};
  run_timers(now);
  update_complete(now);
  if (control_ != nullptr) {
    control_wake_ = control_->on_timer(socket_, now);
  } else if (const bool before = std::exchange(trouble_, test_.in_trouble()); trouble_ && !before) {
    notify_control();
  }
  flush(now);
  if (test_.quit.load(std::memory_order_acquire)) {
    over_ = true;
    notify_sender();
    return Wake{};
  }
  const Duration rest = socket_.rest_after(reading, now);
  if (reading.more) {
    return Wake{now, false, false, rest > Duration{0}};
  }
  const MonoTime next = std::min(next_wake(), sending.at);
  return rest > Duration{0} ? Wake{std::min(next, now + rest), false, false, true}
                            : Wake{next, false, false, false, slack()};
}

void StreamEndpoint::abandon() noexcept {
  over_ = true;
  test_.out_of_memory.store(true, std::memory_order_relaxed);
  test_.quit.store(true, std::memory_order_release);
  notify_sender();
  if (control_ != nullptr) {
    control_->abandon();
  } else {
    notify_control();
  }
}

void StreamEndpoint::notify_sender() const noexcept {
  if (sending_) {
    sending_->notify_sender();
  }
}

void StreamEndpoint::begin(MonoTime now) {
  if (!first_step_) {
    first_step_ = now;
    if (receiving_) {
      receiving_->begin_account(now);
    }
  }
  if (!begun_ && test_.started.load(std::memory_order_acquire)) {
    start();
  }
}

void StreamEndpoint::start() {
  begun_ = true;
  port().ignore_ttl();
  if (receiving_) {
    receiving_->start();
  }
  if (sending_) {
    settings_.adopt_payload_size(test_);
    sending_->start();
  }
}

void StreamEndpoint::after_reads() {
  if (receiving_) {
    receiving_->tell_queue();
  }
}

void StreamEndpoint::on_control(const ControlMessage& message, MonoTime now) {
  if (!on_stream_message(message, now) && control_ != nullptr) {
    control_->on_message(message, socket_);
  }
}

/// False where the message is about the session as a whole.
bool StreamEndpoint::on_stream_message(const ControlMessage& message, MonoTime now) {
  if (message.type == MessageType::probe) {
    if (const auto probe = wire::decode<wire::Probe>(message.inner)) {
      test_.note_peer_clock(mono_from_ns(probe->t1_ns), message.arrival.at);
      responder_.answer(*probe, message.bytes, message.arrival, begun_);
    }
    return true;
  }
  return on_sender_message(message, now) || on_receiver_message(message, now);
}

/// What a receiver says to a sender.
bool StreamEndpoint::on_sender_message(const ControlMessage& message, MonoTime now) {
  switch (message.type) {
    case MessageType::feedback:
      if (const auto told = wire::decode<wire::Feedback>(message.inner); told && sending_) {
        sending_->on_feedback(*told, message.arrival.at, now);
      }
      return true;
    case MessageType::fin_ack:
      if (sending_) {
        sending_->on_fin_ack();
      }
      return true;
    case MessageType::report:
      if (const auto chunk = wire::decode<wire::ReportChunk>(message.inner); chunk && sending_) {
        sending_->on_report(*chunk, now);
      }
      return true;
    default:
      return false;
  }
}

/// What a sender says to a receiver.
bool StreamEndpoint::on_receiver_message(const ControlMessage& message, MonoTime now) {
  switch (message.type) {
    case MessageType::fin:
      if (const auto fin = wire::decode<wire::Fin>(message.inner); fin && receiving_) {
        receiving_->on_fin(*fin, now);
      }
      return true;
    case MessageType::report_pull:
      if (const auto pull = wire::decode<wire::ReportPull>(message.inner); pull && receiving_) {
        receiving_->on_pull(*pull, now);
      }
      return true;
    default:
      return false;
  }
}

void StreamEndpoint::on_stray(MessageType type, std::span<const std::byte> datagram) {
  if (type == MessageType::join && settings_.role == session::Role::server &&
      settings_.stream != 0) {
    answer_join(datagram);
  } else if (control_ != nullptr) {
    control_->on_stray(datagram, socket_);
  }
}

/// The answer to the first one was lost; but who only looks like the client gets none.
void StreamEndpoint::answer_join(std::span<const std::byte> datagram) {
  const auto header = wire::decode_common(datagram);
  if (header && header->session == settings_.session && header->stream == settings_.stream &&
      socket_.authentic(datagram)) {
    send(wire::encode(MessageType::join_ack, settings_.session, settings_.stream, wire::Empty{}));
  }
}

void StreamEndpoint::run_timers(MonoTime now) {
  if (sending_) {
    sending_->run_timers(now);
  }
  if (receiving_) {
    receiving_->run_timers(now);
  }
}

void StreamEndpoint::flush(MonoTime now) {
  const bool mute = settings_.muted(test_, now);
  if (sending_) {
    sending_->flush(mute);
  }
  if (receiving_ && !mute) {
    receiving_->send_report(now);
  }
}

void StreamEndpoint::update_complete(MonoTime now) {
  const bool sent = !sending_ || sending_->over();
  const bool received = !receiving_ || receiving_->closed();
  if (!sent || !received || complete()) {
    update_delivered();
    return;
  }
  // The report, or the word that the peer's has come, goes before the BYE of a client, with which
  // the server forgets the session.
  flush(now);
  complete_.store(true, std::memory_order_release);
  update_delivered();
  notify_control();
}

/// What the peer has said of this end's report, once there is one.
void StreamEndpoint::update_delivered() {
  if (!complete() || delivered()) {
    return;
  }
  if (receiving_) {
    asked_at_ns_.store(to_ns(receiving_->asked_at()), std::memory_order_relaxed);
  }
  if (!receiving_ || receiving_->delivered()) {
    delivered_.store(true, std::memory_order_release);
    notify_control();
  }
}

/// The stream that controls the session looks at what has changed.
void StreamEndpoint::notify_control() const noexcept {
  (settings_.control_stream != nullptr ? *settings_.control_stream : *this).notify();
}

MonoTime StreamEndpoint::next_wake() const {
  MonoTime wake = control_ != nullptr ? control_wake_ : kNever;
  if (sending_) {
    wake = std::min(wake, sending_->next_wake());
  }
  return receiving_ ? std::min(wake, receiving_->next_wake()) : wake;
}

/// How much later than asked for a step may be: many sessions that are idle, or light, are stepped
/// together then. A client's start is on time.
Duration StreamEndpoint::slack() const {
  constexpr Duration kTogether = std::chrono::milliseconds{20};
  constexpr Duration kSettled = std::chrono::seconds{1};
  const bool started = test_.started.load(std::memory_order_relaxed);
  if (settings_.role == session::Role::client) {
    return settings_.light && started ? kTogether : Duration{0};
  }
  const bool waits = !started && clock_.now() - *first_step_ > kSettled;
  const bool sends_now = sending_ && sending_->started();
  const bool quiet = started && receiving_ && !sends_now && receiving_->quiet();
  return settings_.light || waits || quiet ? kTogether : Duration{0};
}

StreamSnapshot StreamEndpoint::snapshot(Way way) const {
  StreamSnapshot snapshot;
  if (way != send_way()) {
    snapshot.told = receiving_ ? receiving_->live() : std::nullopt;
  } else if (sending_) {
    snapshot.told = sending_->live();
    if (const sender::Sender* const sender = sending_->sender()) {
      snapshot.sends = true;
      snapshot.sent_packets = sender->packets();
      snapshot.sent_bytes = sender->bytes();
    }
  }
  return snapshot;
}

std::uint64_t StreamEndpoint::sent_bytes() const {
  const sender::Sender* const sender = sending_ ? sending_->sender() : nullptr;
  if (sender == nullptr) {
    return 0;
  }
  const MeanLength mean = settings_.params.mean_length(send_way());
  return saturating_add(sender->bytes(),
                        saturating_mul_div(sender->omitted_packets(), mean.bytes, mean.packets));
}

}  // namespace udperf::engine
