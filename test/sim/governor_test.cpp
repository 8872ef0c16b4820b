// Senders without a rate between both real ends, over simulated sockets that overflow.

#include <algorithm>

#include "result/document.hpp"
#include "sim/sim_world.hpp"
#include "support/catch.hpp"

using namespace std::chrono_literals;
using udperf::test::SimClient;
using udperf::test::SimWorld;

namespace {

using namespace udperf;

SimClient::Options flat_out(Direction direction, std::uint16_t streams = 1) {
  SimClient::Options options;
  options.params.direction = direction;
  options.params.payload_bytes = 1472;
  options.params.streams = streams;
  options.params.amount.duration = 500ms;
  options.params.interval = 100ms;
  return options;
}

void bound_sockets(SimWorld& world, std::uint32_t bytes, std::uint64_t drain_bps) {
  for (test::SocketLimits* socket : {&world.network.server_socket, &world.network.client_socket}) {
    socket->bounded = true;
    socket->bytes = bytes;
    socket->drain_bps = drain_bps;
  }
}

result::ResultDocument finish(SimWorld& world, const SimClient& client) {
  REQUIRE(world.run_clients(30s));
  REQUIRE(client.outcome().status == TestStatus::complete);
  auto document = result::build_result(client.outcome());
  CHECK(result::violated_identity(document).value_or("none") == "none");
  return document;
}

result::ResultDocument run(SimWorld& world, const SimClient::Options& options) {
  return finish(world, world.add_client(options));
}

std::vector<const result::DirectionPart*> ways(const result::ResultDocument& document) {
  std::vector<const result::DirectionPart*> parts;
  for (const auto* part : {&document.up, &document.down}) {
    if (*part) {
      parts.push_back(&**part);
    }
  }
  return parts;
}

}  // namespace

TEST_CASE("without a rate no socket of the receiver overflows, and its host is kept busy",
          "[sim]") {
  const auto direction = GENERATE(Direction::up, Direction::down, Direction::both);
  const auto streams = GENERATE(std::uint16_t{1}, std::uint16_t{3});
  SimWorld world{7};
  world.network.up.delay = 20us;
  world.network.down.delay = 20us;
  bound_sockets(world, 212'992, 100'000'000);
  CAPTURE(static_cast<int>(direction), streams);

  const auto document = run(world, flat_out(direction, streams));

  for (const auto* part : ways(document)) {
    CHECK(part->tx.governor == "receiver");
    CHECK(part->loss.packets == 0U);
    CHECK(part->tx.held_ratio.value_or(0) > 0.5);
    CHECK(part->tx.held_path_ratio.value_or(1) < 0.1 * *part->tx.held_ratio);
    // Both ways at once, what is told of a socket waits behind the data in the other one.
    const double share = direction == Direction::both ? 0.8 : 0.95;
    CHECK(part->rx.goodput_bps.value_or(0) >= share * 100e6 * streams);
  }
  CHECK(document.limited_by == "receiver_host");
}

TEST_CASE("what queues in the network is not the receiver's doing", "[sim]") {
  const auto direction = GENERATE(Direction::up, Direction::down);
  CAPTURE(static_cast<int>(direction));
  SimWorld world{7};
  for (test::Impairment* way : {&world.network.up, &world.network.down}) {
    way->delay = 20us;
    way->rate_bps = 1'000'000'000;
    way->queue = 80ms;  // holds more than the receiver's socket does
  }
  bound_sockets(world, 212'992, 10'000'000'000);

  const auto document = run(world, flat_out(direction));

  const auto* part = ways(document).front();
  CHECK(part->loss.packets == 0U);
  CHECK(part->tx.held_ratio.value_or(0) > 0.5);
  CHECK(part->tx.held_path_ratio.value_or(0) > 0.9 * *part->tx.held_ratio);
  CHECK(part->rx.goodput_bps.value_or(0) >= 950e6);
  CHECK(document.limited_by == "network");
}

TEST_CASE("a queue in the network is no long way, whichever stream stands in it", "[sim]") {
  const auto direction = GENERATE(Direction::up, Direction::down, Direction::both);
  const auto streams = GENERATE(std::uint16_t{1}, std::uint16_t{4});
  CAPTURE(static_cast<int>(direction), streams);
  SimWorld world{7};
  for (test::Impairment* way : {&world.network.up, &world.network.down}) {
    way->delay = 20us;
    way->rate_bps = 100'000'000;
    way->queue = 200ms;  // holds three times what four sockets do
  }
  bound_sockets(world, 212'992, 10'000'000'000);

  const auto document = run(world, flat_out(direction, streams));

  for (const auto* part : ways(document)) {
    CHECK(part->loss.packets == 0U);
    CHECK(part->rx.goodput_bps.value_or(0) >= 95e6);
  }
  CHECK(document.limited_by == "network");
}

TEST_CASE("the way into a small socket does not starve behind a large one", "[sim]") {
  const auto [server, client] =
      GENERATE(std::pair{212'992U, 8U << 20U}, std::pair{8U << 20U, 212'992U},
               std::pair{212'992U, 32U << 20U});
  const auto streams = GENERATE(std::uint16_t{1}, std::uint16_t{3});
  CAPTURE(server, client, streams);
  SimWorld world{7};
  world.network.up.delay = 20us;
  world.network.down.delay = 20us;
  bound_sockets(world, server, 100'000'000);
  world.network.client_socket.bytes = client;

  const auto document = run(world, flat_out(Direction::both, streams));

  for (const auto* part : ways(document)) {
    CHECK(part->loss.packets == 0U);
    CHECK(part->rx.goodput_bps.value_or(0) >= 0.7 * 100e6 * streams);
  }
}

TEST_CASE("a wall clock that is set in the middle of a test shortens no way", "[sim]") {
  SimWorld world{5};
  bound_sockets(world, 212'992, 100'000'000);
  world.network.up.delay = 50ms;
  world.network.down.delay = 50ms;
  int reads = 0;
  world.network.server_time = [&reads](MonoTime at) {
    ++reads;  // what waits then, stamped before, looks as much older
    return reads > 2000 && reads < 2200 ? at - 1s : at;
  };
  auto options = flat_out(Direction::up);
  options.params.amount.duration = 4s;

  const auto document = run(world, options);

  CHECK(document.up->rx.goodput_bps.value_or(0) >= 0.8 * 100e6);
}

TEST_CASE("those at full speed share a server, and who has a rate keeps it beside them", "[sim]") {
  constexpr std::uint8_t kFlatOut = 8;
  constexpr std::uint8_t kPaced = 2;
  const auto buffer = GENERATE(212'992U, 8U << 20U);
  CAPTURE(buffer);
  SimWorld world{7};
  world.network.up.delay = 20us;
  world.network.down.delay = 20us;
  bound_sockets(world, buffer, 800'000'000);
  world.network.server_socket.one_reader = true;
  for (std::uint8_t i = 0; i < kFlatOut + kPaced; ++i) {
    auto options = flat_out(Direction::up);
    options.host = static_cast<std::uint8_t>(2 + i);
    if (i >= kFlatOut) {
      options.params.rate_up = SendRate{SendRate::Kind::bits, 10'000'000};
    }
    world.add_client(options);
  }

  REQUIRE(world.run_clients(30s));

  double least = 1e12;
  double most = 0;
  for (std::uint8_t i = 0; i < kFlatOut + kPaced; ++i) {
    const auto document = result::build_result(world.clients[i]->outcome());
    CAPTURE(static_cast<int>(i));
    REQUIRE(document.up);
    CHECK(document.up->loss.packets == 0U);
    const double bps = document.up->rx.goodput_bps.value_or(0);
    if (i < kFlatOut) {
      least = std::min(least, bps);
      most = std::max(most, bps);
    } else {
      CHECK(bps == Approx(10e6).epsilon(0.01));
    }
  }
  CHECK(least >= 0.8 * most);
  CHECK(least * kFlatOut >= 0.9 * 780e6);
}

TEST_CASE("--rate flood overruns the socket, and says so", "[sim]") {
  const auto direction = GENERATE(Direction::up, Direction::down);
  SimWorld world{7};
  bound_sockets(world, 212'992, 100'000'000);
  auto options = flat_out(direction);
  options.params.amount.duration = Duration{0};
  options.params.amount.packets = 2000;
  options.params.rate_up.flood = true;
  options.params.rate_down.flood = true;

  const auto document = run(world, options);

  const auto* part = ways(document).front();
  CHECK(part->tx.governor == "flood");
  CHECK(part->loss.packets.value_or(0) > 1000U);
  CHECK(part->loss.rx_socket_drop == part->loss.packets);
  CHECK(document.limited_by == "receiver_host");
}

TEST_CASE("with a peer that tells nothing of its socket there is no governor", "[sim]") {
  SimWorld world{7};
  auto options = flat_out(Direction::up);
  options.params.amount.duration = Duration{0};
  options.params.amount.packets = 1000;
  options.server_is_old = true;

  const auto document = run(world, options);

  CHECK(document.up->tx.governor == "none");
  CHECK_FALSE(document.up->tx.held_ratio);
  CHECK(document.up->loss.packets == 0U);
}

TEST_CASE("what the network loses does not slow a sender without a rate", "[sim]") {
  const auto direction = GENERATE(Direction::up, Direction::down);
  double rates[2] = {};
  for (const double loss : {0.0, 0.5}) {
    SimWorld world{11};
    bound_sockets(world, 212'992, 100'000'000);
    world.network.up.delay = 2ms;
    world.network.down.delay = 2ms;
    world.network.up.drop_data = loss;
    world.network.down.drop_data = loss;

    const auto document = run(world, flat_out(direction));

    const auto* part = ways(document).front();
    // How much the host reads is found by trying, over so long a way.
    CHECK(part->loss.rx_socket_drop.value_or(UINT64_MAX) <= part->tx.packets.value_or(0) / 100);
    rates[loss > 0 ? 1 : 0] = part->tx.offered_bps.value_or(0);
  }
  // Half of it lost, twice as much can be sent before the host is busy.
  CHECK(rates[1] >= 1.6 * rates[0]);
}

TEST_CASE("over 100 ms of round trip a sender without a rate keeps the receiver busy", "[sim]") {
  const auto buffer = GENERATE(212'992U, 8U << 20U);
  SimWorld world{5};
  bound_sockets(world, buffer, 100'000'000);
  world.network.up.delay = 50ms;
  world.network.down.delay = 50ms;
  auto options = flat_out(Direction::up);
  options.params.amount.duration = 4s;

  const auto document = run(world, options);

  CAPTURE(buffer);
  CHECK(document.up->rx.goodput_bps.value_or(0) >= 0.8 * 100e6);
  CHECK(document.up->loss.ratio.value_or(1) < 0.05);
  CHECK(document.limited_by == "receiver_host");
}

TEST_CASE("a server's limit holds whatever a client says of its socket", "[sim]") {
  engine::ServerOptions policy;
  policy.max_rate = BitRate::bits_per_second(20'000'000);
  SimWorld world{1, policy};
  bound_sockets(world, 32U << 20U, 0);

  const auto document = run(world, flat_out(Direction::down));

  CHECK(document.down->tx.governor == "none");
  CHECK(document.down->tx.offered_bps.value_or(0) <= 21e6);
}

TEST_CASE("a receiver that stands still for a while loses nothing, and is named", "[sim]") {
  const auto direction = GENERATE(Direction::up, Direction::down);
  const auto stop = GENERATE(Duration{900ms}, Duration{2s});
  CAPTURE(static_cast<int>(direction), stop.count());
  SimWorld world{7};
  world.network.up.delay = 20us;
  world.network.down.delay = 20us;
  bound_sockets(world, 212'992, 100'000'000);
  auto options = flat_out(direction);
  options.params.amount.duration = 4s;
  SimClient& client = world.add_client(options);
  world.run(1s, [] { return false; });
  bool& stands_still =
      direction == Direction::up ? world.server_stands_still : world.clients_stand_still;
  stands_still = true;
  world.run(stop, [] { return false; });
  stands_still = false;

  const auto document = finish(world, client);

  const auto* part = ways(document).front();
  CHECK(part->tx.governor == "receiver");
  CHECK(part->loss.packets == 0U);
  CHECK(static_cast<double>(part->rx.unique.value_or(0)) * 1472 * 8 >= 100e6);  // it went on
  REQUIRE_FALSE(part->tx.pauses.empty());
  CHECK(part->tx.pauses.front().reason == result::kReceiverWasFull);
  CHECK(document.limited_by != "sender_host");
  // Of a longer silence nobody can know whether the path or the receiver made it.
  if (direction == Direction::up && stop < 1s) {
    CHECK(document.limited_by == "receiver_host");
  }
}

TEST_CASE("over 700 ms of round trip no socket is flooded before the first report", "[sim]") {
  const auto direction = GENERATE(Direction::up, Direction::down);
  SimWorld world{5};
  bound_sockets(world, 212'992, 100'000'000);
  world.network.up.delay = 350ms;
  world.network.down.delay = 350ms;
  auto options = flat_out(direction);
  options.params.amount.duration = 5s;

  const auto document = run(world, options);

  const auto* part = ways(document).front();
  CHECK(part->tx.governor == "receiver");
  CHECK(part->loss.packets.value_or(UINT64_MAX) <= part->tx.packets.value_or(0) / 50);
}
