#include "result/document.hpp"
#include "sim/sim_world.hpp"
#include "support/catch.hpp"

using namespace std::chrono_literals;
using udperf::test::SimClient;
using udperf::test::SimWorld;

namespace {

using namespace udperf;

SimClient::Options half_a_second(Direction direction) {
  SimClient::Options options;
  options.params.direction = direction;
  options.params.payload_bytes = 200;
  options.params.amount.duration = 500ms;
  options.params.rate_up = SendRate{SendRate::Kind::packets, 500'000};
  options.params.rate_down = options.params.rate_up;
  return options;
}

void check_identities(const TestOutcome& outcome) {
  CHECK(result::violated_identity(result::build_result(outcome)).value_or("none") == "none");
}

}  // namespace

TEST_CASE("the client ends in time whenever the server dies", "[sim]") {
  for (unsigned seed = 1; seed <= 120; ++seed) {
    CAPTURE(seed);
    SimWorld world{seed};
    world.network.icmp = seed % 2 == 0;
    world.network.up.delay = 2ms;
    world.network.down.delay = 2ms;
    const auto direction = static_cast<Direction>(1 + seed % 3);
    SimClient& client = world.add_client(half_a_second(direction));
    const Duration death = std::chrono::milliseconds{world.network.random().between(0, 700)};
    world.run(death, [&client] { return client.done(); });
    if (client.done()) {
      continue;
    }
    const MonoTime died = world.clock.now();
    const bool connected = client.connected();

    world.server.reset();

    REQUIRE(world.run_clients(30s));
    CAPTURE(death.count(), connected);
    CHECK(client.done_at() - died < (connected ? 8s : 6s));
    // Once the last report has arrived the server is not needed any more.
    if (client.outcome().status != TestStatus::complete || death < 500ms) {
      CHECK(client.outcome().status != TestStatus::complete);
      CHECK(client.outcome().error);
    }
    check_identities(client.outcome());
  }
}

TEST_CASE("the server frees the session and falls silent whenever the client dies", "[sim]") {
  for (unsigned seed = 1; seed <= 120; ++seed) {
    CAPTURE(seed);
    SimWorld world{seed};
    world.network.icmp = seed % 2 == 0;
    world.network.up.delay = 2ms;
    world.network.down.delay = 2ms;
    const auto direction = static_cast<Direction>(1 + seed % 3);
    SimClient& client = world.add_client(half_a_second(direction));
    const Duration death = std::chrono::milliseconds{world.network.random().between(0, 700)};
    world.run(death, [&client] { return client.done(); });
    const MonoTime died = world.clock.now();

    world.clients.clear();

    // A client that never said GO holds its place for ten seconds: that costs nothing but a socket.
    REQUIRE(world.run(12s, [&world] { return world.server->sessions().count() == 0; }));
    CAPTURE(death.count());
    if (world.server->observer().opened > 0) {
      CHECK(world.network.truth(false).last_sent - died <= 3s);
    }
    SimClient& next = world.add_client(half_a_second(direction));
    REQUIRE(world.run_clients(10s));
    CHECK(next.outcome().status == TestStatus::complete);
  }
}

TEST_CASE("a download stops within a second of the client being cut off", "[sim]") {
  for (unsigned seed = 1; seed <= 20; ++seed) {
    CAPTURE(seed);
    SimWorld world{seed};
    world.network.icmp = false;
    auto options = half_a_second(Direction::down);
    options.params.amount.duration = 20s;
    world.add_client(options);
    world.run(std::chrono::milliseconds{200 + 10 * seed}, [] { return false; });
    const MonoTime cut = world.clock.now();
    MonoTime last_data{};
    world.network.up.drop_if = [](const auto&) { return true; };
    world.network.down.drop_if = [&](const wire::CommonHeader& header) {
      last_data = header.type == wire::MessageType::data ? world.clock.now() : last_data;
      return true;
    };

    world.run(6s, [] { return false; });

    CHECK(last_data - cut <= 1100ms);
    CHECK(world.network.truth(false).last_sent - cut <= 3s);
    CHECK(world.server->sessions().count() == 0);
  }
}

TEST_CASE("an interrupted test gives a partial result whose books balance", "[sim]") {
  for (unsigned seed = 1; seed <= 120; ++seed) {
    CAPTURE(seed);
    SimWorld world{seed};
    world.network.up.delay = 2ms;
    world.network.down.delay = 2ms;
    world.network.up.drop_data = 0.1;
    world.network.down.drop_data = 0.1;
    SimClient& client = world.add_client(half_a_second(static_cast<Direction>(1 + seed % 3)));
    world.run(std::chrono::milliseconds{world.network.random().between(0, 500)},
              [&client] { return client.done(); });
    const MonoTime asked = world.clock.now();

    client.interrupt();

    REQUIRE(world.run_clients(10s));
    CHECK(client.done_at() - asked < 3s);
    check_identities(client.outcome());
    if (client.outcome().up && !client.outcome().up->streams.empty() &&
        client.outcome().status == TestStatus::interrupted) {
      const auto& stream = client.outcome().up->streams[0];
      if (stream.tx && stream.rx) {
        CHECK(stream.tx->packets == stream.rx->unique + stream.rx->lost);
      }
    }
    CHECK(world.run(12s, [&world] { return world.server->sessions().count() == 0; }));
  }
}

TEST_CASE("a client that stands still for two seconds comes back to its upload", "[sim]") {
  SimWorld world{7};
  auto options = half_a_second(Direction::up);
  options.params.amount.duration = 4s;
  SimClient& client = world.add_client(options);
  world.run(500ms, [] { return false; });
  auto stopped = std::move(world.clients.front());
  world.clients.clear();
  world.run(2s, [] { return false; });
  world.clients.push_back(std::move(stopped));

  REQUIRE(world.run_clients(20s));

  CHECK(client.outcome().status == TestStatus::complete);
  CHECK(client.outcome().up->streams[0].tx->pacing_skipped > 900);
}
