// Clients that send more than they were granted.

#include <string>

#include "sim/sim_peer.hpp"
#include "support/catch.hpp"

using namespace std::chrono_literals;
using namespace udperf;
using udperf::test::SimNetwork;
using udperf::test::SimPeer;
using udperf::test::SimWorld;

namespace {

/// Datagrams of 1000 bytes at 50 kbit/s.
TestParams slow_up(Duration time) {
  TestParams params;
  params.direction = Direction::up;
  params.payload_bytes = 1000;
  params.amount.duration = time;
  params.rate_up = SendRate{SendRate::Kind::bits, 50'000};
  return params;
}

}  // namespace

TEST_CASE("who sends faster than was granted is stopped where rates are limited", "[sim]") {
  const bool limited = GENERATE(true, false);
  engine::ServerOptions options;
  if (limited) {
    options.max_rate = BitRate::bits_per_second(50'000);
  }
  SimWorld world{11, options};
  const auto params = slow_up(60s);
  SimPeer peer{world, SimNetwork::endpoint(2, 7777), params};
  REQUIRE(peer.granted());
  peer.go();
  std::uint64_t number = 0;
  peer.live(21s, true, [&] { peer.data(number++); });  // 400 kbit/s

  CHECK(world.server->sessions().count() == (limited ? 0 : 1));
  if (limited) {
    REQUIRE(world.server->observer().closed.size() == 1);
    CHECK(world.server->observer().closed[0].reason.find("faster than it was granted") !=
          std::string::npos);
  }
}

TEST_CASE("copies, datagrams of another length and a trace are no way around the rate", "[sim]") {
  const auto kind = GENERATE(as<std::string>{}, "late copies", "a byte short", "a trace");
  CAPTURE(kind);
  engine::ServerOptions options;
  options.max_rate = BitRate::bits_per_second(50'000);
  SimWorld world{12, options};
  auto params = slow_up(20s);
  if (kind == "a trace") {
    params.shape_up.spacing = Spacing::trace;
    params.shape_up.sizes[0] = {1000, 1};
  }
  SimPeer peer{world, SimNetwork::endpoint(2, 7777), params};
  REQUIRE(peer.granted());
  peer.go();
  std::uint64_t number = 0;
  peer.live(21s, true, [&] {  // 400 kbit/s
    if (kind == "a trace") {
      peer.data(number++);
    } else if (kind == "late copies") {
      peer.data(number == 0 ? number++ : 0);
    } else {
      peer.data(number++, 999);
    }
  });
  REQUIRE(world.server->observer().closed.size() == 1);
  CHECK(world.server->observer().closed[0].reason.find("faster than it was granted") !=
        std::string::npos);
}

TEST_CASE("who is to send nothing is stopped when it sends more than talk takes", "[sim]") {
  const auto kind =
      GENERATE(as<std::string>{}, "feedback", "data", "data and a trace", "what it calls feedback");
  CAPTURE(kind);
  const bool floods = kind != "feedback";
  engine::ServerOptions options;
  options.max_rate = BitRate::bits_per_second(1'000'000);
  SimWorld world{13, options};
  auto params = slow_up(60s);
  params.direction = Direction::down;
  std::swap(params.rate_up, params.rate_down);
  if (kind == "data and a trace") {
    params.shape_up.spacing = Spacing::trace;
    params.shape_up.sizes[0] = {100, 1};
  }
  SimPeer peer{world, SimNetwork::endpoint(2, 7777), params};
  REQUIRE(peer.granted());
  peer.go();
  wire::Feedback feedback;
  peer.live(11s, true, [&] {
    auto long_one = wire::encode(wire::MessageType::feedback, peer.session(), 0, feedback);
    long_one.resize(1400);
    for (int i = 0; i < 150 && floods; ++i) {  // 84 Mbit/s
      if (kind == "what it calls feedback") {
        peer.send(long_one);
      } else {
        peer.data(feedback.number, 1400);
      }
    }
    ++feedback.number;
    peer.say(wire::MessageType::feedback, feedback);
  });
  CHECK(world.server->sessions().count() == (floods ? 0 : 1));
  if (floods) {
    REQUIRE(world.server->observer().closed.size() == 1);
    CHECK(world.server->observer().closed[0].reason.find("faster than it was granted") !=
          std::string::npos);
  }
}
