#include "model/forever.hpp"
#include "session/client_handshake.hpp"
#include "session/grant.hpp"
#include "support/catch.hpp"
#include "support/seeded_random.hpp"

using namespace std::chrono_literals;
using namespace udperf;
using Catch::Matchers::ContainsSubstring;
using session::ClientHandshake;
using session::more_than_asked;
using wire::MessageType;

namespace {

constexpr MonoTime kStart{100s};

TestParams asked() {
  TestParams params;
  params.direction = Direction::up;
  params.payload_bytes = 1000;
  params.amount.duration = 2s;
  params.rate_up = SendRate{SendRate::Kind::bits, 1'000'000};
  return params;
}

MessageType type_of(const std::vector<std::byte>& datagram) {
  return wire::decode_common(datagram)->type;
}

/// A handshake and the server's side of it, by hand.
struct Talk {
  test::SeededRandom random{1};
  ClientHandshake client;
  wire::Nonce nonce{};

  explicit Talk(Duration timeout, const TestParams& params = asked())
      : client({params, std::nullopt, timeout, std::nullopt, std::nullopt}, random, kStart) {
    const auto hello = client.poll_transmit();
    REQUIRE(hello);
    nonce = wire::decode<wire::Hello>(*hello)->nonce;
  }
  void challenge(std::uint8_t cookie, MonoTime now, std::uint32_t capabilities = 0) {
    wire::Challenge message;
    message.capabilities = capabilities;
    message.nonce = nonce;
    message.cookie.fill(std::byte{cookie});
    client.on_datagram(wire::encode(MessageType::challenge, 0, 0, message), now);
  }
  void accept(const TestParams& params, MonoTime now) {
    wire::Accept message;
    message.nonce = nonce;
    message.params = params;
    client.on_datagram(wire::encode(MessageType::accept, 77, 0, message), now);
  }
  /// What is said from `from` to `to`.
  std::vector<std::vector<std::byte>> said(MonoTime from, MonoTime to) {
    std::vector<std::vector<std::byte>> all;
    for (MonoTime now = from; now < to && !client.failed(); now += 10ms) {
      client.on_timer(now);
      while (auto datagram = client.poll_transmit()) {
        all.push_back(*std::move(datagram));
      }
    }
    return all;
  }
};

}  // namespace

TEST_CASE("a grant may only lower", "[session]") {
  CHECK_FALSE(more_than_asked(asked(), asked()));
  TestParams lower = asked();
  lower.rate_up.value = 1000;
  lower.payload_bytes = 500;
  CHECK_FALSE(more_than_asked(asked(), lower));
  TestParams unlimited = asked();
  unlimited.rate_up = SendRate{};
  CHECK_FALSE(more_than_asked(unlimited, asked()));
  TestParams by_packets = asked();
  by_packets.rate_up = SendRate{SendRate::Kind::packets, 125'000};  // 125 a second: 1 Mbit/s
  CHECK_FALSE(more_than_asked(by_packets, asked()));
}

TEST_CASE("what a grant has lowered is told to who asked", "[session]") {
  const auto codes = [](const TestParams& wanted, const TestParams& granted) {
    std::string text;
    for (const Warning& warning : session::less_than_asked(wanted, granted)) {
      text += warning.code + ": " + warning.message + "\n";
    }
    return text;
  };
  TestParams wanted = asked();
  wanted.direction = Direction::both;
  wanted.rate_up = SendRate{SendRate::Kind::bits, 500'000'000};
  wanted.rate_down = SendRate{};
  CHECK(codes(wanted, wanted).empty());
  TestParams granted = wanted;
  granted.rate_up.value = 100'000'000;
  CHECK(codes(wanted, granted) ==
        "rate_lowered: the server grants 100.0 Mb/s up of the 500.0 Mb/s that were asked for (its "
        "--max-rate)\n");
  granted.rate_up = wanted.rate_up;
  granted.rate_down = SendRate{SendRate::Kind::bits, 2'000'000};
  CHECK(codes(wanted, granted) ==
        "rate_lowered: the server grants 2.000 Mb/s down (its --max-rate)\n");
  wanted.direction = granted.direction = Direction::up;
  CHECK(codes(wanted, granted).empty());  // of a way that does not run

  wanted.rate_up = SendRate{SendRate::Kind::packets, 125'000};  // 125 a second: 1 Mbit/s
  granted.rate_up = SendRate{SendRate::Kind::bits, payload_bps(wanted, Way::up, wanted.rate_up)};
  CHECK(codes(wanted, granted).empty());
  wanted.amount = Amount{0, 0, kForever};
  granted.amount = Amount{0, 0, 60s};
  CHECK(codes(wanted, granted) ==
        "duration_lowered: the server ends the test after 60.0 s (its --max-duration)\n");
}

TEST_CASE("a grant of anything else than what was asked for is told", "[session]") {
  using Change = void (*)(TestParams&);
  const std::vector<Change> changes{
      [](TestParams& granted) { granted.direction = Direction::both; },
      [](TestParams& granted) { granted.streams = 16; },
      [](TestParams& granted) { granted.rate_up = SendRate{}; },
      [](TestParams& granted) { granted.amount.duration = 300s; },
      [](TestParams& granted) { granted.dscp = 63; },
      [](TestParams& granted) { granted.rate_up.value += 1; },
      [](TestParams& granted) {
        granted.rate_up = SendRate{SendRate::Kind::packets, 126'000};
      },
      [](TestParams& granted) { granted.payload_bytes += 1; },
      [](TestParams& granted) {
        granted.amount = Amount{0, 1000, Duration{0}};
      },
      [](TestParams& granted) { granted.ecn = 1; },
      [](TestParams& granted) { granted.interval = 10ms; },
      [](TestParams& granted) {
        granted.rate_up = SendRate{SendRate::Kind::adjusted, 1'000'000};
      },
      [](TestParams& granted) { granted.df = DontFragment::on; },
      [](TestParams& granted) { granted.payload = PayloadKind::zero; },
  };
  for (std::size_t i = 0; i < changes.size(); ++i) {
    CAPTURE(i);
    TestParams granted = asked();
    changes[i](granted);
    CHECK(more_than_asked(asked(), granted));
  }
}

TEST_CASE("a server that does not know shapes is told apart before it is asked", "[session]") {
  TestParams shaped = asked();
  shaped.shape_up.spacing = Spacing::poisson;
  Talk old{5s, shaped};
  old.challenge(1, kStart + 1ms, wire::kCapStreams | wire::kCapDown);
  REQUIRE(old.client.failed());
  CHECK(old.client.error().code == ErrorCode::refused);
  CHECK_THAT(old.client.error().what, ContainsSubstring("later udperf"));
  CHECK_FALSE(old.client.poll_transmit());

  Talk able{5s, shaped};
  able.challenge(1, kStart + 1ms, wire::kCapTraffic);
  REQUIRE_FALSE(able.client.failed());
  CHECK(type_of(*able.client.poll_transmit()) == MessageType::request);
  TestParams evened = shaped;
  evened.shape_up = {};
  able.accept(evened, kStart + 2ms);
  CHECK(able.client.failed());  // what it grants is not what was asked for

  Talk plain{5s};
  plain.challenge(1, kStart + 1ms, 0);
  CHECK_FALSE(plain.client.failed());
}

TEST_CASE("who asked for a warm-up is told that it counts", "[session]") {
  const auto refusal = [](Duration omit) {
    TestParams params = asked();
    params.omit = omit;
    Talk talk{5s, params};
    wire::Reject reject;
    reject.nonce = talk.nonce;
    reject.reason = wire::RejectReason::duration;
    reject.limit = 2'000'000'000;
    talk.client.on_datagram(wire::encode(MessageType::reject, 0, 0, reject), kStart + 1ms);
    REQUIRE(talk.client.failed());
    return talk.client.error().what;
  };
  CHECK_THAT(refusal(1s),
             ContainsSubstring("at most 2.00 s") && ContainsSubstring("--omit counts"));
  CHECK_THAT(refusal(0s), !ContainsSubstring("--omit"));
}

TEST_CASE("a grant must not make a test last for days", "[session]") {
  TestParams sized = asked();
  sized.amount = Amount{25'000'000, 0, Duration{0}};
  TestParams slow = sized;
  slow.rate_up.value = 100;
  CHECK(more_than_asked(sized, slow));
  slow.rate_up.value = 100'000;
  CHECK_FALSE(more_than_asked(sized, slow));
}

TEST_CASE("a client does not run a test that it has not asked for", "[session]") {
  Talk talk{5s};
  talk.challenge(1, kStart);
  TestParams more = asked();
  more.direction = Direction::both;
  more.streams = 16;
  talk.accept(more, kStart + 1ms);

  CHECK_FALSE(talk.client.done());
  REQUIRE(talk.client.failed());
  CHECK(talk.client.error().code == ErrorCode::refused);
  CHECK_THAT(talk.client.error().what, ContainsSubstring("not asked for"));
}

TEST_CASE("a grant that is dearer to look at than what was asked for ends the attempt at once",
          "[session][hostile]") {
  Talk talk{5s};
  talk.challenge(1, kStart);
  TestParams dear = asked();  // no size of these frames can be shared: nothing to find out
  dear.payload_bytes = kDataHeaderBytes;
  dear.amount = Amount{(std::uint64_t{1} << 60U), 0, Duration{0}};
  dear.rate_up.value = 3'000'000'000;
  dear.shape_up.spacing = Spacing::frames;
  dear.shape_up.frames.per_1000_s = 4000;
  talk.accept(dear, kStart + 10ms);
  REQUIRE(talk.client.failed());
  CHECK(talk.client.error().code == ErrorCode::refused);
  CHECK_THAT(talk.client.error().what, ContainsSubstring("not asked for"));
}

TEST_CASE("a warm-up is not asked of a server that does not know any", "[session]") {
  TestParams params = asked();
  params.omit = 1s;
  const bool knows = GENERATE(false, true);
  Talk talk{5s, params};
  talk.challenge(1, kStart);
  talk.said(kStart, kStart + 20ms);
  wire::Accept message;
  message.nonce = talk.nonce;
  message.params = asked();  // a grant does not repeat it
  message.capabilities = knows ? wire::kCapOmit : 0U;
  talk.client.on_datagram(wire::encode(MessageType::accept, 77, 0, message), kStart + 30ms);
  CHECK(talk.client.done() == knows);
  CHECK(talk.client.failed() != knows);
  if (knows) {
    CHECK(talk.client.accept().params.omit == 1s);
  } else {
    CHECK(talk.client.error().code == ErrorCode::refused);
    CHECK_THAT(talk.client.error().message(), ContainsSubstring("leave out --omit"));
  }
}

TEST_CASE("a warm-up of shaped traffic is asked only of a server that has any", "[session]") {
  TestParams params = asked();
  params.omit = 1s;
  if (GENERATE(false, true)) {
    params.shape_up.spacing = Spacing::poisson;
  } else {
    params.header = HeaderKind::compact;
  }
  const std::uint32_t usual =
      wire::kCapStreams | wire::kCapDown | wire::kCapTraffic | wire::kCapCompact;
  Talk old{5s, params};
  old.challenge(1, kStart + 1ms, usual);
  REQUIRE(old.client.failed());
  CHECK(old.client.error().code == ErrorCode::refused);
  CHECK_THAT(old.client.error().what, ContainsSubstring("leave out --omit"));
  CHECK_FALSE(old.client.poll_transmit());

  Talk later{5s, params};
  later.challenge(1, kStart + 1ms, usual | wire::kCapOmitAny);
  CHECK_FALSE(later.client.failed());
}

TEST_CASE("a client whose cookie grows old asks for another", "[session]") {
  Talk talk{60s};
  talk.challenge(1, kStart);
  auto said = talk.said(kStart, kStart + 6s);
  REQUIRE_FALSE(said.empty());
  for (const auto& datagram : said) {
    CHECK(type_of(datagram) == MessageType::request);
  }
  said = talk.said(kStart + 6s, kStart + 12s);
  REQUIRE(type_of(said.back()) == MessageType::hello);

  talk.challenge(2, kStart + 12s);
  said = talk.said(kStart + 12s, kStart + 13s);
  REQUIRE_FALSE(said.empty());
  CHECK(type_of(said.front()) == MessageType::request);
  CHECK(wire::decode<wire::Request>(said.front())->cookie[0] == std::byte{2});
  CHECK(wire::decode<wire::Request>(said.front())->nonce == talk.nonce);
  talk.accept(asked(), kStart + 13s);
  CHECK(talk.client.done());
}

TEST_CASE("one forged ICMP message ends no handshake with a server that is there", "[session]") {
  Talk talk{5s};
  talk.challenge(1, kStart + 1ms);
  const auto refuse = [&talk](int times) {
    for (int i = 0; i < times; ++i) {
      talk.client.on_refused();
    }
    talk.client.on_unreachable("no route");
  };
  refuse(1);
  talk.said(kStart, kStart + 2s);
  CHECK_FALSE(talk.client.failed());

  SECTION("the session comes about") {
    talk.accept(asked(), kStart + 2s);
    CHECK(talk.client.done());
  }
  SECTION("a server that really has gone is told so before the time is over") {
    refuse(2);
    talk.said(kStart + 2s, kStart + 3s);
    REQUIRE(talk.client.failed());
    CHECK(talk.client.obstacle() == session::Obstacle::nothing_listens);
  }
}

TEST_CASE("a stream joins although one ICMP message says that nobody is there", "[session]") {
  test::SeededRandom random{1};
  ClientHandshake::Settings settings{asked(), std::nullopt, 5s, std::nullopt, std::nullopt};
  SECTION("but a first stream believes it, before anything was heard") {
    ClientHandshake first{settings, random, kStart};
    first.on_refused();
    CHECK(first.failed());
  }
  settings.joining.emplace();
  ClientHandshake join{settings, random, kStart};
  join.on_refused();
  join.on_unreachable("no route");
  join.on_timer(kStart + 1s);
  CHECK_FALSE(join.failed());
  join.on_refused();
  join.on_refused();
  join.on_timer(kStart + 1s);
  CHECK(join.failed());
}

TEST_CASE("a round trip of seconds is called that", "[session]") {
  Talk talk{5s};
  talk.said(kStart, kStart + 3s);
  talk.challenge(1, kStart + 3s);
  talk.said(kStart + 3s, kStart + 6s);
  REQUIRE(talk.client.failed());
  CHECK_THAT(talk.client.error().what, ContainsSubstring("--connect-timeout"));
}
