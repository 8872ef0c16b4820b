#include "result/document.hpp"
#include "sim/sim_world.hpp"
#include "support/catch.hpp"

using namespace std::chrono_literals;
using udperf::test::SimClient;
using udperf::test::SimWorld;

namespace {

using namespace udperf;

SimClient::Options sized(Direction direction, std::uint16_t streams) {
  SimClient::Options options;
  options.params.direction = direction;
  options.params.streams = streams;
  options.params.payload_bytes = 1472;
  options.params.amount.packets = 400;
  options.auto_packet_size = true;
  return options;
}

}  // namespace

TEST_CASE("each direction's packet size is found and data fits the smaller one", "[sim][mtu]") {
  const auto direction = GENERATE(Direction::up, Direction::down, Direction::both);
  const bool keyed = GENERATE(false, true);
  for (unsigned seed = 1; seed <= 40; ++seed) {
    CAPTURE(seed, keyed);
    engine::ServerOptions server;
    auto options = sized(direction, static_cast<std::uint16_t>(1 + seed % 4));
    if (keyed) {
      server.key.emplace().fill(std::byte{'k'});
      options.key = server.key;
    }
    SimWorld world{seed, server};
    auto& random = world.network.random();
    auto& up = world.network.up;
    auto& down = world.network.down;
    up.delay = down.delay = std::chrono::milliseconds{random.between(0, 40)};
    up.max_payload = static_cast<std::size_t>(random.between(1200, 1472));
    down.max_payload = static_cast<std::size_t>(random.between(1200, 1472));
    up.told_mtu = random.chance(0.5) ? static_cast<std::uint32_t>(up.max_payload + 28) : 0;
    down.told_mtu = random.chance(0.5) ? static_cast<std::uint32_t>(down.max_payload + 28) : 0;
    SimClient& client = world.add_client(options);

    REQUIRE(world.run_clients(20s));

    const TestOutcome& outcome = client.outcome();
    REQUIRE(outcome.status == TestStatus::complete);
    std::size_t smallest = 1472;
    for (const Way way : {Way::up, Way::down}) {
      const auto& mtu = way == Way::up ? outcome.mtu_up : outcome.mtu_down;
      const auto& path = way == Way::up ? up : down;
      REQUIRE(mtu.has_value() == includes(direction, way));
      if (mtu) {
        CHECK(mtu->payload_bytes == path.max_payload);
        CHECK(mtu->exact);
        CHECK(mtu->icmp_seen == (path.told_mtu != 0 && path.max_payload < 1472));
        smallest = std::min(smallest, path.max_payload);
      }
    }
    CHECK(outcome.params.payload_bytes == smallest);
    const auto document = result::build_result(outcome);
    CHECK_FALSE(result::violated_identity(document));
    CHECK(document.loss_percent == 0.0);
  }
}

TEST_CASE("loss makes the size smaller at worst, and the test still runs", "[sim][mtu]") {
  for (unsigned seed = 1; seed <= 100; ++seed) {
    CAPTURE(seed);
    SimWorld world{seed};
    for (auto* path : {&world.network.up, &world.network.down}) {
      path->delay = 10ms;
      path->drop_control = 0.3;
      path->max_payload = 1372;
    }
    SimClient& client = world.add_client(sized(Direction::both, 2));

    REQUIRE(world.run_clients(60s));

    const TestOutcome& outcome = client.outcome();
    if (outcome.status == TestStatus::complete && outcome.mtu_up->payload_bytes &&
        outcome.mtu_down->payload_bytes) {
      CHECK(outcome.params.payload_bytes <= 1372);
      CHECK(result::build_result(outcome).loss_percent == 0.0);
    }
  }
}
