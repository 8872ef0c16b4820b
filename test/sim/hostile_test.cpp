// Peers that keep to the handshake and to nothing afterwards, against a server on simulated time.

#include <optional>
#include <vector>

#include "sim/sim_peer.hpp"
#include "support/catch.hpp"

using namespace std::chrono_literals;
using udperf::test::SimNetwork;
using udperf::test::SimPeer;
using udperf::test::SimWorld;

namespace {

using namespace udperf;
using wire::MessageType;

TestParams one_second(Direction direction) {
  TestParams params;
  params.direction = direction;
  params.payload_bytes = 100;
  params.amount.duration = 1s;
  params.rate_up = SendRate{SendRate::Kind::bits, 1'000'000};
  params.rate_down = params.rate_up;
  return params;
}

Endpoint v6(std::uint8_t network, std::uint8_t host) {
  Endpoint out;
  out.address = parse_ip_address("2001:db8::").value();
  out.address.bytes[7] = network;
  out.address.bytes[15] = host;
  out.port = 7000;
  return out;
}

}  // namespace

TEST_CASE("the granted time and the drain are a hard end, whatever the client goes on saying",
          "[sim]") {
  const auto direction = GENERATE(Direction::up, Direction::down, Direction::both);
  SimWorld world{1};
  SimPeer peer{world, SimNetwork::endpoint(2, 7777), one_second(direction)};
  REQUIRE(peer.granted());
  peer.go();
  std::uint64_t number = 0;
  wire::Feedback feedback;
  peer.live(14s, true, [&] {
    peer.data(number++);
    feedback.number = number;
    peer.say(MessageType::feedback, feedback);
    peer.say(MessageType::probe, wire::Probe{number, 0, 0});
    peer.say(MessageType::fin, wire::Fin{});
  });

  CHECK(world.server->sessions().count() == 0);
}

TEST_CASE("who says done, but not how much it sent, has not had a complete test", "[sim]") {
  const bool says_fin = GENERATE(true, false);
  SimWorld world{7};
  SimPeer peer{world, SimNetwork::endpoint(2, 7777), one_second(Direction::up)};
  REQUIRE(peer.granted());
  peer.go();
  std::uint64_t number = 0;
  peer.live(100ms, true, [&] { peer.data(number++); });
  if (says_fin) {
    wire::Fin fin;
    fin.report.packets = number;
    fin.report.payload_bytes = 100 * number;
    fin.report.batches = number;
    peer.say(MessageType::fin, fin);
    peer.live(500ms, true, [] {});
  }
  peer.say(MessageType::bye, wire::Bye{wire::ByeReason::done});
  peer.live(500ms, true, [] {});

  const auto& closed = world.server->observer().closed;
  REQUIRE(closed.size() == 1);
  INFO(closed[0].reason);
  CHECK((closed[0].status == TestStatus::complete) == says_fin);
}

TEST_CASE("who delays its answers gains the round trip that it feigns, five seconds at most",
          "[sim]") {
  SimWorld world{8};
  auto params = one_second(Direction::up);
  params.amount.duration = 60s;
  SimPeer peer{world, SimNetwork::endpoint(2, 7777), params};
  REQUIRE(peer.granted());
  std::uint64_t number = 0;
  const auto talk = [&] {
    peer.data(number++);
    wire::Feedback feedback;
    feedback.number = number;
    peer.say(MessageType::feedback, feedback);
  };
  peer.live(3s, false, [] {});  // its first word after ACCEPT
  peer.go();
  const MonoTime begun = world.clock.now();
  peer.live(12s, false, talk);

  CHECK(peer.last_feedback > begun + 3500ms);  // it does gain
  CHECK(peer.last_feedback <= begun + 8500ms);
  CHECK(world.server->sessions().count() == 0);
}

TEST_CASE("who feigns a long path keeps a place without a test four round trips longer", "[sim]") {
  SimWorld world{9};
  SimPeer peer{world, SimNetwork::endpoint(2, 7777), one_second(Direction::up)};
  REQUIRE(peer.granted());
  const MonoTime opened = world.clock.now();
  const auto talk = [&] { peer.say(MessageType::probe, wire::Probe{1, 0, 0}); };
  peer.live(4s, false, [] {});  // its first word after ACCEPT
  peer.live(21900ms, false, talk);

  CHECK(world.server->sessions().count() == 1);
  peer.live(opened + 10s + 4 * 4s + 500ms - world.clock.now(), false, talk);
  CHECK(world.server->sessions().count() == 0);
}

TEST_CASE("who does not answer the server's probes is not sent to any more", "[sim]") {
  // All that a third host could forge who knows the session: valid DATA, FEEDBACK and probes.
  const auto direction = GENERATE(Direction::up, Direction::down, Direction::both);
  SimWorld world{2};
  auto params = one_second(direction);
  params.amount.duration = 60s;
  SimPeer peer{world, SimNetwork::endpoint(2, 7777), params};
  REQUIRE(peer.granted());
  peer.go();
  std::uint64_t number = 0;
  const MonoTime begun = world.clock.now();
  peer.live(8s, false, [&] {
    peer.data(number++);
    wire::Feedback feedback;
    feedback.number = number;
    peer.say(MessageType::feedback, feedback);
    peer.say(MessageType::probe, wire::Probe{number, 0, 0});
    wire::ProbeReply guess;  // to probes that it has never seen
    guess.id = number;
    peer.say(MessageType::probe_reply, guess);
  });

  CHECK(world.server->sessions().count() == 0);
  CHECK(peer.last_feedback <= begun + 3500ms);
}

TEST_CASE("feedback whose token is wrong is no licence to send", "[sim]") {
  SimWorld world{3};
  auto params = one_second(Direction::down);
  params.amount.duration = 60s;
  SimPeer peer{world, SimNetwork::endpoint(2, 7777), params};
  REQUIRE(peer.granted());
  peer.go();
  std::uint64_t number = 0;
  peer.live(4s, true, [&] {
    wire::Feedback feedback;
    feedback.number = ++number;
    feedback.has_echo = true;
    feedback.echo_batch = static_cast<std::uint32_t>(peer.data_in);
    feedback.echo_token = static_cast<std::uint16_t>(number);
    peer.say(MessageType::feedback, feedback);
  });
  const std::uint64_t sent = peer.data_in;
  peer.live(2s, true, [] {});

  CHECK(peer.data_in == sent);
  CHECK(sent <= 2600);  // two seconds at most of 1250 a second
}

TEST_CASE("answers are never more than three times what was asked, whatever is asked", "[sim]") {
  SimWorld world{4};
  auto params = one_second(Direction::up);
  params.interval = 10ms;
  SimPeer peer{world, SimNetwork::endpoint(2, 7777), params};
  REQUIRE(peer.granted());
  peer.go();
  peer.data(0);
  world.run(20ms, [] { return false; });
  TxReport sent;
  sent.packets = 1;
  sent.payload_bytes = 100;
  const std::uint64_t handshake = 2 * 512 - 71 - 162;
  SECTION("REPORT_PULL") {
    peer.say(MessageType::fin, wire::Fin{sent, 0});
    peer.live(6s, true, [&] {
      for (int i = 0; i < 50; ++i) {
        peer.say(MessageType::report_pull, wire::ReportPull{0, 32});
      }
    });
  }
  SECTION("FIN") {
    peer.live(6s, true, [&] {
      for (int i = 0; i < 10; ++i) {
        peer.say(MessageType::fin, wire::Fin{sent, 0});
      }
    });
  }
  SECTION("PROBE that asks for more than it brings") {
    peer.live(6s, true, [&] { peer.say(MessageType::probe, wire::Probe{1, 0, 1472}); });
  }
  SECTION("GO") {
    peer.live(6s, true, [&] { peer.go(); });
  }
  CAPTURE(peer.bytes_out, peer.bytes_in);
  CHECK(peer.bytes_in > 0);
  CHECK(peer.bytes_in <= 3 * (peer.bytes_out + handshake));
}

TEST_CASE("before GO, too, a small question brings no large answer for ever", "[sim]") {
  SimWorld world{5};
  SimPeer peer{world, SimNetwork::endpoint(2, 7777), one_second(Direction::down)};
  REQUIRE(peer.granted());
  peer.live(4s, true, [&] {
    for (int i = 0; i < 20; ++i) {
      peer.say(MessageType::probe, wire::Probe{1, 0, 1472});
    }
  });
  CHECK(peer.bytes_in <= 3 * (peer.bytes_out + 2 * 512));
}

TEST_CASE("a client names a few sizes in vain, and no more", "[sim]") {
  SimWorld world{22};
  TestParams params = one_second(Direction::up);
  params.payload_bytes = 1100;
  params.shape_up.sizes[0] = {1000, 1};
  SimPeer peer{world, SimNetwork::endpoint(2, 7777), params};
  REQUIRE(peer.granted());
  const std::uint32_t tries = GENERATE(3U, 8U);
  for (std::uint32_t size = 500; size < 500 + tries; ++size) {
    peer.go(size);  // the mix does not fit
  }
  peer.live(100ms, false, [&] { peer.go(1050); });
  CHECK(peer.going == (tries < 8));
  peer.live(100ms, false, [&] { peer.go(1100); });  // as granted: always good
  CHECK(peer.going);
}

TEST_CASE("a stream does not join from the port of another", "[sim]") {
  SimWorld world{10};
  auto params = one_second(Direction::up);
  params.streams = 2;
  SimPeer peer{world, SimNetwork::endpoint(2, 7777), params};
  REQUIRE(peer.granted());
  CHECK_FALSE(peer.joins_from_own_port(1));
  CHECK(peer.heard_join);
  CHECK(world.server->sessions().count() == 1);
}

TEST_CASE("addresses of one IPv6 /64 share what an address may have", "[sim]") {
  engine::ServerOptions options;
  options.max_sessions_per_address = 2;
  SimWorld world{6, options};
  const SimPeer first{world, v6(1, 1), one_second(Direction::up)};
  const SimPeer second{world, v6(1, 2), one_second(Direction::up)};
  const SimPeer third{world, v6(1, 3), one_second(Direction::up)};
  const SimPeer elsewhere{world, v6(2, 1), one_second(Direction::up)};
  CHECK(first.granted());
  CHECK(second.granted());
  CHECK_FALSE(third.granted());
  CHECK(elsewhere.granted());
}

TEST_CASE("when to come again is true: before and after a test's time", "[sim]") {
  engine::ServerOptions options;
  options.exclusive = true;
  SimWorld world{7, options};
  auto params = one_second(Direction::up);
  params.amount.duration = 10s;
  SimPeer holder{world, SimNetwork::endpoint(2, 7777), params};
  holder.go();
  std::uint64_t number = 0;
  const auto hold = [&](Duration time) { holder.live(time, true, [&] { holder.data(number++); }); };
  hold(4s);
  const SimPeer early{world, SimNetwork::endpoint(3, 1), params};
  REQUIRE(early.retry_after_ms());
  CHECK(*early.retry_after_ms() > 6000);
  CHECK(*early.retry_after_ms() < 7000);
  hold(8s);  // its time is over, but it goes on
  const SimPeer late{world, SimNetwork::endpoint(3, 2), params};
  REQUIRE(late.retry_after_ms());
  hold(Duration{std::chrono::milliseconds{*late.retry_after_ms()}} + 100ms);
  const SimPeer next{world, SimNetwork::endpoint(3, 3), params};
  CHECK(next.granted());
}

TEST_CASE("a server with a key is silent to who says again what he has heard", "[sim]") {
  engine::ServerOptions options;
  options.key.emplace().fill(std::byte{'k'});
  SimWorld world{8, options};
  crypto::Key key{};
  key.fill(std::byte{'k'});
  std::vector<std::vector<std::byte>> heard;
  world.network.on_send = [&](const Endpoint&, const Endpoint& to,
                              std::span<const std::byte> bytes) {
    if (to == world.network.server) {
      heard.emplace_back(bytes.begin(), bytes.end());
    }
  };
  const Endpoint client = SimNetwork::endpoint(2, 7777);
  SimPeer peer{world, client, one_second(Direction::up), key};
  REQUIRE(peer.granted());
  const auto said = std::exchange(heard, {});
  std::uint64_t answers = 0;
  const Endpoint victim = SimNetwork::endpoint(9, 9);
  world.network.on_send = [&](const Endpoint& from, const Endpoint& to,
                              std::span<const std::byte> bytes) {
    const auto header = wire::decode_common(bytes);
    const bool path_validation = header && header->type == MessageType::probe;
    answers += from == world.network.server && (to == victim || (to == client && !path_validation));
  };
  for (const auto& bytes : said) {
    world.network.send(victim, world.network.server, bytes);
    auto unsealed = bytes;
    unsealed[7] = std::byte{0};
    unsealed.resize(bytes.size() - wire::kTrailerBytes);
    world.network.send(client, world.network.server, unsealed);  // at the session's own socket
    world.run(20ms, [] { return false; });
  }

  CHECK(said.size() >= 2);  // HELLO and REQUEST
  CHECK(answers == 0);
}
