#include "result/document.hpp"
#include "sim/sim_world.hpp"
#include "support/catch.hpp"

using namespace std::chrono_literals;
using udperf::test::Impairment;
using udperf::test::SimClient;
using udperf::test::SimWorld;

namespace {

using namespace udperf;

/// As fast as it goes, unless a rate is added.
SimClient::Options packets(Direction direction, std::uint64_t n) {
  SimClient::Options options;
  options.params.direction = direction;
  options.params.payload_bytes = 500;
  options.params.amount.packets = n;
  return options;
}

void check_truth(const SimWorld& world, const TestOutcome& outcome, Way way) {
  const auto& parts = way == Way::up ? outcome.up : outcome.down;
  const test::DirectionTruth& truth = world.network.truth(way == Way::up);
  REQUIRE(parts);
  std::uint64_t sent = 0;
  std::uint64_t unique = 0;
  std::uint64_t lost = 0;
  std::uint64_t duplicates = 0;
  for (const StreamOutcome& stream : parts->streams) {
    REQUIRE(stream.tx);
    REQUIRE(stream.rx);
    sent += stream.tx->packets;
    unique += stream.rx->unique;
    lost += stream.rx->lost;
    duplicates += stream.rx->duplicates;
    CHECK(stream.rx->invalid == 0);
  }
  CHECK(sent == truth.sent);
  CHECK(sent == unique + lost);
  CHECK(lost == truth.dropped);
  CHECK(duplicates == truth.duplicated);
}

bool all_quiet(SimWorld& world) {
  return world.run(20s, [&world] { return world.server->sessions().count() == 0; });
}

}  // namespace

TEST_CASE("a bottleneck's drops are counted to the datagram, and its rate is measured", "[sim]") {
  const auto way = GENERATE(Way::up, Way::down);
  SimWorld world{1};
  Impairment& path = way == Way::up ? world.network.up : world.network.down;
  world.network.up.delay = 5ms;
  world.network.down.delay = 5ms;
  path.rate_bps = 8'000'000;  // two packets a millisecond
  auto options = packets(way == Way::up ? Direction::up : Direction::down, 3000);
  options.params.rate_up = SendRate{SendRate::Kind::packets, 4'000'000};
  options.params.rate_down = options.params.rate_up;
  SimClient& client = world.add_client(options);

  REQUIRE(world.run_clients(20s));

  const TestOutcome& outcome = client.outcome();
  CHECK(outcome.status == TestStatus::complete);
  check_truth(world, outcome, way);
  CHECK(world.network.truth(way == Way::up).dropped > 1000);
  const RxReport& rx = *(way == Way::up ? outcome.up : outcome.down)->streams[0].rx;
  const double seconds = static_cast<double>(rx.last_mono_ns - rx.first_mono_ns) / 1e9;
  CHECK(static_cast<double>(rx.unique_bytes) * 8 / seconds == Approx(8e6).epsilon(0.02));
}

TEST_CASE("datagrams that are read merged are counted like single ones", "[sim]") {
  for (unsigned seed = 1; seed <= 100; ++seed) {
    CAPTURE(seed);
    SimWorld world{seed};
    world.network.merges_reads = true;
    test::SeededRandom& random = world.network.random();
    for (Impairment* path : {&world.network.up, &world.network.down}) {
      path->delay = std::chrono::microseconds{random.between(0, 50'000)};
      path->drop_data = random.chance(0.5) ? 0.2 : 0;
      path->duplicate_data = random.chance(0.5) ? 0.2 : 0;
      path->drop_control = random.chance(0.3) ? 0.2 : 0;
      path->duplicate_control = random.chance(0.3) ? 0.2 : 0;
    }
    auto options = packets(Direction::both, static_cast<std::uint64_t>(random.between(2, 400)));
    options.params.streams = static_cast<std::uint16_t>(random.between(1, 2));
    // At the size of a probe, control messages are merged with data, too.
    options.params.payload_bytes = random.chance(0.5) ? 500 : 42;
    SimClient& client = world.add_client(options);

    REQUIRE(world.run_clients(30s));

    CAPTURE(client.outcome().error ? client.outcome().error->message() : std::string{"none"});
    CHECK(client.outcome().status == TestStatus::complete);
    check_truth(world, client.outcome(), Way::up);
    check_truth(world, client.outcome(), Way::down);
    const auto document = result::build_result(client.outcome());
    CHECK(result::violated_identity(document).value_or("none") == "none");
  }
}

TEST_CASE("where merged buffers are lost on the way, the test is run without them", "[sim]") {
  const auto way = GENERATE(Way::up, Way::down);
  SimWorld world{3};
  world.network.up.delay = 2ms;
  world.network.down.delay = 2ms;
  (way == Way::up ? world.network.up : world.network.down).loses_merged = true;
  auto options = packets(way == Way::up ? Direction::up : Direction::down, 1000);
  options.params.streams = 2;
  SimClient& client = world.add_client(options);

  REQUIRE(world.run_clients(20s));

  CHECK(client.outcome().status == TestStatus::complete);
  CHECK(world.network.truth(way == Way::up).dropped == 0);
  check_truth(world, client.outcome(), way);
}

TEST_CASE("a path that goes dead in the middle ends the test in time at both ends", "[sim]") {
  for (unsigned seed = 1; seed <= 90; ++seed) {
    CAPTURE(seed);
    SimWorld world{seed};
    auto options = packets(static_cast<Direction>(1 + seed % 3), 5000);
    options.params.rate_up = SendRate{SendRate::Kind::packets, 2'000'000};
    options.params.rate_down = options.params.rate_up;
    SimClient& client = world.add_client(options);
    const Duration dies_at = std::chrono::milliseconds{world.network.random().between(0, 2600)};
    const bool up_dies = seed % 4 != 1;
    const bool down_dies = seed % 4 != 2;
    world.run(dies_at, [] { return false; });
    const auto dead = [](const auto&) { return true; };
    world.network.up.drop_if =
        up_dies ? std::function<bool(const wire::CommonHeader&)>{dead} : nullptr;
    world.network.down.drop_if =
        down_dies ? std::function<bool(const wire::CommonHeader&)>{dead} : nullptr;
    const MonoTime died = world.clock.now();

    REQUIRE(world.run_clients(30s));

    CAPTURE(dies_at.count(), up_dies, down_dies);
    CHECK(client.done_at() - died < 12s);
    const auto document = result::build_result(client.outcome());
    CHECK(result::violated_identity(document).value_or("none") == "none");
    REQUIRE(all_quiet(world));
    if (up_dies) {
      CHECK(world.network.truth(false).last_sent - died <= 3s);
    }
  }
}

TEST_CASE("a server that stands still for two seconds goes on where it was", "[sim]") {
  const auto direction = GENERATE(Direction::up, Direction::down, Direction::both);
  CAPTURE(static_cast<int>(direction));
  SimWorld world{5};
  world.network.up.delay = 2ms;
  world.network.down.delay = 2ms;
  auto options = packets(direction, 4000);
  options.params.rate_up = SendRate{SendRate::Kind::packets, 1'000'000};
  options.params.rate_down = options.params.rate_up;
  SimClient& client = world.add_client(options);
  world.run(1s, [] { return false; });

  world.server_stands_still = true;
  world.run(2s, [] { return false; });
  world.server_stands_still = false;

  REQUIRE(world.run_clients(20s));
  CAPTURE(client.outcome().error ? client.outcome().error->message() : std::string{"none"});
  CHECK(client.outcome().status == TestStatus::complete);
  for (const Way way : {Way::up, Way::down}) {
    if (includes(direction, way)) {
      check_truth(world, client.outcome(), way);
    }
  }
}

TEST_CASE("a downloading client that stands still for two seconds keeps what it has", "[sim]") {
  SimWorld world{6};
  world.network.up.delay = 2ms;
  world.network.down.delay = 2ms;
  auto options = packets(Direction::down, 6000);
  options.params.rate_down = SendRate{SendRate::Kind::packets, 1'000'000};
  SimClient& client = world.add_client(options);
  world.run(1s, [] { return false; });
  const MonoTime stopped_at = world.clock.now();
  MonoTime last_data{};
  world.network.down.drop_if = [&](const wire::CommonHeader& header) {
    last_data = header.type == wire::MessageType::data ? world.clock.now() : last_data;
    return false;
  };

  auto stopped = std::move(world.clients.front());
  world.clients.clear();
  world.run(2s, [] { return false; });
  CHECK(last_data - stopped_at <= 1100ms);  // nobody is sent to without FEEDBACK
  world.clients.push_back(std::move(stopped));

  REQUIRE(world.run_clients(20s));
  const StreamOutcome& stream = client.outcome().down->streams[0];
  REQUIRE(stream.tx);
  REQUIRE(stream.rx);
  CHECK(stream.tx->end == TxEnd::complete);
  check_truth(world, client.outcome(), Way::down);
  CHECK(stream.rx->lost == 0);
}

TEST_CASE("round trips of five seconds, and messages lost among them, end no test", "[sim]") {
  for (unsigned seed = 1; seed <= 20; ++seed) {
    CAPTURE(seed);
    SimWorld world{seed};
    for (Impairment* path : {&world.network.up, &world.network.down}) {
      path->delay = 2500ms;
      path->drop_control = 0.2;
    }
    auto options = packets(Direction::both, 400);
    options.params.rate_up = SendRate{SendRate::Kind::packets, 40'000};
    options.params.rate_down = options.params.rate_up;
    options.connect_timeout = 40s;
    options.same_host = false;
    options.auto_packet_size = seed % 2 == 0;
    SimClient& client = world.add_client(options);

    REQUIRE(world.run_clients(150s));

    CAPTURE(client.outcome().error ? client.outcome().error->message() : std::string{"none"});
    CHECK(client.outcome().status == TestStatus::complete);
    REQUIRE(all_quiet(world));
  }
}
