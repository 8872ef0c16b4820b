#include <cstdlib>

#include "result/document.hpp"
#include "sim/sim_world.hpp"
#include "support/catch.hpp"

using namespace std::chrono_literals;
using udperf::test::Impairment;
using udperf::test::SeededRandom;
using udperf::test::SimClient;
using udperf::test::SimWorld;

namespace {

using namespace udperf;

/// UDPERF_SIM_RUNS scales the number of seeds.
unsigned runs(unsigned usual) {
  const char* const text = std::getenv("UDPERF_SIM_RUNS");
  const auto wanted = text == nullptr ? 0U : static_cast<unsigned>(std::strtoul(text, nullptr, 10));
  return wanted == 0 ? usual : wanted;
}

/// Mixed lengths, gaps by chance, bursts: any of them, or none.
TrafficShape some_shape(SeededRandom& random, bool paced, std::uint32_t least) {
  TrafficShape shape;
  if (random.chance(0.5)) {
    const auto kinds = static_cast<std::size_t>(random.between(1, kMostSizes));
    for (std::size_t i = 0; i < kinds; ++i) {
      shape.sizes.at(i) = {static_cast<std::uint16_t>(random.between(least, 1472)),
                           static_cast<std::uint16_t>(random.between(1, 20))};
    }
  }
  shape.spacing = paced ? static_cast<Spacing>(random.between(0, 2)) : Spacing::even;
  shape.burst_packets = shape.spacing == Spacing::burst ? 7 : 0;
  return shape;
}

TestParams some_params(SeededRandom& random) {
  TestParams params;
  params.direction = static_cast<Direction>(random.between(1, 3));
  params.streams = static_cast<std::uint16_t>(random.chance(0.3) ? random.between(2, 4) : 1);
  params.header = random.chance(0.3) ? HeaderKind::compact : HeaderKind::full;
  const std::uint32_t least = header_bytes(params.header);
  params.payload_bytes = static_cast<std::uint32_t>(random.between(least, 1472));
  switch (random.between(0, 2)) {
    case 0:
      params.amount.packets = static_cast<std::uint64_t>(random.between(params.streams, 300));
      break;
    case 1:
      params.amount.size_bytes =
          static_cast<std::uint64_t>(random.between(std::int64_t{params.streams} * 100, 100'000));
      break;
    default:
      params.amount.duration = std::chrono::milliseconds{random.between(10, 300)};
      break;
  }
  const bool timed = params.amount.duration != Duration{0};
  if (timed || random.chance(0.5)) {
    const SendRate rate{SendRate::Kind::packets,
                        static_cast<std::uint64_t>(random.between(100'000, 2'000'000))};
    params.rate_up = rate;
    params.rate_down = rate;
  }
  if (random.chance(0.5)) {
    params.shape_up = some_shape(random, params.rate_up.limited(), least);
    params.shape_down = some_shape(random, params.rate_down.limited(), least);
    params.seed = static_cast<std::uint64_t>(random.between(1, 1'000'000));
    params.payload_bytes = 1472;
  }
  params.interval = std::chrono::milliseconds{random.between(10, 200)};
  if (random.chance(0.3)) {
    params.omit = std::chrono::milliseconds{random.between(1, 150)};
  }
  return params;
}

Impairment some_path(SeededRandom& random) {
  Impairment path;
  path.drop_data = random.chance(0.5) ? static_cast<double>(random.between(0, 50)) / 100 : 0;
  path.drop_control = random.chance(0.5) ? static_cast<double>(random.between(0, 50)) / 100 : 0;
  path.duplicate_data = random.chance(0.3) ? static_cast<double>(random.between(0, 30)) / 100 : 0;
  path.duplicate_control = random.chance(0.3) ? 0.3 : 0;
  path.late = random.chance(0.3) ? 0.1 : 0;
  path.delay = std::chrono::microseconds{random.between(0, 300'000)};
  path.jitter = std::chrono::microseconds{random.chance(0.5) ? random.between(0, 5'000) : 0};
  return path;
}

/// What a stream left out, whose books have to balance by themselves; all 0 where it did not.
OmittedRx omitted_of(const StreamOutcome& stream) {
  REQUIRE(stream.tx->omitted.has_value() == stream.rx->omitted.has_value());
  if (!stream.tx->omitted) {
    return {};
  }
  const OmittedTx& tx = *stream.tx->omitted;
  const OmittedRx& rx = *stream.rx->omitted;
  CHECK(rx.sent == tx.packets);
  CHECK(tx.packets == rx.unique + rx.lost);
  CHECK(tx.payload_bytes == rx.unique_bytes + rx.lost_bytes);
  CHECK(rx.invalid == 0);
  return rx;
}

void check_direction(const std::optional<WayOutcome>& way, const test::DirectionTruth& truth) {
  if (!way) {
    return;
  }
  std::uint64_t sent = 0;
  std::uint64_t lost = 0;
  std::uint64_t duplicates = 0;
  for (const StreamOutcome& stream : way->streams) {
    REQUIRE(stream.tx);
    REQUIRE(stream.rx);
    CHECK(stream.tx->packets == stream.rx->unique + stream.rx->lost);
    CHECK(stream.tx->payload_bytes == stream.rx->unique_bytes + stream.rx->lost_bytes);
    CHECK(stream.rx->datagrams ==
          stream.rx->unique + stream.rx->duplicates + stream.rx->late + stream.rx->invalid);
    const OmittedRx omitted = omitted_of(stream);
    sent += stream.tx->packets + omitted.sent;
    lost += stream.rx->lost + omitted.lost;
    duplicates += stream.rx->duplicates + omitted.duplicates;
  }
  CHECK(sent == truth.sent);
  CHECK(lost == truth.dropped);
  CHECK(duplicates == truth.duplicated);
}

TestParams small_up() {
  TestParams params;
  params.amount.packets = 200;
  params.payload_bytes = 200;
  return params;
}

constexpr bool is(const wire::CommonHeader& header, wire::MessageType type) {
  return header.type == type;
}

}  // namespace

TEST_CASE("whatever the path does, every datagram is accounted for", "[sim]") {
  for (unsigned seed = 1; seed <= runs(400); ++seed) {
    CAPTURE(seed);
    SimWorld world{seed};
    SeededRandom& random = world.network.random();
    SimClient::Options options;
    options.params = some_params(random);
    if (check_params(options.params)) {
      continue;
    }
    options.connect_timeout = 20s;
    world.network.up = some_path(random);
    world.network.down = some_path(random);
    SimClient& client = world.add_client(options);

    REQUIRE(world.run_clients(60s));

    const TestOutcome& outcome = client.outcome();
    CAPTURE(static_cast<int>(options.params.direction), options.params.streams,
            options.params.amount.packets, options.params.amount.size_bytes,
            options.params.amount.duration.count(), options.params.rate_up.value,
            world.network.up.delay.count(), world.network.down.delay.count());
    CAPTURE(outcome.error ? outcome.error->message() : std::string{"none"});
    const auto document = result::build_result(outcome);
    CHECK(result::violated_identity(document).value_or("none") == "none");
    if (outcome.status == TestStatus::complete) {
      check_direction(outcome.up, world.network.truth(true));
      check_direction(outcome.down, world.network.truth(false));
    } else {
      // Half of the control messages may be lost both ways: rarely, an exchange fails in its time.
      CHECK(world.network.up.drop_control + world.network.down.drop_control > 0.5);
    }
  }
}

TEST_CASE("half of the control messages may be lost without changing a result", "[sim]") {
  unsigned complete = 0;
  const unsigned total = runs(200);
  for (unsigned seed = 1; seed <= total; ++seed) {
    CAPTURE(seed);
    SimWorld world{seed};
    world.network.up.drop_control = 0.5;
    world.network.down.drop_control = 0.5;
    world.network.up.drop_data = 0.1;
    world.network.up.delay = 1ms;
    world.network.down.delay = 1ms;
    SimClient::Options options;
    options.params = small_up();
    SimClient& client = world.add_client(options);

    REQUIRE(world.run_clients(30s));

    if (client.outcome().status == TestStatus::complete) {
      ++complete;
      check_direction(client.outcome().up, world.network.truth(true));
    }
  }
  // 40 tries at a quarter each: fewer than one in a thousand fails to connect, or to report.
  CHECK(complete >= total - 1 - total / 100);
}

TEST_CASE("without any FIN the loss at the end is still counted", "[sim]") {
  for (unsigned seed = 1; seed <= 50; ++seed) {
    CAPTURE(seed);
    SimWorld world{seed};
    world.network.up.drop_data = 0.3;
    world.network.up.drop_if = [](const auto& header) {
      return is(header, wire::MessageType::fin);
    };
    SimClient::Options options;
    options.params = small_up();
    SimClient& client = world.add_client(options);

    REQUIRE(world.run_clients(20s));

    const TestOutcome& outcome = client.outcome();
    CHECK(outcome.status == TestStatus::incomplete);
    REQUIRE(outcome.up);
    REQUIRE(outcome.up->streams[0].rx);
    CHECK_FALSE(outcome.up->streams[0].rx->tail_known);
    check_direction(outcome.up, world.network.truth(true));
    CHECK(result::violated_identity(result::build_result(outcome)).value_or("none") == "none");
  }
}

TEST_CASE("without any REPORT the test ends and says what is missing", "[sim]") {
  SimWorld world{1};
  world.network.down.drop_if = [](const auto& header) {
    return is(header, wire::MessageType::report);
  };
  SimClient::Options options;
  options.params = small_up();
  SimClient& client = world.add_client(options);

  REQUIRE(world.run_clients(20s));

  CHECK(client.outcome().status == TestStatus::incomplete);
  REQUIRE(client.outcome().error);
  CHECK(client.outcome().error->phase == "report");
  CHECK_FALSE(client.outcome().up->streams[0].rx);
}

TEST_CASE("without FEEDBACK an upload goes on and a download stops within a second", "[sim]") {
  const auto no_feedback = [](const auto& header) {
    return is(header, wire::MessageType::feedback);
  };
  TestParams params;
  params.payload_bytes = 200;
  params.amount.duration = 5s;
  params.rate_up = SendRate{SendRate::Kind::packets, 100'000};
  params.rate_down = params.rate_up;
  SimClient::Options options;
  options.params = params;

  SECTION("up") {
    SimWorld world{2};
    world.network.down.drop_if = no_feedback;
    SimClient& client = world.add_client(options);
    REQUIRE(world.run_clients(20s));
    CHECK(client.outcome().status == TestStatus::complete);
    CHECK(client.outcome().up->streams[0].rx->lost == 0);
  }
  SECTION("down") {
    options.params.direction = Direction::down;
    SimWorld world{3};
    world.network.up.drop_if = no_feedback;
    SimClient& client = world.add_client(options);
    REQUIRE(world.run_clients(20s));
    REQUIRE(client.outcome().down);
    const auto& stream = client.outcome().down->streams[0];
    REQUIRE(stream.tx);
    CHECK(stream.tx->end == TxEnd::peer_silent);
    CHECK(stream.tx->packets <= 110);
    CHECK(stream.tx->packets == stream.rx->unique + stream.rx->lost);
  }
}

TEST_CASE("a path that breaks merged buffers is found out, in both directions", "[sim]") {
  // A merged batch leaves in one instant: the first of several datagrams of one moment is let
  // through by neither of these filters, which count probes of the preflight's merged half.
  const auto direction = GENERATE(Direction::up, Direction::down);
  SimWorld world{4};
  int probes = 0;
  const auto filter = [&probes](const wire::CommonHeader& header) {
    if (!is(header, wire::MessageType::probe)) {
      return false;
    }
    ++probes;
    return false;
  };
  world.network.up.drop_if = filter;
  SimClient::Options options;
  options.params = small_up();
  options.params.direction = direction;
  SimClient& client = world.add_client(options);
  REQUIRE(world.run_clients(20s));
  CHECK(client.outcome().status == TestStatus::complete);
  CHECK(probes >= (direction == Direction::up ? 26 : 10));
}

TEST_CASE("with a key at both ends nothing changes, without it nothing is answered", "[sim]") {
  crypto::Key key{};
  key[3] = std::byte{7};
  engine::ServerOptions server;
  server.key = std::string{};
  for (const std::byte byte : key) {
    server.key->push_back(static_cast<char>(byte));
  }
  SimWorld world{5, server};
  world.network.up.drop_control = 0.3;
  world.network.down.drop_control = 0.3;
  world.network.up.duplicate_control = 0.3;
  SimClient::Options options;
  options.params = small_up();
  options.params.direction = Direction::both;

  SECTION("the same key") {
    options.key = key;
    SimClient& client = world.add_client(options);
    REQUIRE(world.run_clients(20s));
    CHECK(client.outcome().status == TestStatus::complete);
    check_direction(client.outcome().up, world.network.truth(true));
  }
  SECTION("another key") {
    options.key = crypto::Key{};
    SimClient& client = world.add_client(options);
    REQUIRE(world.run_clients(20s));
    CHECK(client.outcome().error);
    CHECK(world.server->sessions().counters().challenges == 0);
  }
  SECTION("no key") {
    SimClient& client = world.add_client(options);
    REQUIRE(world.run_clients(20s));
    CHECK(client.outcome().error);
    CHECK(world.server->sessions().counters().challenges == 0);
  }
}
