#include "session/handshake_responder.hpp"

#include <algorithm>
#include <utility>

#include "base/address_lists.hpp"
#include "model/plan_orders.hpp"
#include "wire/unchecked.hpp"

namespace udperf::session {

using wire::MessageType;

HandshakeResponder::HandshakeResponder(Settings settings, RandomSource& random, MonoTime now)
    : settings_(std::move(settings)),
      jar_(random, now),
      sources_(random.next_u64(), kAnswersPerSource, kAnswersPerSource),
      proven_(sources_.fresh(kProvenPerSource, kProvenPerSource)),
      orders_(sources_.fresh(kOrdersPerSource, kOrdersAtOnce)) {}

bool HandshakeResponder::welcome(const IpAddress& address) const {
  return let_in(settings_.allow, settings_.deny, address);
}

std::vector<std::byte> HandshakeResponder::refusal(const wire::Nonce& nonce, Sealer& sealer,
                                                   wire::Reject reject) {
  reject.nonce = nonce;
  auto bytes = wire::encode(MessageType::reject, 0, 0, reject);
  sealer.seal(bytes);
  return bytes;
}

HandshakeResponder::Decision HandshakeResponder::on_datagram(std::span<const std::byte> datagram,
                                                             const Endpoint& from,
                                                             const Endpoint& to, MonoTime now) {
  const auto header = wire::decode_common(datagram);
  if (!header) {
    return Drop::malformed;
  }
  const bool asks = header->type == MessageType::hello || header->type == MessageType::request ||
                    header->type == MessageType::join;
  if (!asks) {
    return Drop::unknown_session;
  }
  if (datagram.size() < wire::kPaddedRequestBytes) {
    return Drop::malformed;  // its answer could be larger than itself
  }
  CookieJar::Subject subject;
  subject.client = from;
  subject.server = to;
  if (header->type == MessageType::hello) {
    return on_hello(datagram, header->version, subject, now);
  }
  if (header->version != wire::kVersion || !welcome(from.address)) {
    return header->version != wire::kVersion ? Drop::malformed : Drop::denied;
  }
  return header->type == MessageType::request ? on_request(datagram, subject, now)
                                              : on_join(datagram, *header, subject, now);
}

HandshakeResponder::Decision HandshakeResponder::on_hello(std::span<const std::byte> datagram,
                                                          std::uint8_t version,
                                                          const CookieJar::Subject& subject,
                                                          MonoTime now) {
  // HELLO's fields are the same in every version, so that this answer can always be given.
  const auto outer = wire::decode<wire::Hello>(datagram);
  if (!outer) {
    return Drop::malformed;
  }
  const bool sealed = Sealer::flagged(datagram);
  if (settings_.key && !sealed) {
    return Drop::unauthenticated;  // silent to those without the key, who use up nobody's turns
  }
  if (!sources_.pass(subject.client.address, now) || (settings_.key && !seals_.pass(1, now))) {
    return Drop::rate_limited;
  }
  if (settings_.key && !Sealer::is_hello_of(*settings_.key, outer->nonce, datagram)) {
    return Drop::unauthenticated;
  }
  Sealer sealer = Sealer::for_handshake(settings_.key, Role::server, outer->nonce);
  wire::Reject reject;
  if (sealed && !settings_.key) {
    if (!answers_.pass(1, now)) {
      return Drop::unauthenticated;
    }
    reject.reason = wire::RejectReason::authentication;
    return Reply{refusal(outer->nonce, sealer, reject), true};
  }
  if (settings_.key && !said_.fresh(outer->nonce, subject.client, Sealer::counter_of(datagram))) {
    return Drop::unauthenticated;
  }
  if (!answers_.pass(1, now)) {
    return Drop::rate_limited;
  }
  if (const auto reason = not_welcome(version, subject.client.address)) {
    reject.reason = *reason;
    return Reply{refusal(outer->nonce, sealer, reject), true};
  }
  return Reply{challenge_to(*outer, subject, sealer, now), false};
}

std::optional<wire::RejectReason> HandshakeResponder::not_welcome(std::uint8_t version,
                                                                  const IpAddress& client) const {
  if (!welcome(client)) {
    return wire::RejectReason::denied;
  }
  return version != wire::kVersion ? std::optional{wire::RejectReason::version} : std::nullopt;
}

/// Without any state here: what the client proves by its cookie is in it.
std::vector<std::byte> HandshakeResponder::challenge_to(const wire::Hello& hello,
                                                        const CookieJar::Subject& subject,
                                                        Sealer& sealer, MonoTime now) {
  CookieJar::Subject proven = subject;
  proven.nonce = hello.nonce;
  proven.params_hash = hello.params_hash;
  wire::Challenge challenge;
  challenge.nonce = hello.nonce;
  challenge.cookie = jar_.make(proven, now);
  challenge.capabilities = wire::kCapStreams | wire::kCapDown | wire::kCapTraffic |
                           wire::kCapCompact | wire::kCapOmitAny;
  challenge.needs_key = settings_.key.has_value();
  auto bytes = wire::encode(MessageType::challenge, 0, 0, challenge);
  sealer.seal(bytes);
  return bytes;
}

namespace {

/// The cookie of a REQUEST or JOIN, which begin with nonce and cookie.
wire::CookieBytes cookie_of(std::span<const std::byte> datagram) {
  wire::CookieBytes cookie{};
  std::copy_n(datagram.begin() + wire::kCommonHeaderBytes + std::tuple_size_v<wire::Nonce>,
              cookie.size(), cookie.begin());
  return cookie;
}

std::optional<HandshakeResponder::Drop> wrong_with(CookieJar::Verdict verdict) {
  switch (verdict) {
    case CookieJar::Verdict::good:
      return std::nullopt;
    case CookieJar::Verdict::expired:
      return HandshakeResponder::Drop::expired_cookie;
    case CookieJar::Verdict::forged:
      break;
  }
  return HandshakeResponder::Drop::bad_cookie;
}

}  // namespace

/// Why the cookie of a REQUEST or JOIN is not worth a look at what it asks for. Reads the nonce.
std::optional<HandshakeResponder::Drop> HandshakeResponder::check_bearer(
    std::span<const std::byte> datagram, CookieJar::Subject& bearer, MonoTime now) {
  std::copy_n(datagram.begin() + wire::kCommonHeaderBytes, bearer.nonce.size(),
              bearer.nonce.begin());
  if (const auto bad = wrong_with(jar_.check_bearer(cookie_of(datagram), bearer, now))) {
    return bad;
  }
  return proven_.pass(bearer.client.address, now) ? std::nullopt
                                                  : std::optional{Drop::rate_limited};
}

std::optional<HandshakeResponder::Drop> HandshakeResponder::check_cookie(
    std::span<const std::byte> datagram, const CookieJar::Subject& subject, MonoTime now) {
  return wrong_with(jar_.check(cookie_of(datagram), subject, now));
}

HandshakeResponder::Decision HandshakeResponder::on_request(std::span<const std::byte> datagram,
                                                            CookieJar::Subject subject,
                                                            MonoTime now) {
  // The cookie comes first, and speaks for the parameters as they are in the datagram.
  constexpr std::size_t kParamsAt = 68;
  constexpr std::size_t kParamsBytes = 71;
  if (const auto bad = check_bearer(datagram, subject, now)) {
    return *bad;
  }
  subject.params_hash = crypto::fingerprint(datagram.subspan(kParamsAt, kParamsBytes));
  if (const auto bad = check_cookie(datagram, subject, now)) {
    return *bad;
  }
  const auto request = wire::read_unchecked<wire::Request>(datagram);
  if (!request) {
    return Drop::malformed;
  }
  Sealer sealer =
      Sealer::for_session(settings_.key, Role::server, request->nonce, request->cookie, 0);
  if (!sealer.open(datagram, Sealer::Replay::accepted)) {
    return Drop::unauthenticated;
  }
  if (!may_draw(request->params, subject.client.address, now)) {
    return Drop::rate_limited;  // and no refusal: it may be said again of a session that there is
  }
  if (check_params(request->params)) {
    return Drop::malformed;
  }
  return Admission{*request, sealer};
}

/// Lengths in an order of their own for each stream are as dear to look at as thousands of
/// datagrams.
bool HandshakeResponder::may_draw(const TestParams& params, const IpAddress& client, MonoTime now) {
  const std::uint32_t cost = cost_of_orders(params);
  if (cost == 0) {
    return true;
  }
  if (!orders_of_all_.pass(cost, now)) {
    return false;
  }
  const bool may = orders_.pass(client, now, cost);
  if (!may) {
    orders_of_all_.give_back(cost);
  }
  return may;
}

HandshakeResponder::Decision HandshakeResponder::on_join(std::span<const std::byte> datagram,
                                                         const wire::CommonHeader& header,
                                                         CookieJar::Subject subject, MonoTime now) {
  if (const auto bad = check_bearer(datagram, subject, now)) {
    return *bad;
  }
  subject.params_hash = join_hash(header.session, header.stream);
  if (const auto bad = check_cookie(datagram, subject, now)) {
    return *bad;
  }
  const auto join = wire::decode<wire::Join>(datagram);
  if (!join) {
    return Drop::malformed;
  }
  Sealer sealer =
      Sealer::for_session(settings_.key, Role::server, join->nonce, join->cookie, header.stream);
  if (!sealer.open(datagram, Sealer::Replay::accepted)) {
    return Drop::unauthenticated;
  }
  return Joining{*join, header.session, header.stream, sealer};
}

}  // namespace udperf::session
