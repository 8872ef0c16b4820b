#include "engine/server_sessions.hpp"

#include <algorithm>
#include <span>
#include <utility>
#include <variant>

#include "engine/client_connect.hpp"

namespace udperf::engine {
namespace {

using session::FrontDoor;
using wire::MessageType;

std::optional<crypto::Key> to_key(const std::optional<std::string>& text) {
  if (!text) {
    return std::nullopt;
  }
  crypto::Key key{};
  std::transform(text->begin(),
                 text->begin() + static_cast<std::ptrdiff_t>(std::min(text->size(), key.size())),
                 key.begin(), [](char c) { return static_cast<std::byte>(c); });
  return key;
}

FrontDoor::Settings door_settings(const ServerOptions& options) {
  return FrontDoor::Settings{to_key(options.key), options.allow, options.deny};
}

session::ClassicDoor::Settings classic_settings(const ServerOptions& options) {
  session::ClassicDoor::Settings settings;
  settings.allow = options.allow;
  settings.deny = options.deny;
  const bool one = options.exclusive || options.one_off;
  settings.most_runs = one ? 1 : options.max_sessions;
  settings.most_runs_per_address = options.max_sessions_per_address;
  settings.max_duration = options.max_duration;
  return settings;
}

net::PortOptions::Offload offload(OffloadMode mode) {
  return mode == OffloadMode::off ? net::PortOptions::Offload::off
                                  : net::PortOptions::Offload::automatic;
}

}  // namespace

ServerSessions::ServerSessions(const ServerOptions& options, net::ListenPort& listener,
                               const Clock& clock, RandomSource& random, ServerObserver& observer,
                               Executor& executor)
    : options_(options),
      listener_(listener),
      clock_(clock),
      random_(random),
      observer_(observer),
      executor_(executor),
      door_(door_settings(options), random, clock.now()) {
  if (options.classic) {
    classic_.emplace(classic_settings(options), clock.now());
  }
}

ServerSessions::~ServerSessions() = default;

MonoTime ServerSessions::step(MonoTime now) {
  event_.take();
  std::vector<net::Letter> strays;
  {
    const std::lock_guard lock{strays_mutex_};
    strays.swap(strays_);
  }
  for (const net::Letter& letter : strays) {
    on_letter(letter, now);
  }
  const auto letters = listener_.receive();
  // Classic data is timed by when it was read: after the wait that `now` was before.
  const MonoTime read_at = classic_ ? clock_.now() : now;
  for (const net::Letter& letter : letters) {
    on_letter(letter, read_at);
  }
  bury_ended();
  const MonoTime classic_next = step_classic(read_at);
  if (!letters.empty()) {
    return now;
  }
  // An ended session's tasks are released a moment after it has said so.
  constexpr Duration kSoon = std::chrono::milliseconds{2};
  const bool dying = std::any_of(sessions_.begin(), sessions_.end(),
                                 [](const auto& entry) { return !entry.second->active(); });
  return std::min(classic_next, dying ? now + kSoon : kNever);
}

MonoTime ServerSessions::step_classic(MonoTime now) {
  if (!classic_) {
    return kNever;
  }
  const MonoTime next = classic_->expire(now, clock_.unix_now());
  for (const ClassicOutcome& outcome : classic_->take_finished()) {
    observer_.on_classic_closed(outcome);
  }
  const auto& counted = classic_->counters();
  counters_.classic_runs = counted.runs;
  counters_.classic_refused = counted.refused;
  counters_.classic_answers = counted.answers;
  counters_.classic_withheld = counted.withheld;
  counters_.classic_stragglers = counted.stragglers;
  return next;
}

bool ServerSessions::on_classic(const net::Letter& letter, bool native, MonoTime now) {
  if (!classic_ || (native && !classic_->knows(letter.peer, letter.local))) {
    return false;
  }
  session::ClassicDoor::Arrival arrival;
  arrival.bytes = letter.bytes;
  arrival.length = letter.length();
  arrival.from = letter.peer;
  arrival.to = letter.local;
  arrival.native = native;
  arrival.may_begin = !(options_.exclusive || options_.one_off) || sessions_.empty();
  auto answer = classic_->on_datagram(arrival, now, clock_.unix_now());
  if (answer) {
    const auto text = std::as_bytes(std::span{*answer});
    listener_.send(net::Letter{{text.begin(), text.end()}, letter.peer, letter.local});
  }
  return true;
}

void ServerSessions::on_letter(const net::Letter& letter, MonoTime now) {
  const auto header = wire::decode_common(letter.bytes);
  if (header && header->type == MessageType::hello) {
    ++counters_.hellos;
  }
  auto decision = door_.on_datagram(letter.bytes, letter.peer, letter.local, now);
  if (const auto* drop = std::get_if<FrontDoor::Drop>(&decision)) {
    if (!on_classic(letter, header.has_value(), now)) {
      count_drop(*drop);
    }
  } else if (auto* reply = std::get_if<FrontDoor::Reply>(&decision)) {
    ++(reply->refusal ? counters_.refused : counters_.challenges);
    listener_.send(net::Letter{std::move(reply->bytes), letter.peer, letter.local});
  } else if (auto* admission = std::get_if<FrontDoor::Admission>(&decision)) {
    open_session(*admission, letter, now);
  } else if (auto* joining = std::get_if<FrontDoor::Joining>(&decision)) {
    join(*joining, letter, now);
  }
}

void ServerSessions::count_drop(FrontDoor::Drop drop) {
  switch (drop) {
    case FrontDoor::Drop::malformed:
      ++counters_.malformed;
      break;
    case FrontDoor::Drop::bad_cookie:
      ++counters_.bad_cookies;
      break;
    case FrontDoor::Drop::expired_cookie:
      ++counters_.expired_cookies;
      break;
    case FrontDoor::Drop::denied:
      ++counters_.denied;
      break;
    case FrontDoor::Drop::unauthenticated:
      ++counters_.unauthenticated;
      break;
    case FrontDoor::Drop::rate_limited:
      ++counters_.rate_limited;
      break;
    case FrontDoor::Drop::unknown_session:
      ++counters_.unknown_session;
      break;
  }
}

session::Occupancy ServerSessions::occupancy(const IpAddress& client, MonoTime now) const {
  session::Occupancy out;
  Duration soonest = Duration::max();
  for (const auto& [id, session] : sessions_) {
    if (!session->active()) {
      continue;
    }
    ++out.sessions;
    out.sessions_of_address += session->client.address == client ? 1U : 0U;
    out.granted_bps += session::offered_bps(session->params);
    for (const Way way : {Way::up, Way::down}) {
      if (const auto expected = expected_duration(session->params, way);
          expected && includes(session->params.direction, way)) {
        soonest = std::min(soonest, std::max(session->opened_mono + *expected - now, Duration{0}));
      }
    }
  }
  if (classic_ && (options_.exclusive || options_.one_off)) {
    out.sessions += static_cast<std::uint32_t>(classic_->active());  // nothing runs beside it
  }
  if (soonest != Duration::max()) {
    constexpr std::int64_t kMostMs = 3'600'000;
    out.soonest_end_ms = static_cast<std::uint32_t>(
        std::clamp<std::int64_t>(soonest / std::chrono::milliseconds{1} + 500, 1, kMostMs));
  }
  return out;
}

void ServerSessions::refuse(const net::Letter& letter, const FrontDoor::Admission& admission,
                            const wire::Reject& reject) {
  ++counters_.refused;
  session::Sealer sealer = admission.sealer;
  listener_.send(net::Letter{FrontDoor::refusal(admission.request.nonce, sealer, reject),
                             letter.peer, letter.local});
  observer_.on_refused(letter.peer, session::describe(reject));
}

void ServerSessions::drop_predecessor(const Endpoint& client) {
  // The same address and port with a new nonce: the client was started again.
  for (const auto& [id, session] : sessions_) {
    if (session->client == client && session->active()) {
      session->replaced = true;
      session->shared.quit.store(true, std::memory_order_release);
      executor_.wake();
    }
  }
}

bool ServerSessions::used_before(const wire::Nonce& nonce, MonoTime now) {
  while (!used_nonces_.empty() &&
         now - used_nonces_.front().first > session::CookieJar::kLifetime) {
    used_nonces_.pop_front();
  }
  return std::any_of(used_nonces_.begin(), used_nonces_.end(),
                     [&nonce](const auto& used) { return used.second == nonce; });
}

void ServerSessions::open_session(const FrontDoor::Admission& admission, const net::Letter& letter,
                                  MonoTime now) {
  if (used_before(admission.request.nonce, now)) {
    // Said twice before the session had a socket (its own will answer the next one), or replayed.
    return;
  }
  drop_predecessor(letter.peer);
  if (shutting_down_) {
    wire::Reject reject;
    reject.reason = wire::RejectReason::shutting_down;
    refuse(letter, admission, reject);
    return;
  }
  const session::Policy policy{options_.max_sessions, options_.max_sessions_per_address,
                               options_.exclusive || options_.one_off, options_.max_rate,
                               options_.max_duration};
  const auto granted =
      session::admit(admission.request.params, policy, occupancy(letter.peer.address, now));
  if (const auto* reject = std::get_if<wire::Reject>(&granted)) {
    refuse(letter, admission, *reject);
    return;
  }
  auto session = make_session(admission.request, std::get<TestParams>(granted), letter, now);
  if (!add_lane(*session, 0, admission.sealer, letter, now)) {
    return;
  }
  ++counters_.sessions;
  used_nonces_.emplace_back(now, admission.request.nonce);
  observer_.on_session_opened(session->id, session->client, session->params);
  Session& opened = *session;
  sessions_.emplace(opened.id, std::move(session));
  note_concurrency();
}

std::unique_ptr<ServerSessions::Session> ServerSessions::make_session(const wire::Request& request,
                                                                      const TestParams& granted,
                                                                      const net::Letter& letter,
                                                                      MonoTime now) {
  auto session = std::make_unique<Session>();
  do {
    session->id = random_.next_u64();
  } while (session->id == 0 || sessions_.count(session->id) != 0);
  session->client = letter.peer;
  session->local = letter.local;
  session->opened = clock_.unix_now();
  session->opened_mono = now;
  session->params = granted;
  session->joined.resize(granted.streams, false);
  random_.fill(session->server_nonce);
  random_.fill(session->token_key);

  wire::Accept accept;
  accept.nonce = request.nonce;
  accept.server_nonce = session->server_nonce;
  accept.params = granted;
  accept.client = letter.peer;
  accept.host = host_fingerprint();
  accept.capabilities = wire::kCapStreams | wire::kCapDown;
  accept.concurrent = occupancy(letter.peer.address, now).sessions + 1;

  ServerConversation::Settings settings;
  settings.session = session->id;
  settings.client_nonce = request.nonce;
  settings.server_nonce = session->server_nonce;
  settings.params = granted;
  settings.max_duration = options_.max_duration;
  settings.accept = wire::encode(MessageType::accept, session->id, 0, accept);
  session->conversation = std::make_unique<ServerConversation>(settings, session->shared, now);
  session->conversation->on_started = [this] { executor_.wake(); };
  session->conversation->on_ended = [this] {
    executor_.wake();
    event_.raise();
  };
  return session;
}

bool ServerSessions::add_lane(Session& session, std::uint8_t stream, const session::Sealer& sealer,
                              const net::Letter& letter, MonoTime now) {
  net::PortOptions options;
  options.bind = letter.local.address;
  options.local_port = letter.local.port;
  options.remote = letter.peer;
  options.buffer_bytes = options_.buffer.value_or(kDefaultBuffer);
  options.share_port = true;
  options.gso = offload(session.params.gso);
  options.gro = offload(session.params.gro);
  options.tos = static_cast<std::uint8_t>((session.params.dscp << 2U) | session.params.ecn);
  options.dont_fragment = session.params.df == DontFragment::on;
  std::vector<net::Letter> strays;
  auto port = listener_.open_session(options, strays);
  for (const net::Letter& stray : strays) {
    const std::lock_guard lock{strays_mutex_};
    strays_.push_back(stray);
    event_.raise();
  }
  if (!port) {
    observer_.on_warning(Warning{"session_socket", port.error().message()});
    return false;
  }
  if (auto warning =
          buffer_warning(options.buffer_bytes, (*port)->receive_buffer_bytes(), "rmem_max");
      warning && !std::exchange(warned_of_buffer_, true)) {
    observer_.on_warning(*warning);
  }
  Lane::Settings settings;
  settings.role = session::Role::server;
  settings.session = session.id;
  settings.stream = stream;
  settings.params = session.params;
  settings.sealer = sealer;
  settings.token_key = session.token_key;
  settings.payload_seed = random_.next_u64();
  auto lane = std::make_unique<Lane>(settings, *std::move(port), clock_, session.shared,
                                     stream == 0 ? session.conversation.get() : nullptr);
  lane->launch = [this](Task& task) { executor_.add(task); };
  lane->on_stray = [this](net::Letter stray) {
    const std::lock_guard lock{strays_mutex_};
    strays_.push_back(std::move(stray));
    event_.raise();
  };
  session.conversation->add_lane(lane.get());
  session.joined[stream] = true;
  // The books are open before the client learns that it may send.
  if (stream == 0) {
    session.conversation->greet(*lane);
  } else {
    lane->send(wire::encode(MessageType::join_ack, session.id, stream, wire::Empty{}));
  }
  static_cast<void>(now);
  session.lanes.push_back(std::move(lane));
  executor_.add(*session.lanes.back());
  return true;
}

void ServerSessions::join(const FrontDoor::Joining& joining, const net::Letter& letter,
                          MonoTime now) {
  const auto found = sessions_.find(joining.session);
  if (found == sessions_.end() || !found->second->active() ||
      found->second->conversation->running()) {
    ++counters_.unknown_session;
    return;
  }
  Session& session = *found->second;
  const bool good = joining.stream < session.params.streams && !session.joined[joining.stream] &&
                    joining.join.server_nonce == session.server_nonce &&
                    letter.peer.address == session.client.address;
  if (!good) {
    ++counters_.unknown_session;
    return;
  }
  session.shared.heard(now);
  add_lane(session, joining.stream, joining.sealer, letter, now);
}

void ServerSessions::note_concurrency() {
  std::uint32_t active = 0;
  for (const auto& [id, session] : sessions_) {
    active += session->active() ? 1U : 0U;
  }
  for (const auto& [id, session] : sessions_) {
    session->shared.note_sessions(active);
  }
}

void ServerSessions::bury_ended() {
  for (auto it = sessions_.begin(); it != sessions_.end();) {
    Session& session = *it->second;
    const bool idle = std::all_of(session.lanes.begin(), session.lanes.end(),
                                  [](const auto& lane) { return lane->idle(); });
    if (!idle) {
      ++it;
      continue;
    }
    observer_.on_session_closed(outcome_of(session));
    ++finished_;
    it = sessions_.erase(it);
  }
}

SessionOutcome ServerSessions::outcome_of(Session& session) {
  SessionOutcome out;
  out.session = session.id;
  out.client = session.client;
  out.server = session.local;
  out.opened = session.opened;
  out.closed = clock_.unix_now();
  out.params = session.params;
  if (const std::uint32_t agreed = session.shared.payload_bytes.load(); agreed != 0) {
    out.params.payload_bytes = agreed;
  }
  out.concurrent_sessions_max = session.shared.sessions_max.load();
  const bool ended = session.conversation->ended();
  out.status = ended ? session.conversation->status() : TestStatus::incomplete;
  out.reason = ended ? session.conversation->reason() : "the client started again";
  if (!session.conversation->running()) {
    return out;
  }
  std::sort(session.lanes.begin(), session.lanes.end(),
            [](const auto& a, const auto& b) { return a->stream() < b->stream(); });
  for (const Way way : {Way::up, Way::down}) {
    if (!includes(session.params.direction, way)) {
      continue;
    }
    WayOutcome& result = (way == Way::up ? out.up : out.down).emplace();
    for (const auto& lane : session.lanes) {
      result.streams.push_back(lane->send_way() == way ? lane->sent_outcome()
                                                       : lane->received_outcome());
    }
  }
  return out;
}

void ServerSessions::shut_down() {
  shutting_down_ = true;
  for (const auto& [id, session] : sessions_) {
    session->conversation->shut_down();
  }
  if (classic_) {
    classic_->shut_down(clock_.unix_now());
  }
  executor_.wake();
}

}  // namespace udperf::engine
