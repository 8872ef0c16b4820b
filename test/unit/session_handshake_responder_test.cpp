#include "base/network_order.hpp"
#include "session/client_handshake.hpp"
#include "session/handshake_responder.hpp"
#include "support/catch.hpp"
#include "support/seeded_random.hpp"

using namespace std::chrono_literals;
using namespace udperf;
using session::ClientHandshake;
using session::HandshakeResponder;

namespace {

constexpr MonoTime kStart{1000s};
const Endpoint client_end{IpAddress::loopback(IpFamily::v4), 40000};
const Endpoint server_end{IpAddress::loopback(IpFamily::v4), 5555};

ClientHandshake::Settings settings() {
  ClientHandshake::Settings out;
  out.params.amount.packets = 10;
  return out;
}

IpPrefix prefix(const char* text) {
  return parse_ip_prefix(text).value();
}

}  // namespace

TEST_CASE("HELLO, CHALLENGE, REQUEST: the responder lets a proven client in", "[session]") {
  test::SeededRandom random{1};
  HandshakeResponder responder{{}, random, kStart};
  ClientHandshake client{settings(), random, kStart};

  const auto hello = client.poll_transmit();
  REQUIRE(hello);
  const auto first = responder.on_datagram(*hello, client_end, server_end, kStart);
  const auto* challenge = std::get_if<HandshakeResponder::Reply>(&first);
  REQUIRE(challenge != nullptr);
  client.on_datagram(challenge->bytes, kStart + 1ms);
  const auto request = client.poll_transmit();
  REQUIRE(request);

  const auto second = responder.on_datagram(*request, client_end, server_end, kStart + 2ms);
  const auto* admission = std::get_if<HandshakeResponder::Admission>(&second);
  REQUIRE(admission != nullptr);
  CHECK(admission->request.params == settings().params);
  // The same request from elsewhere is worth nothing.
  const Endpoint elsewhere{IpAddress::loopback(IpFamily::v4), 40001};
  const auto third = responder.on_datagram(*request, elsewhere, server_end, kStart + 2ms);
  CHECK(std::get_if<HandshakeResponder::Drop>(&third) != nullptr);
  const auto late = responder.on_datagram(*request, client_end, server_end, kStart + 30s);
  REQUIRE(std::get_if<HandshakeResponder::Drop>(&late) != nullptr);
  CHECK(std::get<HandshakeResponder::Drop>(late) == HandshakeResponder::Drop::expired_cookie);
}

TEST_CASE("who has a cookie is looked at so often, whatever he asks for", "[session]") {
  test::SeededRandom random{8};
  HandshakeResponder responder{{}, random, kStart};
  ClientHandshake client{settings(), random, kStart};
  const auto first = responder.on_datagram(*client.poll_transmit(), client_end, server_end, kStart);
  client.on_datagram(std::get<HandshakeResponder::Reply>(first).bytes, kStart + 1ms);
  const auto request = *client.poll_transmit();
  const bool as_granted = GENERATE(true, false);
  auto asked = request;
  if (!as_granted) {
    asked[100] ^= std::byte{1};  // another amount than HELLO's fingerprint speaks for
  }
  const auto looked_at = [&](MonoTime now) {
    std::size_t count = 0;
    for (int i = 0; i < 10'000; ++i) {
      const auto decision = responder.on_datagram(asked, client_end, server_end, now);
      const auto* drop = std::get_if<HandshakeResponder::Drop>(&decision);
      REQUIRE((drop != nullptr || as_granted));
      count += drop == nullptr || *drop != HandshakeResponder::Drop::rate_limited ? 1U : 0U;
    }
    return count;
  };
  CHECK(looked_at(kStart + 2ms) == HandshakeResponder::kProvenPerSource);
  const std::size_t later = looked_at(kStart + 102ms);
  CHECK(later >= HandshakeResponder::kProvenPerSource / 10);
  CHECK(later <= HandshakeResponder::kProvenPerSource / 10 + 1);
  // What others say who have none is no part of it.
  asked[60] ^= std::byte{1};
  const auto other = responder.on_datagram(asked, client_end, server_end, kStart + 102ms);
  CHECK(std::get<HandshakeResponder::Drop>(other) == HandshakeResponder::Drop::bad_cookie);
}

TEST_CASE("what is dear to look at is looked at seldom, of one source and of all", "[session]") {
  test::SeededRandom random{10};
  HandshakeResponder responder{{}, random, kStart};
  auto dear = settings();
  dear.params.direction = Direction::both;
  dear.params.streams = 100;
  dear.params.amount = Amount{100'000'000, 0, Duration{0}};
  dear.params.shape_up.sizes[0] = {100, 1};
  dear.params.shape_up.sizes[1] = {200, 1};
  dear.params.shape_down = dear.params.shape_up;
  const auto request_of = [&](const ClientHandshake::Settings& wanted, const Endpoint& from) {
    ClientHandshake client{wanted, random, kStart};
    const auto first = responder.on_datagram(*client.poll_transmit(), from, server_end, kStart);
    client.on_datagram(std::get<HandshakeResponder::Reply>(first).bytes, kStart);
    return *client.poll_transmit();
  };
  const auto admitted = [&](const ClientHandshake::Settings& wanted, const Endpoint& from,
                            MonoTime now) {
    const auto decision = responder.on_datagram(request_of(wanted, from), from, server_end, now);
    const auto* drop = std::get_if<HandshakeResponder::Drop>(&decision);
    CHECK((drop == nullptr || *drop == HandshakeResponder::Drop::rate_limited));
    return drop == nullptr;
  };
  constexpr std::uint32_t kOrders = 200;
  constexpr std::uint32_t kAtOnce = HandshakeResponder::kOrdersAtOnce / kOrders;
  for (std::uint32_t i = 0; i < kAtOnce; ++i) {
    CHECK(admitted(dear, client_end, kStart));
  }
  CHECK_FALSE(admitted(dear, client_end, kStart));
  // Others have their own, but all together no more than so much; and what is cheap, all do.
  static_assert(HandshakeResponder::kOrdersOfAllAtOnce / kOrders == 2 * kAtOnce);
  Endpoint other = client_end;
  other.address.bytes[2] = 1;
  for (std::uint32_t i = 0; i < kAtOnce; ++i) {
    CHECK(admitted(dear, other, kStart));
  }
  Endpoint third = client_end;
  third.address.bytes[2] = 2;
  for (int i = 0; i < 10; ++i) {
    CHECK_FALSE(admitted(dear, third, kStart));  // for want of what all have: nobody's own fault
  }
  CHECK(admitted(dear, third, kStart + 1s));
  CHECK(admitted(settings(), client_end, kStart));
}

TEST_CASE("a HELLO of another version is told which versions there are", "[session]") {
  test::SeededRandom random{2};
  HandshakeResponder responder{{}, random, kStart};
  ClientHandshake client{settings(), random, kStart};
  auto hello = *client.poll_transmit();
  hello[4] = std::byte{9};

  const auto decision = responder.on_datagram(hello, client_end, server_end, kStart);

  const auto* reply = std::get_if<HandshakeResponder::Reply>(&decision);
  REQUIRE(reply != nullptr);
  CHECK(reply->refusal);
  client.on_datagram(reply->bytes, kStart);
  REQUIRE(client.failed());
  CHECK(client.error().code == ErrorCode::refused);
  CHECK(client.error().message().find("version 1 to 1") != std::string::npos);
}

TEST_CASE("addresses are refused and allowed as the lists say", "[session]") {
  test::SeededRandom random{3};
  HandshakeResponder::Settings lists;
  SECTION("denied") {
    lists.deny.push_back(prefix("127.0.0.0/8"));
  }
  SECTION("not among the allowed") {
    lists.allow.push_back(prefix("10.0.0.0/8"));
  }
  HandshakeResponder responder{lists, random, kStart};
  ClientHandshake client{settings(), random, kStart};
  const auto decision =
      responder.on_datagram(*client.poll_transmit(), client_end, server_end, kStart);
  const auto* reply = std::get_if<HandshakeResponder::Reply>(&decision);
  REQUIRE(reply != nullptr);
  CHECK(reply->refusal);
}

TEST_CASE("answers to the unproven are limited, to one source and in all", "[session]") {
  test::SeededRandom random{4};
  HandshakeResponder responder{{}, random, kStart};
  ClientHandshake client{settings(), random, kStart};
  const auto hello = *client.poll_transmit();
  const auto answers = [&](const Endpoint& from, MonoTime now) {
    std::size_t count = 0;
    for (int i = 0; i < 10'000; ++i) {
      const auto decision = responder.on_datagram(hello, from, server_end, now);
      count += std::holds_alternative<HandshakeResponder::Reply>(decision) ? 1U : 0U;
    }
    return count;
  };
  CHECK(answers(client_end, kStart) == HandshakeResponder::kAnswersPerSource);
  Endpoint other = client_end;
  std::size_t all = HandshakeResponder::kAnswersPerSource;
  for (std::uint8_t host = 1; host < 8; ++host) {
    other.address.bytes[2] = host;
    all += answers(other, kStart);
  }
  CHECK(all == HandshakeResponder::kAnswersPerSecond);
  CHECK(answers(client_end, kStart + 100ms) > 0);
}

TEST_CASE("HELLOs that are not sealed use up nobody's turns at a server with a key", "[session]") {
  test::SeededRandom random{9};
  HandshakeResponder::Settings keyed;
  keyed.key.emplace().fill(std::byte{5});
  HandshakeResponder responder{keyed, random, kStart};
  const auto forged = *ClientHandshake{settings(), random, kStart}.poll_transmit();
  for (std::uint32_t i = 0; i < 2 * HandshakeResponder::kAnswersPerSource; ++i) {
    const auto dropped = responder.on_datagram(forged, client_end, server_end, kStart);
    REQUIRE(std::get<HandshakeResponder::Drop>(dropped) ==
            HandshakeResponder::Drop::unauthenticated);
  }
  auto with_key = settings();
  with_key.key = keyed.key;
  ClientHandshake client{with_key, random, kStart};
  auto hello = *client.poll_transmit();
  auto damaged = hello;
  damaged.back() ^= std::byte{1};
  CHECK(std::get<HandshakeResponder::Drop>(responder.on_datagram(
            damaged, client_end, server_end, kStart)) == HandshakeResponder::Drop::unauthenticated);
  const auto answer = responder.on_datagram(hello, client_end, server_end, kStart);
  REQUIRE(std::get_if<HandshakeResponder::Reply>(&answer) != nullptr);
  client.on_datagram(std::get<HandshakeResponder::Reply>(answer).bytes, kStart);
  CHECK(client.heard());
}

TEST_CASE("of HELLOs that seem sealed so many are opened a second, wherever they come from",
          "[session]") {
  test::SeededRandom random{11};
  HandshakeResponder::Settings keyed;
  keyed.key.emplace().fill(std::byte{5});
  HandshakeResponder responder{keyed, random, kStart};
  auto other_key = settings();
  other_key.key.emplace().fill(std::byte{6});
  const auto forged = *ClientHandshake{other_key, random, kStart}.poll_transmit();
  const auto opened = [&](MonoTime now) {
    std::uint32_t count = 0;
    Endpoint from = client_end;
    for (std::uint32_t i = 0; i < HandshakeResponder::kSealsPerSecond; ++i) {
      from.address.bytes[1] = static_cast<std::uint8_t>(i >> 8U);
      from.address.bytes[2] = static_cast<std::uint8_t>(i);
      const auto drop = responder.on_datagram(forged, from, server_end, now);
      count += std::get<HandshakeResponder::Drop>(drop) != HandshakeResponder::Drop::rate_limited;
    }
    return count;
  };
  CHECK(opened(kStart) == HandshakeResponder::kSealsPerSecond / 10);
  CHECK(opened(kStart + 50ms) == HandshakeResponder::kSealsPerSecond / 20);
  // A moment later there is room again for who has the key.
  auto with_key = settings();
  with_key.key = keyed.key;
  const auto hello = *ClientHandshake{with_key, random, kStart}.poll_transmit();
  const auto answer = responder.on_datagram(hello, client_end, server_end, kStart + 51ms);
  CHECK(std::holds_alternative<HandshakeResponder::Reply>(answer));
}

TEST_CASE("no answer is larger than its question, whatever it is", "[session][property]") {
  test::SeededRandom random{5};
  HandshakeResponder responder{{}, random, kStart};
  for (int i = 0; i < 20'000; ++i) {
    CAPTURE(i);
    std::vector<std::byte> bytes(static_cast<std::size_t>(random.between(0, 700)));
    random.fill(bytes);
    if (bytes.size() >= 8 && random.chance(0.9)) {
      store_network_order(bytes.data(), wire::kMagic);
      bytes[4] = std::byte{1};
      bytes[5] = static_cast<std::byte>(random.between(0, 20));
      bytes[7] = std::byte{0};
    }
    const auto decision = responder.on_datagram(bytes, client_end, server_end, kStart + i * 1ms);
    if (const auto* reply = std::get_if<HandshakeResponder::Reply>(&decision)) {
      CHECK(reply->bytes.size() <= bytes.size());
    }
    CHECK_FALSE(std::holds_alternative<HandshakeResponder::Admission>(decision));
    CHECK_FALSE(std::holds_alternative<HandshakeResponder::Joining>(decision));
  }
}

TEST_CASE("a silent server is given up at the deadline, and not before", "[session]") {
  test::SeededRandom random{6};
  ClientHandshake client{settings(), random, kStart};
  std::size_t hellos = 0;
  MonoTime now = kStart;
  while (!client.failed()) {
    while (client.poll_transmit()) {
      ++hellos;
    }
    now = client.next_timeout();
    client.on_timer(now);
  }
  CHECK(now == kStart + 5s);
  CHECK(client.error().code == ErrorCode::unreachable);
  CHECK(hellos > 35);
  CHECK(hellos < 60);
}

TEST_CASE("ICMP port unreachable ends the handshake at once", "[session]") {
  test::SeededRandom random{7};
  ClientHandshake client{settings(), random, kStart};
  client.on_refused();
  REQUIRE(client.failed());
  CHECK(client.error().message().find("nothing listens") != std::string::npos);
}

TEST_CASE("a refusal for a reason of later versions is one, and said so", "[session]") {
  test::SeededRandom random{5};
  ClientHandshake client{settings(), random, kStart};
  wire::Reject reject;
  reject.nonce = wire::decode<wire::Hello>(*client.poll_transmit())->nonce;
  reject.reason = static_cast<wire::RejectReason>(GENERATE(12, 65535));
  client.on_datagram(wire::encode(wire::MessageType::reject, 0, 0, reject), kStart + 1ms);
  REQUIRE(client.failed());
  CHECK(client.error().code == ErrorCode::refused);
  CHECK(client.error().what.find("a reason that this version does not know") != std::string::npos);
}
