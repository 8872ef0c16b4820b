#include "engine/client_control.hpp"

#include <algorithm>

#include "session/light.hpp"

namespace udperf::engine {
namespace {

using namespace std::chrono_literals;
using wire::MessageType;

Duration probe_every(const ClientControl::Settings& settings) {
  if (settings.sparse_control) {
    return session::kLightProbe;
  }
  return settings.few_probes ? sparing_probe_every(settings.params)
                             : loaded_probe_every(settings.params);
}

/// How long the answers to a burst of probes are waited for.
Duration burst_wait(const ClientControl::Settings& settings) {
  return 2 * settings.handshake_rtt + 20ms;
}

/// What a server was sent while a test is prepared, and its answers, make one
/// believe.
Duration note_handshake(const ClientControl::Settings& settings, TestState& test, MonoTime now) {
  test.agreed.sparse_control = settings.sparse_control;
  test.heard(now);
  test.handshake.set(settings.handshake_rtt);
  return test.round_trip();
}

}  // namespace

ClientControl::ClientControl(const Settings& settings, const Streams& streams, TestState& shared,
                             MonoTime now)
    : settings_(settings),
      streams_(streams),
      shared_(shared),
      probe_every_(probe_every(settings)),
      probes_(settings.session, burst_wait(settings), now),
      preparation_(
          {settings.session, settings.handshake_rtt, settings.payload_fallback, settings.go_at},
          settings.params, probes_, shared),
      deadlines_(std::max(now, settings.go_at), note_handshake(settings, shared, now), now) {}

bool ClientControl::all_complete() const {
  return std::all_of(streams_.begin(), streams_.end(),
                     [](const auto& stream) { return stream->complete(); });
}

void ClientControl::on_probe_reply(const wire::ProbeReply& reply, const ControlMessage& message,
                                   ControlChannel& channel) {
  const Arrival& arrival = message.arrival;
  shared_.note_sessions(reply.sessions_max);
  shared_.note_peer_clock(mono_from_ns(reply.t3_ns), arrival.at);
  if (preparation_.on_reply(reply, message.bytes, channel.clock_now()) ||
      !probes_.on_reply(reply, arrival)) {
    return;
  }
  clock_.note(reply, channel.clock_anchor(), arrival.at);
  shared_.note_round_trip(probes_.last_rtt());
}

void ClientControl::on_message(const ControlMessage& message, ControlChannel& channel) {
  const MonoTime now = channel.clock_now();
  if (message.type == MessageType::probe_reply) {
    if (const auto reply = wire::decode<wire::ProbeReply>(message.inner)) {
      on_probe_reply(*reply, message, channel);
    }
  } else if (message.type == MessageType::go_ack && stage() == Stage::going) {
    go_backoff_.stop();
    if (!shared_.started.load()) {
      begin_data(now);
    }
    set_stage(Stage::running);
  } else if (message.type == MessageType::bye && stage() != Stage::ended) {
    if (const auto bye = wire::decode<wire::Bye>(message.inner)) {
      on_bye(*bye, channel, now);
    }
  }
}

void ClientControl::on_bye(const wire::Bye& bye, ControlChannel& channel, MonoTime now) {
  if (bye.reason == wire::ByeReason::done || server_bye_) {
    return;
  }
  server_bye_ = true;
  shared_.stop(TxEnd::peer_stopped);
  deadlines_.wind_up_soon(shared_.round_trip(), now);
  if (!shared_.started.load()) {
    finish(End::server_stopping, channel, now);
  }
}

MonoTime ClientControl::on_timer(ControlChannel& channel, MonoTime now) {
  if (stage() == Stage::ended) {
    return kNever;
  }
  note_interrupt(channel, now);
  if (stage() == Stage::ended) {
    return kNever;
  }
  deadlines_.turn(probe_every_, now);
  if (const auto end = trouble(now)) {
    finish(settled() ? end_ : *end, channel, now);
    return kNever;
  }
  switch (stage()) {
    case Stage::preparing:
      return prepare(channel, now);
    case Stage::clocks:
      return probe_after(channel, now);
    case Stage::leaving:
      return leave(channel, now);
    default:
      return watch(channel, now);
  }
}

void ClientControl::note_interrupt(ControlChannel& channel, MonoTime now) {
  if (!interrupt_.load() || interrupt_said_) {
    return;
  }
  interrupt_said_ = true;
  if (!shared_.started.load() || settled()) {
    finish(settled() ? end_ : End::interrupted, channel, now);
    return;
  }
  // Our senders end with a FIN; the server is asked to do the same with its
  // own.
  shared_.stop(TxEnd::interrupted);
  channel.send(wire::encode(MessageType::bye, settings_.session, 0,
                            wire::Bye{wire::ByeReason::interrupted}));
  deadlines_.wind_up(shared_.round_trip(), now);
}

void ClientControl::abandon() noexcept {
  if (!ended()) {
    end_ = End::out_of_memory;
    set_stage(Stage::ended);
    tell_root();
  }
}

std::optional<ClientControl::End> ClientControl::trouble(MonoTime now) const {
  constexpr Duration kGoPatience = 5s;
  if (shared_.out_of_memory.load(std::memory_order_relaxed)) {
    return End::out_of_memory;
  }
  const Duration round_trip = shared_.round_trip();
  if (shared_.gone(now)) {
    return End::server_gone;
  }
  if (deadlines_.silent(shared_.silence(now), round_trip, now)) {
    return End::server_silent;
  }
  if (now >= deadlines_.end()) {
    if (server_bye_ || interrupt_said_) {
      return server_bye_ ? End::server_stopping : End::interrupted;
    }
    return shared_.started.load() ? End::overdue : End::never_started;
  }
  if (stage() == Stage::going && now - going_since_ > kGoPatience + 2 * round_trip) {
    return End::never_started;
  }
  return std::nullopt;
}

MonoTime ClientControl::prepare(ControlChannel& channel, MonoTime now) {
  if (const auto next = preparation_.step(channel, now)) {
    return *next;
  }
  go(channel, now);
  return now;
}

void ClientControl::go(ControlChannel& channel, MonoTime now) {
  set_stage(Stage::going);
  going_since_ = now;
  probes_.rest(now + probe_every_);
  go_backoff_.start(now);
  say_go(channel);
  // Data rides behind GO: the server has been ready since ACCEPT. But not for
  // another size than granted, of which its other streams learn from GO.
  if (includes(params().direction, Way::up) && !preparation_.size_changed()) {
    begin_data(now);
  }
}

/// Padded where the server sends data: its check of offload is paid for with
/// that.
void ClientControl::say_go(ControlChannel& channel) const {
  constexpr std::size_t kPadded = wire::ReportChunk::kMaxBytes;  // reports cross the path, too
  wire::Go go;
  go.server_nonce = settings_.server_nonce;
  go.payload_bytes = params().payload_bytes;
  go.receive_buffer = channel.receive_buffer_bytes();
  if (const auto least = shared_.least_round_trip()) {
    go.round_trip_ns = static_cast<std::uint64_t>(least->count());
  }
  channel.send(wire::encode(MessageType::go, settings_.session, 0, go,
                            includes(params().direction, Way::down) ? kPadded : 0));
}

void ClientControl::begin_data(MonoTime now) {
  deadlines_.begin_data(params(), shared_.round_trip(), now);
  data_since_ = now;
  shared_.started.store(true, std::memory_order_release);
  for (const auto& stream : streams_) {
    stream->notify();
  }
  tell_root();
}

void ClientControl::tell_root() const {
  if (settings_.root != nullptr) {
    settings_.root->notify();
  }
}

void ClientControl::interrupt() {
  interrupt_.store(true);
  streams_.front()->notify();
}

MonoTime ClientControl::watch(ControlChannel& channel, MonoTime now) {
  if (stage() == Stage::going && go_backoff_.due(now)) {
    say_go(channel);
    go_backoff_.repeated(now);
  }
  const MonoTime next_probe = probes_.send_due(channel, probe_every_, now);
  leave_warm_up(now);
  if (shared_.started.load() && all_complete()) {
    return end_data(channel, now);
  }
  return std::min({next_probe, go_backoff_.next(), deadlines_.end()});
}

/// The server forgets the session with BYE, so that waits until it has this end's reports; but not
/// for a server that does not ask for them any more.
MonoTime ClientControl::may_leave_at(MonoTime now) const {
  constexpr Duration kStillAsks = 2s;
  MonoTime asked = data_until_;
  bool delivered = true;
  for (const auto& stream : streams_) {
    if (!stream->delivered()) {
      delivered = false;
      asked = std::max(asked, stream->asked_at());
    }
  }
  return delivered ? now
                   : std::min(asked + kStillAsks + 2 * shared_.round_trip(), deadlines_.end());
}

MonoTime ClientControl::leave(ControlChannel& channel, MonoTime now) {
  set_stage(Stage::leaving);
  const MonoTime at = may_leave_at(now);
  if (now < at) {
    return at;
  }
  finish(end_, channel, now);
  return kNever;
}

/// Every stream is done: how the test ended is settled.
MonoTime ClientControl::end_data(ControlChannel& channel, MonoTime now) {
  probes_.take_loaded(now);
  data_until_ = now;
  end_ = interrupt_said_ ? End::interrupted : End::complete;
  end_ = server_bye_ ? End::server_stopping : end_;
  if (clock_worth_another_look(now)) {
    set_stage(Stage::clocks);
    probes_.begin_burst(now);
    return now;
  }
  return leave(channel, now);
}

/// Round trips under the load of the warm-up are not the test's.
void ClientControl::leave_warm_up(MonoTime now) {
  const Duration omit = params().omit;
  if (omit > Duration{0} && !warmed_up_ && shared_.started.load() && now - data_since_ >= omit) {
    warmed_up_ = true;
    probes_.discard(now);
  }
}

bool ClientControl::clock_worth_another_look(MonoTime now) const {
  // In a second, clocks drift by less than a round trip tells.
  return !settings_.same_host && !interrupt_said_ && !server_bye_ && now - data_since_ >= 1s;
}

/// The clocks are compared once more on the idle path, so that what lies
/// between is pinned from both sides.
MonoTime ClientControl::probe_after(ControlChannel& channel, MonoTime now) {
  if (const auto next = probes_.burst(channel, now)) {
    return *next;
  }
  return leave(channel, now);
}

void ClientControl::finish(End end, ControlChannel& channel, MonoTime now) {
  constexpr int kByes = 3;
  end_ = end;
  if (end != End::complete) {
    shared_.stop(end == End::interrupted ? TxEnd::interrupted : TxEnd::peer_silent);
  }
  const auto reason = end == End::complete ? wire::ByeReason::done : wire::ByeReason::failed;
  for (int i = 0; i < kByes; ++i) {
    channel.send(wire::encode(MessageType::bye, settings_.session, 0, wire::Bye{reason}));
  }
  probes_.take_loaded(now);
  set_stage(Stage::ended);
  tell_root();
}

}  // namespace udperf::engine
