#include "session/client_handshake.hpp"

#include <array>
#include <utility>

#include "base/network_order.hpp"
#include "base/units.hpp"
#include "model/plan_orders.hpp"
#include "session/grant.hpp"
#include "session/refusal.hpp"
#include "wire/unchecked.hpp"

namespace udperf::session {

using wire::MessageType;

namespace {

// A cookie lives for 10 s (docs/protocol.md 3.2); an answer to the last REQUEST needs some of it.
constexpr Duration kCookieIsGood = std::chrono::seconds{7};
constexpr Duration kFarAway = std::chrono::seconds{1};

/// The grant to who said that nonce. What is dearer to check than what was asked for is not that,
/// and stays unchecked; else nothing where it is no test, as after damage on the way.
std::optional<wire::Accept> grant_in(std::span<const std::byte> inner, const wire::Nonce& nonce,
                                     const TestParams& asked) {
  auto accept = wire::read_unchecked<wire::Accept>(inner);
  if (!accept || accept->nonce != nonce) {
    return std::nullopt;
  }
  return cost_of_orders(accept->params) > cost_of_orders(asked) ? accept
                                                                : wire::decode<wire::Accept>(inner);
}

}  // namespace

wire::Digest join_hash(std::uint64_t session, std::uint8_t stream) {
  std::array<std::byte, 13> text{std::byte{'j'}, std::byte{'o'}, std::byte{'i'}, std::byte{'n'}};
  store_network_order(text.data() + 4, session);
  text[12] = std::byte{stream};
  return crypto::fingerprint(text);
}

ClientHandshake::ClientHandshake(const Settings& settings, RandomSource& random, MonoTime now)
    : settings_(settings), begun_(now), deadline_(now + settings.timeout) {
  signs_.last_heard = now;
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
    const wire::Request request{
        nonce_, cookie_,
        wire::kCapsOfBothEnds | (flood ? wire::kCapFlood : 0U) | settings_.capabilities,
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
      signs_.server_needs_key = peek->needs_key;
    }
  }
  const auto inner = handshake_sealer_.open(datagram, Sealer::Replay::accepted);
  const auto challenge = inner ? wire::decode<wire::Challenge>(*inner) : std::nullopt;
  if (!challenge || challenge->nonce != nonce_) {
    return;
  }
  if (!signs_.heard) {
    first_answer_ = now - begun_;
  }
  signs_.heard = true;
  signs_.last_heard = now;
  signs_.refusals = 0;
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
  const auto accept = inner ? grant_in(*inner, nonce_, settings_.params) : std::nullopt;
  if (!accept) {
    return;
  }
  if (const auto more = more_than_asked(settings_.params, accept->params)) {
    signs_.heard = true;
    fail(ErrorCode::refused, Obstacle::denied,
         "the server grants what was not asked for: " + *more);
    return;
  }
  if (settings_.params.omit > Duration{0} && (accept->capabilities & wire::kCapOmit) == 0) {
    signs_.heard = true;
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
  signs_.heard = true;
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
  signs_.heard = true;
  if (reject->retry_after_ms != 0) {
    retry_after_ms_ = reject->retry_after_ms;
  }
  const bool counts_warm_up =
      reject->reason == wire::RejectReason::duration && settings_.params.omit > Duration{0};
  fail(ErrorCode::refused, obstacle_of(reject->reason),
       describe(*reject) + (counts_warm_up ? " (the warm-up of --omit counts)" : ""));
}

void ClientHandshake::on_refused() {
  if (done() || failed()) {
    return;
  }
  ++signs_.refusals;
  if (!is_there()) {
    on_gone();
  }
}

void ClientHandshake::on_gone() {
  fail(ErrorCode::unreachable, Obstacle::nothing_listens,
       "nothing listens on that UDP port (ICMP port unreachable): is `udperf server` running "
       "there, on this port?");
}

void ClientHandshake::on_unreachable(const std::string& why) {
  if (!done() && !failed() && !is_there()) {
    fail(ErrorCode::unreachable, Obstacle::no_way, why);
  }
}

void ClientHandshake::on_no_network(int os_error) {
  signs_.no_network = os_error;
  if (os_error != 0) {
    on_unreachable("there is no way to it from this host");
  }
}

void ClientHandshake::on_silence() {
  if (signs_.server_needs_key) {
    fail(ErrorCode::refused, Obstacle::denied, "the server wants a key (--key-file)");
  } else if (signs_.no_network != 0) {
    fail(ErrorCode::unreachable, Obstacle::no_way, "there is no way to it from this host");
  } else {
    fail(ErrorCode::unreachable, Obstacle::silence, silence_text());
  }
}

std::string ClientHandshake::silence_text() const {
  const std::string within =
      " within " + format_duration(settings_.told_timeout.value_or(settings_.timeout));
  if (!signs_.heard) {
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
  if (signs_.refusals >= kGoneAfter && now - signs_.last_heard > kGoneSilence) {
    on_gone();
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
  error_ = Error{code, std::move(text), code == ErrorCode::unreachable ? signs_.no_network : 0,
                 "connect"};
  obstacle_ = obstacle;
  backoff_.stop();
  out_.reset();
}

}  // namespace udperf::session
