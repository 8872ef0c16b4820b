// A path that loses, doubles, reorders and corrupts whatever crosses it, control and data alike.

#include <algorithm>
#include <array>

#include "result/document.hpp"
#include "sim/sim_world.hpp"
#include "support/catch.hpp"
#include "wire/compact_header.hpp"

using namespace std::chrono_literals;
using udperf::test::SimClient;
using udperf::test::SimWorld;

namespace {

using namespace udperf;

constexpr std::array kWays{Direction::up, Direction::down, Direction::both};

/// Flips some bits of a share of all datagrams, wherever in them.
void corrupt(SimWorld& world, double share) {
  world.network.lie = [&random = world.network.random(), share](const Endpoint& /*from*/,
                                                                std::span<std::byte> bytes) {
    if (bytes.empty() || !random.chance(share)) {
      return;
    }
    const std::uint64_t flips = 1 + random.next_u64() % 3;
    for (std::uint64_t i = 0; i < flips; ++i) {
      // Headers more often than filler.
      const std::size_t room =
          random.chance(0.7) ? std::min<std::size_t>(bytes.size(), 64) : bytes.size();
      const std::uint64_t bit = random.next_u64() % (8 * room);
      bytes[bit / 8] ^= static_cast<std::byte>(1U << (bit % 8));
    }
  };
}

void impair(SimWorld& world) {
  for (test::Impairment* path : {&world.network.up, &world.network.down}) {
    path->delay = 3ms;
    path->jitter = 4ms;
    path->drop_data = 0.03;
    path->drop_control = 0.03;
    path->duplicate_data = 0.05;
    path->duplicate_control = 0.2;
    path->late = 0.02;
  }
}

SimClient::Options test_of(std::uint64_t seed, bool sealed) {
  SimClient::Options options;
  options.params.direction = kWays[seed % kWays.size()];
  options.params.streams = static_cast<std::uint16_t>(1 + seed % 3);
  options.params.payload_bytes = 120;
  options.params.amount.packets = 200;
  options.params.interval = 20ms;
  options.params.rate_up = SendRate{SendRate::Kind::packets, 4'000'000};
  options.params.rate_down = options.params.rate_up;
  if (sealed) {
    options.key = crypto::Key{};
    options.key->fill(std::byte{7});
  }
  return options;
}

/// Whatever came: it ends, and no sum of any result is wrong.
void check_ends_balanced(std::uint64_t seed, bool sealed, double share) {
  CAPTURE(seed, sealed, share);
  const SimClient::Options options = test_of(seed, sealed);
  engine::ServerOptions server;
  server.key = options.key;
  SimWorld world{seed, server};
  impair(world);
  corrupt(world, share);
  SimClient& client = world.add_client(options);
  REQUIRE(world.run_clients(60s));
  const auto document = result::build_result(client.outcome());
  CHECK(result::violated_identity(document).value_or("none") == "none");
  CHECK((client.outcome().status == TestStatus::complete) == !client.outcome().error);
  REQUIRE(world.run(60s, [&world] { return world.server->sessions().count() == 0; }));
  for (const auto* const way : {&client.outcome().up, &client.outcome().down}) {
    if (!*way || client.outcome().status != TestStatus::complete) {
      continue;
    }
    for (const StreamOutcome& stream : (*way)->streams) {
      if (stream.rx && stream.tx && sealed) {  // nobody has written into FIN or the report
        CHECK(stream.rx->sent == stream.tx->packets);
        CHECK(stream.rx->unique + stream.rx->lost == stream.rx->sent);
      }
    }
  }
}

}  // namespace

TEST_CASE("corrupt datagrams end no test wrongly and break no sum", "[sim][hostile]") {
  for (std::uint64_t seed = 1; seed <= 400; ++seed) {
    check_ends_balanced(seed, false, seed % 2 == 0 ? 0.02 : 0.2);
  }
}

TEST_CASE("with a key corrupt control messages are as good as lost", "[sim][hostile]") {
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    check_ends_balanced(seed, true, seed % 2 == 0 ? 0.02 : 0.2);
  }
}

TEST_CASE("a datagram whose head is damaged is counted as invalid where it comes in", "[sim]") {
  const auto direction = GENERATE(Direction::up, Direction::down);
  SimWorld world{1};
  std::uint64_t damaged = 0;
  world.network.lie = [&](const Endpoint& /*from*/, std::span<std::byte> bytes) {
    if (wire::is_data(bytes, HeaderKind::full) && world.network.random().chance(0.1)) {
      bytes[0] ^= std::byte{0xff};
      ++damaged;
    }
  };
  auto options = test_of(0, false);
  options.params.direction = direction;
  options.params.streams = 2;
  SimClient& client = world.add_client(options);
  REQUIRE(world.run_clients(60s));

  const auto& way = direction == Direction::up ? client.outcome().up : client.outcome().down;
  REQUIRE(way);
  std::uint64_t invalid = 0;
  std::uint64_t lost = 0;
  for (const StreamOutcome& stream : way->streams) {
    invalid += stream.rx->invalid;
    lost += stream.rx->lost;
  }
  CHECK(damaged > 5);
  CHECK(invalid == damaged);
  CHECK(lost == damaged);
}
