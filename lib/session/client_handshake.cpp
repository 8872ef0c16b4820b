#include "session/client_handshake.hpp"

#include <array>
#include <utility>

#include "base/saturating.hpp"
#include "base/units.hpp"
#include "model/forever.hpp"

namespace udperf::session {

using wire::MessageType;

namespace {

// A cookie lives for 10 s (docs/protocol.md 3.2); an answer to the last REQUEST needs some of it.
constexpr Duration kCookieIsGood = std::chrono::seconds{7};
constexpr Duration kFarAway = std::chrono::seconds{1};

/// Whether it is worth asking again.
Obstacle obstacle_of(wire::RejectReason reason) {
  switch (reason) {
    case wire::RejectReason::busy:
    case wire::RejectReason::too_many_from_you:
    case wire::RejectReason::exclusive:
    case wire::RejectReason::rate:
    case wire::RejectReason::shutting_down:
      return Obstacle::busy;
    default:
      return Obstacle::denied;
  }
}

/// Bits a second of the datagrams that were asked for, to compare rates of different kinds; nothing
/// for one without a limit.
std::optional<Uint128> limit_of(const SendRate& rate, const MeanLength& mean) {
  switch (rate.kind) {
    case SendRate::Kind::unlimited:
      return std::nullopt;
    case SendRate::Kind::packets:
      return Uint128{rate.value} * mean.bytes * 8 / (Uint128{mean.packets} * 1000);
    default:
      return Uint128{rate.value};
  }
}

bool higher(const SendRate& granted, const SendRate& asked, const MeanLength& mean) {
  if (granted == asked) {
    return false;
  }
  const bool adjusted = SendRate::Kind::adjusted == asked.kind;
  if (adjusted != (granted.kind == SendRate::Kind::adjusted)) {
    return true;
  }
  const auto most = limit_of(asked, mean);
  const auto got = limit_of(granted, mean);
  return most && (!got || *got > *most);
}

/// A server that may make a test as slow as it likes, may make it last as long as it likes.
bool too_slow(const TestParams& asked, const TestParams& granted, Way way) {
  constexpr Duration kAlwaysFine = std::chrono::hours{1};
  constexpr int kTimes = 1000;
  const auto before = expected_duration(asked, way);
  const auto after = expected_duration(granted, way);
  return after && *after > kAlwaysFine && (!before || *after / kTimes > *before);
}

}  // namespace

std::optional<std::string> beyond_server(const TestParams& asked, std::uint32_t capabilities) {
  if (asked.shaped() && (capabilities & wire::kCapTraffic) == 0) {
    return "the server knows datagrams of one size at equal distances only: a mix of sizes "
           "(--packet-size) or --spacing needs a later udperf there";
  }
  if (asked.header == HeaderKind::compact && (capabilities & wire::kCapCompact) == 0) {
    return "the server knows the full header only: a --packet-size below " +
           std::to_string(kDataHeaderBytes) + ", or --header compact, needs a later udperf there";
  }
  const bool plain = !asked.shaped() && asked.header == HeaderKind::full;
  if (asked.omit > Duration{0} && !plain && (capabilities & wire::kCapOmitAny) == 0) {
    return "the server has a warm-up only before equal datagrams of 40 bytes or more at equal "
           "distances: leave out --omit, or update it";
  }
  return std::nullopt;
}

std::optional<std::string> more_than_asked(const TestParams& asked, const TestParams& granted) {
  TestParams same = granted;  // but for what a server may lower
  same.rate_up = asked.rate_up;
  same.rate_down = asked.rate_down;
  same.payload_bytes = asked.payload_bytes;
  same.burst = asked.burst;  // is not said
  same.profile =
      asked.profile;  // says nothing that the shapes do not, and not every server knows it
  if (asked.amount.duration == kForever && granted.amount.duration > Duration{0}) {
    same.amount.duration = asked.amount.duration;  // who names no end takes the server's
  }
  same.voice = asked.voice;
  same.omit = asked.omit;
  if (same != asked) {
    return "another direction, amount, number of streams or marking";
  }
  if (granted.payload_bytes > asked.payload_bytes) {
    return "larger datagrams";
  }
  for (const Way way : {Way::up, Way::down}) {
    if (!includes(asked.direction, way)) {
      continue;
    }
    if (higher(granted.rate(way), asked.rate(way), asked.mean_length(way))) {
      return "a higher rate";
    }
    if (too_slow(asked, granted, way)) {
      return "a rate at which the test would last for " +
             format_duration(*expected_duration(granted, way)) +
             ": ask for less (--size, --packets), or for a --duration";
    }
  }
  return std::nullopt;
}

wire::Digest join_hash(std::uint64_t session, std::uint8_t stream) {
  std::array<std::byte, 13> text{std::byte{'j'}, std::byte{'o'}, std::byte{'i'}, std::byte{'n'}};
  wire::detail::store(text.data() + 4, session);
  text[12] = std::byte{stream};
  return crypto::fingerprint(text);
}

ClientHandshake::ClientHandshake(const Settings& settings, RandomSource& random, MonoTime now)
    : settings_(settings), begun_(now), deadline_(now + settings.timeout) {
  random.fill(nonce_);
  handshake_sealer_ = Sealer::for_handshake(settings_.key, Role::client, nonce_);
  send_hello();
  backoff_.start(now);
}

wire::Digest ClientHandshake::params_hash() const {
  if (settings_.joining) {
    return join_hash(settings_.joining->session, settings_.joining->stream);
  }
  return crypto::fingerprint(wire::encode_params(settings_.params));
}

void ClientHandshake::send_hello() {
  wire::Hello hello;
  hello.nonce = nonce_;
  hello.params_hash = params_hash();
  hello.capabilities =
      wire::kCapStreams | wire::kCapDown | (settings_.key ? wire::kCapAuthentication : 0U);
  auto bytes = wire::encode(MessageType::hello, 0, 0, hello, wire::kPaddedRequestBytes);
  handshake_sealer_.seal(bytes);
  out_ = std::move(bytes);
}

void ClientHandshake::send_request() {
  std::vector<std::byte> bytes;
  if (settings_.joining) {
    const auto& joining = *settings_.joining;
    bytes =
        wire::encode(MessageType::join, joining.session, joining.stream,
                     wire::Join{nonce_, cookie_, joining.server_nonce}, wire::kPaddedRequestBytes);
  } else {
    const bool flood = settings_.params.rate_down.flood;
    const wire::Request request{nonce_, cookie_,
                                wire::kCapStreams | wire::kCapDown | wire::kCapQueue |
                                    wire::kCapTraffic | wire::kCapCompact | wire::kCapOmit |
                                    wire::kCapOmitAny | (flood ? wire::kCapFlood : 0U) |
                                    settings_.capabilities,
                                settings_.params};
    bytes = wire::encode(MessageType::request, 0, 0, request, wire::kPaddedRequestBytes);
  }
  session_sealer_.seal(bytes);
  out_ = std::move(bytes);
}

void ClientHandshake::on_datagram(std::span<const std::byte> datagram, MonoTime now) {
  const auto header = wire::decode_common(datagram);
  if (!header || done() || failed()) {
    return;
  }
  switch (header->type) {
    case MessageType::challenge:
      on_challenge(datagram, now);
      break;
    case MessageType::accept:
      on_accept(datagram, header->session);
      break;
    case MessageType::join_ack:
      on_join_ack(datagram, header->session);
      break;
    case MessageType::reject:
      on_reject(datagram);
      break;
    default:
      break;
  }
}

void ClientHandshake::on_challenge(std::span<const std::byte> datagram, MonoTime now) {
  if (!settings_.key && stage_ == Stage::hello) {
    // A server with a key answers nobody without it; one that says so helps more than silence.
    if (const auto peek = wire::decode<wire::Challenge>(datagram); peek && peek->nonce == nonce_) {
      server_needs_key_ = peek->needs_key;
    }
  }
  const auto inner = handshake_sealer_.open(datagram, Sealer::Replay::accepted);
  const auto challenge = inner ? wire::decode<wire::Challenge>(*inner) : std::nullopt;
  if (!challenge || challenge->nonce != nonce_) {
    return;
  }
  if (!heard_) {
    first_answer_ = now - begun_;
  }
  heard_ = true;
  if (const auto missing = beyond_server(settings_.params, challenge->capabilities)) {
    fail(ErrorCode::refused, Obstacle::denied, *missing);
    return;
  }
  if (stage_ != Stage::hello) {
    return;  // a repeated answer; the first cookie is in use
  }
  if (cookie_at_ != MonoTime{}) {
    earlier_sealer_ = session_sealer_;  // its answer may still be on the way
  }
  cookie_ = challenge->cookie;
  cookie_at_ = now;
  const std::uint8_t stream = settings_.joining ? settings_.joining->stream : std::uint8_t{0};
  session_sealer_ = Sealer::for_session(settings_.key, Role::client, nonce_, cookie_, stream);
  stage_ = Stage::request;
  send_request();
  backoff_.start(now);
}

/// An answer to REQUEST or JOIN, with the cookie in use or the one before.
std::optional<std::span<const std::byte>> ClientHandshake::open_answer(
    std::span<const std::byte> datagram) {
  if (auto inner = session_sealer_.open(datagram, Sealer::Replay::accepted)) {
    return inner;
  }
  auto inner =
      earlier_sealer_ ? earlier_sealer_->open(datagram, Sealer::Replay::accepted) : std::nullopt;
  if (inner) {
    session_sealer_ = *earlier_sealer_;  // that is the session's
  }
  return inner;
}

void ClientHandshake::on_accept(std::span<const std::byte> datagram, std::uint64_t session) {
  if (cookie_at_ == MonoTime{} || settings_.joining || session == 0) {
    return;
  }
  const auto inner = open_answer(datagram);
  auto accept = inner ? wire::decode<wire::Accept>(*inner) : std::nullopt;
  if (!accept || accept->nonce != nonce_) {
    return;
  }
  if (const auto more = more_than_asked(settings_.params, accept->params)) {
    heard_ = true;
    fail(ErrorCode::refused, Obstacle::denied,
         "the server grants what was not asked for: " + *more);
    return;
  }
  if (settings_.params.omit > Duration{0} && (accept->capabilities & wire::kCapOmit) == 0) {
    heard_ = true;
    fail(ErrorCode::refused, Obstacle::denied,
         "the server is of an earlier version and cannot tell a warm-up from the test: leave out "
         "--omit, or update it");
    return;
  }
  accept_ = accept;
  accept_->params.omit = settings_.params.omit;
  accept_->params.voice = settings_.params.voice;  // that is asked, not granted
  for (SendRate* rate : {&accept_->params.rate_up, &accept_->params.rate_down}) {
    const bool up = rate == &accept_->params.rate_up;
    rate->flood = !rate->limited() && settings_.params.rate(up ? Way::up : Way::down).flood;
  }
  session_ = session;
  stage_ = Stage::done;
  heard_ = true;
  backoff_.stop();
}

void ClientHandshake::on_join_ack(std::span<const std::byte> datagram, std::uint64_t session) {
  if (cookie_at_ == MonoTime{} || !settings_.joining || session != settings_.joining->session ||
      !open_answer(datagram)) {
    return;
  }
  session_ = session;
  stage_ = Stage::done;
  backoff_.stop();
}

void ClientHandshake::on_reject(std::span<const std::byte> datagram) {
  Sealer& sealer = stage_ == Stage::hello ? handshake_sealer_ : session_sealer_;
  const auto inner = sealer.open(datagram, Sealer::Replay::accepted);
  auto reject = inner ? wire::decode<wire::Reject>(*inner) : std::nullopt;
  if (!reject && settings_.key) {
    // A server without a key cannot seal its refusal; whoever else could forge one sees our nonce
    // and could drop the datagrams as well.
    reject = wire::decode<wire::Reject>(datagram);
    if (reject && reject->reason != wire::RejectReason::authentication) {
      return;
    }
  }
  if (!reject || reject->nonce != nonce_) {
    return;
  }
  heard_ = true;
  if (reject->retry_after_ms != 0) {
    retry_after_ms_ = reject->retry_after_ms;
  }
  fail(ErrorCode::refused, obstacle_of(reject->reason), describe(*reject));
}

std::string describe(const wire::Reject& reject) {
  using Reason = wire::RejectReason;
  const auto retry = [&reject](std::string text) {
    if (reject.retry_after_ms != 0) {
      text += "; try again in " + std::to_string((reject.retry_after_ms + 999) / 1000) + " s";
    }
    return text;
  };
  switch (reject.reason) {
    case Reason::version:
      return "the server speaks protocol version " + std::to_string(reject.versions.lowest) +
             " to " + std::to_string(reject.versions.highest) + ", this client only " +
             std::to_string(wire::kVersion) + ": update the older one";
    case Reason::busy:
      return retry("the server is busy: all its sessions are taken");
    case Reason::too_many_from_you:
      return retry("the server already runs as many tests from this address as it allows");
    case Reason::exclusive:
      return retry("the server is busy: it runs one test at a time");
    case Reason::denied:
      return "the server does not serve this address";
    case Reason::authentication:
      return "the server has no key: leave out --key-file, or start it with one";
    case Reason::parameters:
      return "the server does not accept these parameters";
    case Reason::duration:
      return "the server allows tests of at most " + format_duration(saturating_ns(reject.limit)) +
             ": give a shorter --duration, or a --rate with --size";
    case Reason::rate:
      return retry("the server has only " + format_bit_rate(static_cast<double>(reject.limit)) +
                   " of its bandwidth left: give a --rate up to that");
    case Reason::unlimited_rate:
      return "the server wants a --rate of at most " +
             format_bit_rate(static_cast<double>(reject.limit));
    case Reason::shutting_down:
      return "the server is shutting down";
  }
  return "the server refused";
}

void ClientHandshake::on_refused() {
  if (!done() && !failed()) {
    fail(ErrorCode::unreachable, Obstacle::nothing_listens,
         "nothing listens on that UDP port (ICMP port unreachable): is `udperf server` running "
         "there, on this port?");
  }
}

void ClientHandshake::on_unreachable(const std::string& why) {
  if (!done() && !failed() && !heard_) {
    fail(ErrorCode::unreachable, Obstacle::no_way, why);
  }
}

void ClientHandshake::on_silence() {
  if (server_needs_key_) {
    fail(ErrorCode::refused, Obstacle::denied, "the server wants a key (--key-file)");
  } else {
    fail(ErrorCode::unreachable, Obstacle::silence, silence_text());
  }
}

std::string ClientHandshake::silence_text() const {
  const std::string within =
      " within " + format_duration(settings_.told_timeout.value_or(settings_.timeout));
  if (!heard_) {
    return "no answer" + within +
           (settings_.key ? ": is a server running there, does a firewall drop UDP, or is this "
                            "not the server's key?"
                          : ": is a server running there, does a firewall drop UDP, or does the "
                            "server want a key?");
  }
  if (first_answer_ && *first_answer_ > kFarAway) {
    return "the server's first answer took " + format_duration(*first_answer_) +
           ", and the next did not come" + within +
           ": a round trip of seconds needs a longer --connect-timeout";
  }
  if (settings_.joining) {
    return "the server answered HELLO but not JOIN" + within +
           ": a load balancer may have sent this stream to another server, or a NAT given it "
           "another address; --streams 1 needs no JOIN";
  }
  return "the server answered HELLO but not REQUEST" + within;
}

void ClientHandshake::on_timer(MonoTime now) {
  if (done() || failed()) {
    return;
  }
  if (now >= deadline_) {
    on_silence();
    return;
  }
  if (stage_ == Stage::request && now - cookie_at_ >= kCookieIsGood) {
    stage_ = Stage::hello;  // the server does not say that a cookie is too old
    send_hello();
    backoff_.start(now);
  } else if (backoff_.due(now)) {
    if (stage_ == Stage::hello) {
      send_hello();
    } else {
      send_request();
    }
    backoff_.repeated(now);
  }
}

MonoTime ClientHandshake::next_timeout() const {
  return done() || failed() ? kNever : std::min(deadline_, backoff_.next());
}

std::optional<std::vector<std::byte>> ClientHandshake::poll_transmit() {
  return std::exchange(out_, std::nullopt);
}

void ClientHandshake::fail(ErrorCode code, Obstacle obstacle, std::string text) {
  error_ = Error{code, std::move(text), 0, "connect"};
  obstacle_ = obstacle;
  backoff_.stop();
  out_.reset();
}

}  // namespace udperf::session
