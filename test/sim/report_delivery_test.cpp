// Reports that are long, lost or slow: whoever asks for one has the whole of it before BYE.

#include <algorithm>
#include <string>

#include "result/document.hpp"
#include "sim/sim_world.hpp"
#include "support/catch.hpp"

using namespace std::chrono_literals;
using udperf::test::SimClient;
using udperf::test::SimWorld;

namespace {

using namespace udperf;
using wire::MessageType;

struct Scene {
  Direction direction = Direction::both;
  std::uint16_t streams = 1;
  Duration duration = 500ms;
  Duration interval = 10ms;
  double loss = 0.3;  ///< of what ends a test, and of its data
  Duration one_way = 100ms;
  std::uint64_t slow_bps = 0;  ///< how fast both hosts read; 0 = at once
};

bool ends_a_test(MessageType type) {
  return type == MessageType::fin || type == MessageType::fin_ack || type == MessageType::report ||
         type == MessageType::report_pull;
}

void impair(SimWorld& world, const Scene& scene) {
  for (test::Impairment* path : {&world.network.up, &world.network.down}) {
    path->delay = scene.one_way;
    path->drop_data = scene.loss;
    path->drop_if = [&random = world.network.random(), loss = scene.loss](const auto& header) {
      return ends_a_test(header.type) && random.chance(loss);
    };
  }
  world.network.server_socket.drain_bps = scene.slow_bps;
  world.network.client_socket.drain_bps = scene.slow_bps;
}

SimClient::Options test_of(const Scene& scene) {
  SimClient::Options options;
  options.params.direction = scene.direction;
  options.params.streams = scene.streams;
  options.params.payload_bytes = 100;
  options.params.amount.duration = scene.duration;
  options.params.interval = scene.interval;
  options.params.rate_up = SendRate{SendRate::Kind::packets, 20'000U * scene.streams};
  options.params.rate_down = options.params.rate_up;
  return options;
}

/// What there is of a way's reports at one end.
struct Kept {
  std::size_t whole = 0;
  std::size_t streams = 0;
};

Kept reports_of(const std::optional<WayOutcome>& way) {
  Kept kept;
  if (way) {
    kept.streams = way->streams.size();
    kept.whole = static_cast<std::size_t>(
        std::count_if(way->streams.begin(), way->streams.end(),
                      [](const StreamOutcome& stream) { return stream.rx && stream.tx; }));
  }
  return kept;
}

/// Both ends have every report of every way, and call the test complete.
void check_delivered(std::uint64_t seed, const Scene& scene) {
  CAPTURE(seed, static_cast<int>(scene.direction), scene.streams, scene.duration.count(),
          scene.slow_bps);
  SimWorld world{seed};
  impair(world, scene);
  SimClient& client = world.add_client(test_of(scene));
  REQUIRE(world.run_clients(60s));
  const MonoTime left = world.clock.now();
  REQUIRE(world.run(40s, [&world] { return world.server->sessions().count() == 0; }));

  const TestOutcome& outcome = client.outcome();
  CAPTURE(outcome.error ? outcome.error->message() : std::string{"none"});
  CHECK(outcome.status == TestStatus::complete);
  CHECK(result::violated_identity(result::build_result(outcome)).value_or("none") == "none");
  REQUIRE(world.server->observer().closed.size() == 1);
  const SessionOutcome& served = world.server->observer().closed.front();
  CHECK(served.status == TestStatus::complete);
  for (const Way way : {Way::up, Way::down}) {
    const auto& here = way == Way::up ? outcome.up : outcome.down;
    const auto& there = way == Way::up ? served.up : served.down;
    if (includes(scene.direction, way)) {
      CAPTURE(static_cast<int>(way), left.time_since_epoch().count());
      CHECK(reports_of(here).whole == scene.streams);
      CHECK(reports_of(there).whole == scene.streams);
    }
  }
}

constexpr std::array kWays{Direction::up, Direction::down, Direction::both};

}  // namespace

TEST_CASE("a third of all datagrams is lost, and both ends have every report", "[sim]") {
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    Scene scene;
    scene.direction = kWays[seed % kWays.size()];
    scene.streams = static_cast<std::uint16_t>(1 + seed % 3);
    check_delivered(seed, scene);
  }
}

TEST_CASE("reports of many rows cross a path that loses a third", "[sim]") {
  for (std::uint64_t seed = 1; seed <= 120; ++seed) {
    Scene scene;
    scene.direction = kWays[seed % kWays.size()];
    scene.streams = static_cast<std::uint16_t>(1 + seed % 2);
    scene.duration = 6s;
    check_delivered(seed, scene);
  }
}

TEST_CASE("reports of 128 streams cross a path that loses a third", "[sim]") {
  Scene scene;
  scene.streams = 128;
  check_delivered(1, scene);
}

TEST_CASE("hosts that read slowly have every report", "[sim]") {
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    Scene scene;
    scene.direction = kWays[seed % kWays.size()];
    scene.streams = static_cast<std::uint16_t>(1 + seed % 3);
    scene.slow_bps = 100'000;
    check_delivered(seed, scene);
  }
}

TEST_CASE("a server that stops says its reports whole first", "[sim]") {
  int cut_off = 0;
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    CAPTURE(seed);
    Scene scene;
    scene.direction = Direction::up;
    scene.streams = static_cast<std::uint16_t>(1 + seed % 3);
    scene.duration = 5s;
    SimWorld world{seed};
    impair(world, scene);
    SimClient& client = world.add_client(test_of(scene));
    REQUIRE(world.run(20s, [&world] { return world.network.truth(true).sent > 10; }));
    world.server->sessions().shut_down();
    REQUIRE(world.run_clients(20s));
    cut_off += reports_of(client.outcome().up).whole == scene.streams ? 0 : 1;
    CHECK(world.run(20s, [&world] { return world.server->sessions().count() == 0; }));
  }
  CHECK(cut_off <= 6);  // it waits for a second and a half, in which all answers may be lost
}
