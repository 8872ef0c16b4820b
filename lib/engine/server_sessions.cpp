#include "engine/server_sessions.hpp"

#include <algorithm>
#include <new>
#include <span>
#include <utility>
#include <variant>

#include "wire/compact_header.hpp"

namespace udperf::engine {
namespace {

using session::HandshakeResponder;
using wire::MessageType;

HandshakeResponder::Settings responder_settings(const ServerOptions& options) {
  return HandshakeResponder::Settings{options.key, options.allow, options.deny};
}

}  // namespace

ServerSessions::ServerSessions(const ServerOptions& options, const ServiceSite& site,
                               const Clock& clock, RandomSource& random, ServerObserver& observer,
                               FallbackProtocol* fallback)
    : options_(options),
      site_(site),
      listener_(*site.port),
      clock_(clock),
      random_(random),
      observer_(observer),
      responder_(responder_settings(options), random, clock.now()),
      fallback_(fallback),
      instance_(random.next_u64() | 1U) {}

ServerSessions::~ServerSessions() = default;

void ServerSessions::add_fds(std::vector<int>& fds) const {
  fds.push_back(listener_.fd());
  fds.push_back(event_.fd());
}

MonoTime ServerSessions::step(MonoTime now) {
  event_.take();
  reap_ended();  // first: where memory has run out, it comes from here
  std::vector<net::Datagram> strays;
  {
    const std::lock_guard lock{strays_.mutex};
    strays.swap(strays_.datagrams);
    counters_.out_of_memory += std::exchange(strays_.dropped, 0);
  }
  for (const net::Datagram& datagram : strays) {
    on_datagram(datagram, now);
  }
  const auto datagrams = listener_.receive();
  // The other protocol's data is timed by when it was read: after the wait that `now` was before.
  const MonoTime read_at = fallback_ != nullptr ? clock_.now() : now;
  for (const net::Datagram& datagram : datagrams) {
    on_datagram(datagram, read_at);
  }
  if (!datagrams.empty()) {
    return now;
  }
  // An ended session's tasks are released a moment after it has said so.
  constexpr Duration kSoon = std::chrono::milliseconds{2};
  const bool waiting = over_.waiting != nullptr || over_.told.load() != nullptr;
  return waiting ? now + kSoon : kNever;
}

void ServerSessions::on_datagram(const net::Datagram& datagram, MonoTime now) {
  try {
    decide_on(datagram, now);
  } catch (const std::bad_alloc&) {
    ++counters_.out_of_memory;  // as if it had been lost on the way
  }
}

void ServerSessions::decide_on(const net::Datagram& datagram, MonoTime now) {
  const auto header = wire::decode_common(datagram.bytes);
  if (header && header->type == MessageType::hello) {
    ++counters_.hellos;
  }
  auto decision = responder_.on_datagram(datagram.bytes, datagram.peer, datagram.local, now);
  if (const auto* drop = std::get_if<HandshakeResponder::Drop>(&decision)) {
    // DATA of a session that has just ended, or of one before a restart, begins nothing either.
    const bool native = header || wire::decode_compact(datagram.bytes);
    if (fallback_ == nullptr || !fallback_->on_datagram(datagram, native, now)) {
      count_drop(*drop);
    }
  } else if (auto* reply = std::get_if<HandshakeResponder::Reply>(&decision)) {
    ++(reply->refusal ? counters_.refused : counters_.challenges);
    listener_.send(net::Datagram{std::move(reply->bytes), datagram.peer, datagram.local});
  } else if (auto* admission = std::get_if<HandshakeResponder::Admission>(&decision)) {
    open_session(*admission, datagram, now);
  } else if (auto* joining = std::get_if<HandshakeResponder::Joining>(&decision)) {
    join(*joining, datagram, now);
  }
}

/// A handshake that came to a session's socket, from any thread. Nobody waits for more than a
/// moment's worth of them: they are said again.
void ServerSessions::take_in(net::Datagram datagram) {
  constexpr std::size_t kMost = 256;
  constexpr std::size_t kLongest = 2048;  // no handshake is longer
  const std::lock_guard lock{strays_.mutex};
  if (strays_.datagrams.size() >= kMost || datagram.bytes.size() > kLongest) {
    ++strays_.dropped;
    return;
  }
  strays_.datagrams.push_back(std::move(datagram));
  if (strays_.datagrams.size() == 1) {
    event_.raise();  // who comes for the first takes the others along
  }
}

void ServerSessions::count_drop(HandshakeResponder::Drop drop) {
  switch (drop) {
    case HandshakeResponder::Drop::malformed:
      ++counters_.malformed;
      break;
    case HandshakeResponder::Drop::bad_cookie:
      ++counters_.bad_cookies;
      break;
    case HandshakeResponder::Drop::expired_cookie:
      ++counters_.expired_cookies;
      break;
    case HandshakeResponder::Drop::denied:
      ++counters_.denied;
      break;
    case HandshakeResponder::Drop::unauthenticated:
      ++counters_.unauthenticated;
      break;
    case HandshakeResponder::Drop::rate_limited:
      ++counters_.rate_limited;
      break;
    case HandshakeResponder::Drop::unknown_session:
      ++counters_.unknown_session;
      break;
  }
}

/// From any thread.
void ServerSessions::note_over(Session& session) noexcept {
  if (session.over.exchange(true)) {
    return;
  }
  session.next_over = over_.told.load(std::memory_order_relaxed);
  while (!over_.told.compare_exchange_weak(session.next_over, &session, std::memory_order_release,
                                           std::memory_order_relaxed)) {
  }
  event_.raise();
}

/// Who is over has no slot any more, though it is kept a moment longer.
void ServerSessions::clear_slots() {
  Session* next = over_.told.exchange(nullptr, std::memory_order_acquire);
  while (next != nullptr) {
    Session& session = *next;
    next = session.next_over;
    slots_.give_back(session.slot);
    keep_rate(session, clock_.now());
    slots_.walked(1);
    session.next_over = over_.waiting;
    over_.waiting = &session;
  }
}

void ServerSessions::reap_ended() {
  clear_slots();
  if (shutting_down_) {
    // Those, too, whose threads have ended before they themselves have.
    for (const auto& [id, session] : sessions_) {
      if (session->idle()) {
        note_over(*session);
      }
    }
    clear_slots();
  }
  Session* waiting = std::exchange(over_.waiting, nullptr);
  while (waiting != nullptr) {
    Session& session = *waiting;
    waiting = session.next_over;
    slots_.walked(1);
    if (!session.idle()) {
      session.next_over = std::exchange(over_.waiting, &session);
      continue;
    }
    try {
      reap(session);
    } catch (...) {
      // Who could not be reaped now is, a moment later.
      while (waiting != nullptr) {
        Session& other = *waiting;
        waiting = other.next_over;
        other.next_over = std::exchange(over_.waiting, &other);
      }
      throw;
    }
  }
}

void ServerSessions::reap(Session& session) {
  const auto found = sessions_.find(session.id);
  const std::unique_ptr<Session> gone = std::move(found->second);
  sessions_.erase(found);
  ++over_.reaped;
  observer_.on_session_closed(closing_outcome(*gone));
}

/// With what it measured; without where there is no memory for that: then what the session holds is
/// given back at once.
SessionOutcome ServerSessions::closing_outcome(Session& session) {
  try {
    return outcome_of(session, Figures::all);
  } catch (const std::bad_alloc&) {
    session.streams.clear();
    return outcome_of(session, Figures::none);
  }
}

SessionOutcome ServerSessions::outcome_of(Session& session, Figures figures) {
  SessionOutcome out;
  out.session = session.id;
  out.client = session.client;
  out.server = session.local;
  out.opened = session.opened;
  out.closed = session.opened + (clock_.now() - session.opened_mono);
  out.params = session.params;
  out.params.payload_bytes = session.shared.payload_bytes_or(session.params.payload_bytes);
  out.concurrent_sessions_max = session.shared.sessions_max.load();
  const bool ended = session.control->ended();
  out.status = ended ? session.control->status() : TestStatus::incomplete;
  out.reason = ended ? session.control->reason() : "the client started again";
  if (!session.control->running() || figures == Figures::none) {
    return out;
  }
  std::sort(session.streams.begin(), session.streams.end(),
            [](const auto& a, const auto& b) { return a->stream() < b->stream(); });
  for (const Way way : {Way::up, Way::down}) {
    if (!includes(session.params.direction, way)) {
      continue;
    }
    WayOutcome& result = (way == Way::up ? out.up : out.down).emplace();
    for (const auto& stream : session.streams) {
      result.streams.push_back(stream->send_way() == way ? stream->sent_outcome()
                                                         : stream->received_outcome());
    }
  }
  note_early_ends(out);
  return out;
}

void ServerSessions::note_early_ends(SessionOutcome& outcome) {
  if (outcome.status != TestStatus::complete) {
    return;
  }
  for (const auto* way : {&outcome.up, &outcome.down}) {
    for (const StreamOutcome& stream : *way ? (*way)->streams : std::vector<StreamOutcome>{}) {
      if (!stream.tx && way == &outcome.up) {
        outcome.status = TestStatus::incomplete;
        outcome.reason = "the client has not said how much it sent";
        return;
      }
      if (stream.tx && stream.tx->end != TxEnd::complete) {
        outcome.status = TestStatus::incomplete;
        outcome.reason = std::string{way == &outcome.up ? "the client's" : "this server's"} +
                         " sending ended before all was sent: " + early_end_text(*stream.tx);
        return;
      }
    }
  }
}

void ServerSessions::shut_down() {
  shutting_down_ = true;
  for (const auto& [id, session] : sessions_) {
    session->control->shut_down();
  }
}

}  // namespace udperf::engine
