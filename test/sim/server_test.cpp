#include <algorithm>

#include "sim/sim_world.hpp"
#include "support/catch.hpp"

using namespace std::chrono_literals;
using udperf::test::SimClient;
using udperf::test::SimWorld;

namespace {

using namespace udperf;

SimClient::Options packets(std::uint64_t n, Direction direction = Direction::up) {
  SimClient::Options options;
  options.params.direction = direction;
  options.params.payload_bytes = 200;
  options.params.amount.packets = n;
  options.params.rate_up = SendRate{SendRate::Kind::packets, 1'000'000};
  options.params.rate_down = options.params.rate_up;
  return options;
}

}  // namespace

TEST_CASE("thirty clients at once, each with its own exact counts", "[sim]") {
  engine::ServerOptions server;
  server.max_sessions_per_address = 30;
  SimWorld world{1, server};
  world.network.up.delay = 1ms;
  world.network.down.delay = 1ms;
  for (int i = 0; i < 30; ++i) {
    world.add_client(packets(200, i % 2 == 0 ? Direction::up : Direction::down));
  }

  REQUIRE(world.run_clients(20s));

  for (const auto& client : world.clients) {
    CHECK(client->outcome().status == TestStatus::complete);
    const auto& way = client->outcome().up ? client->outcome().up : client->outcome().down;
    REQUIRE(way);
    CHECK(way->streams[0].tx->packets == 200);
    CHECK(way->streams[0].rx->unique == 200);
    CHECK(client->sessions_max() > 20);  // the first one, too, although it was alone at its start
  }
  CHECK(world.run(10s, [&world] { return world.server->sessions().count() == 0; }));
}

TEST_CASE("a stream that gets no socket keeps no memory", "[sim]") {
  SimWorld world{9};
  auto options = packets(500);
  options.params.streams = 8;
  world.add_client(options);
  REQUIRE(world.run(5s, [&world] { return world.server->observer().opened == 1; }));
  const std::uint64_t before = world.server->memory().used();
  world.network.out_of_sockets = true;
  REQUIRE(world.run(5s, [&world] { return !world.server->observer().refused.empty(); }));
  CHECK(world.server->observer().refused.front().find("no socket") != std::string::npos);
  CHECK(before > 0);
  CHECK(world.server->memory().used() == before);
}

TEST_CASE("a full server says so, and when to come back", "[sim]") {
  engine::ServerOptions server;
  SECTION("max-sessions") {
    server.max_sessions = 1;
  }
  SECTION("exclusive") {
    server.exclusive = true;
  }
  SECTION("per address") {
    server.max_sessions_per_address = 1;
  }
  SimWorld world{2, server};
  world.add_client(packets(500));
  world.run(50ms, [] { return false; });
  SimClient& second = world.add_client(packets(10));

  REQUIRE(world.run_clients(20s));

  REQUIRE(second.outcome().error);
  CHECK(second.outcome().error->code == ErrorCode::refused);
  CHECK(second.outcome().retry_after_ms.value_or(0) > 0);
  CHECK(world.clients.front()->outcome().status == TestStatus::complete);
}

TEST_CASE("light tests run beside the only full one, and have a limit of their own", "[sim]") {
  engine::ServerOptions server;
  server.exclusive = true;
  server.max_light_sessions = 2;
  SimWorld world{6, server};
  auto light = packets(40, Direction::both);
  light.params.rate_up = SendRate{SendRate::Kind::packets, 20'000};
  light.params.rate_down = light.params.rate_up;
  SimClient& full = world.add_client(packets(3000));
  world.run(50ms, [] { return false; });
  std::vector<SimClient*> beside{&world.add_client(light), &world.add_client(light)};
  world.run(50ms, [] { return false; });
  SimClient& third = world.add_client(light);

  REQUIRE(world.run_clients(20s));

  CHECK(full.outcome().status == TestStatus::complete);
  CHECK(full.sessions_max() == 1);
  for (const SimClient* const one : beside) {
    CHECK(one->outcome().status == TestStatus::complete);
    CHECK(one->outcome().up->streams[0].rx->unique == 40);
    CHECK(one->outcome().down->streams[0].rx->unique == 40);
    CHECK(one->sessions_max() == 2);  // itself and the full one
  }
  REQUIRE(third.outcome().error);
  CHECK(third.outcome().error->code == ErrorCode::refused);
}

TEST_CASE("light tests take memory of the others while these leave it, but not all", "[sim]") {
  engine::ServerOptions server;
  server.max_memory = ByteCount::bytes(4U << 20U);  // 24 light ones would fill their part
  SimWorld world{8, server};
  auto light = packets(40);
  light.params.rate_up = SendRate{SendRate::Kind::packets, 20'000};
  for (int i = 0; i < 80; ++i) {
    light.host = static_cast<std::uint8_t>(10 + i);
    world.add_client(light);
  }
  world.run(500ms, [] { return false; });
  auto full = packets(100);
  full.host = 5;
  SimClient& other = world.add_client(full);
  REQUIRE(world.run_clients(20s));

  const auto complete = std::count_if(
      world.clients.begin(), world.clients.end(),
      [](const auto& client) { return client->outcome().status == TestStatus::complete; });
  CHECK(complete > 30);
  CHECK(complete < 60);
  // Nobody is let in and then ended for want of memory.
  CHECK(complete + static_cast<std::ptrdiff_t>(world.server->observer().refused.size()) == 81);
  CHECK(other.outcome().status == TestStatus::complete);
}

TEST_CASE("a client to which little comes asks for it some six times a second", "[sim]") {
  SimWorld world{9};
  auto slow = packets(10, Direction::down);
  slow.params.rate_down = SendRate{SendRate::Kind::packets, 1'000};
  std::size_t asked = 0;
  world.network.on_send = [&](const Endpoint&, const Endpoint& to,
                              std::span<const std::byte> bytes) {
    constexpr std::size_t kType = 5;
    const auto feedback = static_cast<std::byte>(wire::MessageType::feedback);
    asked +=
        to == world.network.server && bytes.size() > kType && bytes[kType] == feedback ? 1U : 0;
  };
  SimClient& client = world.add_client(slow);
  REQUIRE(world.run_clients(30s));

  CHECK(client.outcome().status == TestStatus::complete);
  CHECK(asked > 9 * 4);
  CHECK(asked < 9 * 10);
}

TEST_CASE("a server for one session serves a light one as that", "[sim]") {
  engine::ServerOptions server;
  server.one_off = true;
  SimWorld world{7, server};
  auto light = packets(40);
  light.params.rate_up = SendRate{SendRate::Kind::packets, 40'000};
  SimClient& first = world.add_client(light);
  world.run(50ms, [] { return false; });
  SimClient& second = world.add_client(packets(10));
  REQUIRE(world.run_clients(20s));
  CHECK(first.outcome().status == TestStatus::complete);
  CHECK(second.outcome().error);
}

TEST_CASE("a budget is shared out, and what is longer than allowed is refused", "[sim]") {
  engine::ServerOptions server;
  server.max_rate = BitRate::bits_per_second(1'000'000);
  server.max_duration = 10s;
  SimWorld world{3, server};
  auto options = packets(10);
  options.params.rate_up = {};
  SimClient& fast = world.add_client(options);
  auto endless = packets(1);
  endless.params.amount = {};
  endless.params.amount.duration = 1h;
  REQUIRE(world.run_clients(20s));
  CHECK(fast.outcome().params.rate_up.value == 1'000'000);
  REQUIRE(fast.outcome().warnings.size() == 1);
  CHECK(fast.outcome().warnings.front().code == "rate_lowered");

  SimClient& longer = world.add_client(endless);
  REQUIRE(world.run_clients(20s));
  REQUIRE(longer.outcome().error);
  CHECK(longer.outcome().error->message().find("at most") != std::string::npos);
}

TEST_CASE("a test that has the whole budget leaves room for light ones", "[sim]") {
  engine::ServerOptions server;
  server.max_rate = BitRate::bits_per_second(10'000'000);
  SimWorld world{8, server};
  auto options = packets(20'000);
  options.params.rate_up = {};  // as fast as it goes
  SimClient& whole = world.add_client(options);
  world.run(200ms, [] { return false; });
  auto light = packets(10, Direction::both);
  light.params.rate_up = SendRate{SendRate::Kind::packets, 10'000};
  light.params.rate_down = light.params.rate_up;
  SimClient& probe = world.add_client(light);
  SimClient& second = world.add_client(options);

  REQUIRE(world.run(20s, [&] { return probe.done() && second.done(); }));

  CHECK_FALSE(whole.done());
  CHECK(probe.outcome().status == TestStatus::complete);
  CHECK(probe.outcome().params.rate_up.value == 10'000);
  CHECK(second.outcome().error);
}

TEST_CASE("bursts of one short test after the other stay within the budget", "[sim][hostile]") {
  constexpr std::uint64_t kBps = 1'000'000;
  constexpr Duration kTime = 4s;
  // A second's worth at once; with a warm-up of the same; or a datagram as large as any.
  const auto [burst, bytes, omit] =
      GENERATE(std::tuple{100U, 1000U, Duration{0}}, std::tuple{100U, 1000U, Duration{1s}},
               std::tuple{0U, 65'507U, Duration{0}});
  CAPTURE(burst, bytes, omit.count());
  engine::ServerOptions server;
  server.max_rate = BitRate::bits_per_second(kBps);
  SimWorld world{5, server};
  auto options = packets(burst != 0 ? burst : 1, Direction::down);
  options.params.payload_bytes = bytes;
  options.params.rate_down = SendRate{SendRate::Kind::bits, kBps};
  options.params.shape_down.spacing = burst != 0 ? Spacing::burst : Spacing::even;
  options.params.shape_down.burst_packets = burst;
  options.params.omit = omit;
  const MonoTime begin = world.clock.now();
  const auto sent = [&world, size = bytes] {
    return world.network.truth(false).sent * std::uint64_t{size} * 8;
  };
  std::uint64_t served = 0;
  while (world.clock.now() - begin < kTime) {
    SimClient& client = world.add_client(options);
    const std::uint64_t before = sent();
    // Gone as soon as it has its burst.
    REQUIRE(
        world.run(20s, [&] { return client.done() || sent() > before + 8 * bytes * burst / 2; }));
    client.interrupt();
    REQUIRE(world.run_clients(20s));
    served += sent() > before ? 1U : 0U;
    world.run(50ms, [] { return false; });
  }
  const auto seconds = static_cast<std::uint64_t>((world.clock.now() - begin) / 1s) + 1;
  CAPTURE(served, seconds, sent());
  CHECK(served >= 3);
  CHECK(sent() <= kBps * (seconds + 1));  // the first burst comes before its time
}

TEST_CASE("a client that starts again on its port gets a new test", "[sim]") {
  SimWorld world{4};
  auto options = packets(100'000);
  options.local = test::SimNetwork::endpoint(2, 7777);
  world.add_client(options);
  world.run(300ms, [] { return false; });
  world.clients.clear();  // killed
  options.params.amount.packets = 50;
  SimClient& again = world.add_client(options);

  REQUIRE(world.run_clients(20s));

  CHECK(again.outcome().status == TestStatus::complete);
  CHECK(again.outcome().up->streams[0].rx->unique == 50);
}

TEST_CASE("a server that stops tells its clients, who keep what they have", "[sim]") {
  SimWorld world{5};
  world.network.up.delay = 1ms;
  world.network.down.delay = 1ms;
  SimClient& up = world.add_client(packets(100'000));
  SimClient& down = world.add_client(packets(100'000, Direction::down));
  world.run(500ms, [] { return false; });
  const MonoTime asked = world.clock.now();

  world.server->sessions().shut_down();

  REQUIRE(world.run_clients(10s));
  for (const SimClient* client : {&up, &down}) {
    CHECK(client->done_at() - asked < 3s);
    CHECK(client->outcome().status == TestStatus::incomplete);
    REQUIRE(client->outcome().error);
    CHECK(client->outcome().error->message().find("shutting down") != std::string::npos);
  }
  CHECK(up.outcome().up->streams[0].rx);
  CHECK(down.outcome().down->streams[0].rx->unique > 100);
  SimClient& late = world.add_client(packets(10));
  REQUIRE(world.run_clients(10s));
  CHECK(late.outcome().error);
}

TEST_CASE("a captured handshake opens no second test", "[sim]") {
  SimWorld world{6};
  struct Captured {
    Endpoint from;
    std::vector<std::byte> bytes;
  };
  std::vector<Captured> captured;
  world.network.on_send = [&](const Endpoint& from, const Endpoint& to,
                              std::span<const std::byte> bytes) {
    if (to == world.network.server) {
      captured.push_back({from, {bytes.begin(), bytes.end()}});
    }
  };
  SimClient& client = world.add_client(packets(20));
  REQUIRE(world.run_clients(10s));
  CHECK(client.outcome().status == TestStatus::complete);
  REQUIRE(world.run(10s, [&world] { return world.server->sessions().count() == 0; }));

  world.network.on_send = {};
  for (const Captured& one : captured) {
    world.network.send(one.from, world.network.server, one.bytes);
  }
  world.run(1s, [] { return false; });

  CHECK(captured.size() > 20);
  CHECK(world.server->observer().opened == 1);
  CHECK(world.server->sessions().count() == 0);
}

TEST_CASE("forged messages without the session's number change nothing", "[sim]") {
  SimWorld world{8};
  auto options = packets(300);
  options.local = test::SimNetwork::endpoint(2, 7777);
  SimClient& client = world.add_client(options);
  world.run(100ms, [] { return false; });
  TxReport lie;
  lie.packets = 1'000'000;
  for (std::uint64_t guess = 1; guess <= 1000; ++guess) {
    for (const auto& bytes :
         {wire::encode(wire::MessageType::fin, guess, 0, wire::Fin{lie, 0}),
          wire::encode(wire::MessageType::bye, guess, 0, wire::Bye{wire::ByeReason::done}),
          wire::encode(wire::MessageType::go, guess, 0, wire::Go{})}) {
      world.network.send(*options.local, world.network.server, bytes);
    }
  }

  REQUIRE(world.run_clients(10s));

  CHECK(client.outcome().status == TestStatus::complete);
  CHECK(client.outcome().up->streams[0].rx->unique == 300);
  CHECK(client.outcome().up->streams[0].rx->lost == 0);
}
