// How ServerSessions decides about who asks for a session or brings a stream to one.

#include <algorithm>
#include <utility>

#include "engine/host_fingerprint.hpp"
#include "engine/port_options.hpp"
#include "engine/server_sessions.hpp"
#include "engine/socket_warnings.hpp"
#include "sender/sender.hpp"
#include "session/light.hpp"

namespace udperf::engine {
namespace {

using session::HandshakeResponder;
using wire::MessageType;

/// What a stream takes from its beginning on, whatever is sent: its statistics, its buffers.
std::uint64_t stream_bytes(const TestParams& params, bool light) {
  constexpr std::uint64_t kLight = 64U << 10U;
  if (light) {
    return kLight;
  }
  constexpr std::uint64_t kAlways = 16U << 10U;
  constexpr std::uint64_t kReceiving = 48U << 10U;
  constexpr std::uint64_t kSending = 80U << 10U;
  // A mix has the order of its lengths in each of the places that ask for it, and buffers of its
  // own for each length.
  constexpr std::uint64_t kOrder = 60U << 10U;
  constexpr std::uint64_t kBuffers = std::uint64_t{sender::Sender::kMixedBatch} * kMostSizes;
  const std::uint64_t mixed_up = params.shape_up.drawn() ? kOrder : 0;
  const std::uint64_t mixed_down =
      params.shape_down.drawn() ? kOrder + kBuffers * params.payload_bytes : 0;
  return kAlways + (includes(params.direction, Way::up) ? kReceiving + mixed_up : 0) +
         (includes(params.direction, Way::down) ? kSending + mixed_down : 0);
}

constexpr const char* kNoMemory = "no memory is left for another stream";
constexpr const char* kNoSocket = "the system has no socket for another stream";
constexpr const char* kTooQuick = "too many sessions have begun within the last seconds";

/// No room, of whatever it is: for who may come again. Why is for this server's own record.
wire::Reject no_room() {
  constexpr std::uint32_t kRetryMs = 5000;
  wire::Reject reject;
  reject.reason = wire::RejectReason::busy;
  reject.retry_after_ms = kRetryMs;
  return reject;
}

}  // namespace

void ServerSessions::refuse(const net::Datagram& datagram, const wire::Nonce& nonce,
                            session::Sealer sealer, const wire::Reject& reject,
                            const std::optional<std::string>& why) {
  ++counters_.refused;
  listener_.send(net::Datagram{HandshakeResponder::refusal(nonce, sealer, reject), datagram.peer,
                               datagram.local});
  observer_.on_refused(datagram.peer,
                       {session::kind_name(reject.reason), why ? *why : session::describe(reject)});
}

void ServerSessions::drop_predecessor(const Endpoint& client) {
  // The same address and port with a new nonce: the client was started again.
  const auto id = slots_.session_of(client);
  if (!id) {
    return;
  }
  Session& session = *sessions_.find(*id)->second;
  slots_.walked(1);
  if (session.active()) {
    session.replaced = true;
    session.shared.quit.store(true, std::memory_order_release);
    session.control->notify_streams();
  }
  note_over(session);
  clear_slots();
}

/// Whether this server was for one session, and that has ended.
bool ServerSessions::has_served_its_one() const {
  const auto ended = [](const auto& entry) {
    return !entry.second->replaced && entry.second->control->ended();
  };
  return options_.one_off && (finished() > 0 || (fallback_ != nullptr && fallback_->has_served()) ||
                              std::any_of(sessions_.begin(), sessions_.end(), ended));
}

void ServerSessions::open_session(const HandshakeResponder::Admission& admission,
                                  const net::Datagram& datagram, MonoTime now) {
  const wire::Nonce& nonce = admission.request.nonce;
  if (used_nonces_.holds(nonce, now)) {
    // Said twice before the session had a socket (its own will answer the next one), or replayed.
    return;
  }
  clear_slots();
  drop_predecessor(datagram.peer);
  if (shutting_down_ || has_served_its_one()) {
    wire::Reject reject;
    reject.reason = wire::RejectReason::shutting_down;
    refuse(datagram, nonce, admission.sealer, reject);
    return;
  }
  const auto granted = session::admit(
      admission.request.params, policy(),
      occupancy_with(site_.neighbours, counted_to(admission.request.params, datagram), now));
  if (const auto* reject = std::get_if<wire::Reject>(&granted)) {
    refuse(datagram, nonce, admission.sealer, *reject);
    return;
  }
  const bool room = site_.memory.sources_for(is_light(admission.request.params)) != nullptr;
  if (!room) {
    ++counters_.out_of_memory;
  }
  if (!room || used_nonces_.full(now)) {
    refuse(datagram, nonce, admission.sealer, no_room(), room ? kTooQuick : kNoMemory);
    return;
  }
  auto session = make_session(admission.request, std::get<TestParams>(granted), datagram, now);
  if (const auto why = open_stream(*session, 0, admission.sealer, datagram)) {
    refuse(datagram, nonce, admission.sealer, no_room(), why);
    return;
  }
  used_nonces_.add(nonce, now);
  begin_session(std::move(session));
}

/// It is in the books from here on, whatever comes of it.
void ServerSessions::begin_session(std::unique_ptr<Session> session) {
  ++counters_.sessions;
  counters_.light_sessions += session->light() ? 1U : 0U;
  observer_.on_session_opened(session->id, session->client, session->params);
  Session& opened = *session;
  sessions_.emplace(opened.id, std::move(session));
  StreamEndpoint& stream = *opened.streams.front();
  try {
    slots_.take(opened.slot, opened.id, opened.params, opened.shared);
    // The books are open before the client learns that it may send.
    opened.control->greet(stream.channel());
  } catch (const std::bad_alloc&) {
    abandon(opened, stream);
    throw;
  }
  launch(opened, stream);
}

std::unique_ptr<ServerSessions::Session> ServerSessions::make_session(const wire::Request& request,
                                                                      const TestParams& granted,
                                                                      const net::Datagram& datagram,
                                                                      MonoTime now) {
  const bool light = is_light(request.params);
  auto session = std::make_unique<Session>(*site_.memory.sources_for(light), datagram.peer,
                                           counted_to(request.params, datagram), light, control_);
  do {
    session->id = random_.next_u64();
  } while (session->id == 0 || sessions_.count(session->id) != 0);
  session->local = datagram.local;
  session->opened = clock_.unix_now();
  session->opened_mono = now;
  session->params = granted;
  SendRate& down = session->params.rate_down;
  down.flood = !down.limited() && (request.capabilities & wire::kCapFlood) != 0;
  session->shared.agreed.peer_tells_queue = (request.capabilities & wire::kCapQueue) != 0;
  session->joined.resize(granted.streams, false);
  random_.fill(session->server_nonce);
  random_.fill(session->token_key);

  const bool sparse_control = light && (request.capabilities & wire::kCapLight) != 0;
  ServerControl::Settings settings;
  settings.session = session->id;
  settings.client_nonce = request.nonce;
  settings.server_nonce = session->server_nonce;
  settings.params = session->params;
  settings.max_duration = options_.max_duration;
  settings.watched = options_.max_rate ? &session->budget : nullptr;
  settings.secret = session->token_key;
  settings.accept = acceptance(request, *session, sparse_control);
  settings.light = light;
  settings.sparse_control = sparse_control;
  settings.on_ended = [this, opened = session.get()] { note_over(*opened); };
  session->control = std::make_unique<ServerControl>(settings, session->shared, now);
  return session;
}

/// What the client of a new session is told. `sparse_control`: as to a light test.
wire::Accept ServerSessions::acceptance(const wire::Request& request, const Session& session,
                                        bool sparse_control) const {
  wire::Accept accept;
  accept.nonce = request.nonce;
  accept.server_nonce = session.server_nonce;
  accept.params = session.params;
  accept.client = session.client;
  accept.host = host_fingerprint();
  accept.capabilities = wire::kCapsOfBothEnds | (sparse_control ? wire::kCapLight : 0U);
  accept.concurrent = static_cast<std::uint32_t>(slots_.full()) + 1;
  accept.instance = instance_;
  return accept;
}

std::unique_ptr<net::DatagramPort> ServerSessions::open_port(const Session& session,
                                                             const net::Datagram& datagram) {
  net::PortOptions options = port_options(session.params);
  options.bind = datagram.local.address;
  options.local_port = datagram.local.port;
  options.device = options_.bind_device;
  options.remote = datagram.peer;
  options.buffer_bytes = options_.buffer.value_or(kDefaultBuffer);
  options.share_port = true;
  std::vector<net::Datagram> strays;
  auto port = listener_.open_session(options, strays);
  for (net::Datagram& stray : strays) {
    take_in(std::move(stray));
  }
  if (!port) {
    observer_.on_warning(Warning{"session_socket", port.error().message()});
    return nullptr;
  }
  if (auto warning =
          buffer_warning(options.buffer_bytes, (*port)->receive_buffer_bytes(), "rmem_max");
      warning && !std::exchange(warned_of_buffer_, true)) {
    observer_.on_warning(*warning);
  }
  return *std::move(port);
}

/// Why there is no room for it; nothing when it has worked: the stream is not launched yet.
std::optional<std::string> ServerSessions::open_stream(Session& session, std::uint8_t stream,
                                                       const session::Sealer& sealer,
                                                       const net::Datagram& datagram) {
  const std::uint64_t fixed = stream_bytes(session.params, session.light());
  if (!session.fixed.grow(fixed)) {
    ++counters_.out_of_memory;
    return kNoMemory;
  }
  auto port = open_port(session, datagram);
  if (!port) {
    session.fixed.shrink(fixed);
    return kNoSocket;
  }
  StreamEndpoint::Settings settings;
  settings.role = session::Role::server;
  settings.session = session.id;
  settings.stream = stream;
  settings.params = session.params;
  settings.sealer = sealer;
  settings.token_key = session.token_key;
  settings.payload_seed = random_.next_u64();
  settings.memory = &session.memory;
  settings.budget = &session.budget;
  settings.light =
      session.light() || (counts_light_apart() && session::has_light_streams(session.params));
  settings.sparse_control = session.control->sparse_control();
  settings.control_stream = stream == 0 ? nullptr : session.streams.front().get();
  settings.senders = &site_.executor;
  settings.on_stray = [this](net::Datagram stray) { take_in(std::move(stray)); };
  auto endpoint =
      std::make_unique<StreamEndpoint>(settings, std::move(port), clock_, session.shared,
                                       stream == 0 ? session.control.get() : nullptr);
  // Where memory is out, the session does not have what never runs: it would never be over.
  session.streams.reserve(session.params.streams);
  session.control->add_stream(endpoint.get());
  session.streams.push_back(std::move(endpoint));
  credit_handshake(session, datagram);
  session.joined[stream] = true;
  return std::nullopt;
}

/// Two messages of one size have come from there, HELLO and this one, and CHALLENGE has gone.
void ServerSessions::credit_handshake(Session& session, const net::Datagram& datagram) {
  constexpr std::uint64_t kChallengeBytes = 71;
  const std::uint64_t trailer =
      datagram.length() - std::min<std::uint64_t>(datagram.length(), wire::kPaddedRequestBytes);
  session.budget.received(2 * datagram.length());
  session.budget.sent(kChallengeBytes + trailer);
}

/// Gives the stream to a thread. Where there is no memory even for that, the session is over.
void ServerSessions::launch(Session& session, StreamEndpoint& stream) {
  try {
    site_.executor.add(stream);
  } catch (const std::bad_alloc&) {
    abandon(session, stream);
    throw;
  }
}

void ServerSessions::abandon(Session& session, StreamEndpoint& stream) {
  stream.release();
  stream.abandon();
  session.control->abandon();
}

void ServerSessions::join(const HandshakeResponder::Joining& joining, const net::Datagram& datagram,
                          MonoTime now) {
  const auto found = sessions_.find(joining.session);
  if (found == sessions_.end() || !found->second->active() || found->second->control->running()) {
    ++counters_.unknown_session;
    return;
  }
  Session& session = *found->second;
  const bool good = joining.stream < session.params.streams && !session.joined[joining.stream] &&
                    joining.join.server_nonce == session.server_nonce &&
                    datagram.peer.address == session.client.address &&
                    !session.has_stream_of(datagram.peer);
  if (!good) {
    ++counters_.unknown_session;
    return;
  }
  session.shared.heard(now);
  if (const auto why = open_stream(session, joining.stream, joining.sealer, datagram)) {
    refuse(datagram, joining.join.nonce, joining.sealer, no_room(), why);
    return;
  }
  StreamEndpoint& stream = *session.streams.back();
  try {
    stream.send(wire::encode(MessageType::join_ack, session.id, joining.stream, wire::Empty{}));
  } catch (const std::bad_alloc&) {
    abandon(session, stream);
    throw;
  }
  launch(session, stream);
}

}  // namespace udperf::engine
