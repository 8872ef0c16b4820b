#include <array>

#include "result/document.hpp"
#include "sim/sim_world.hpp"
#include "support/catch.hpp"

using namespace std::chrono_literals;
using udperf::test::SimClient;
using udperf::test::SimWorld;

namespace {

using namespace udperf;
using wire::MessageType;

// All but BYE: with that, a client has ended.
constexpr std::array kSaid{
    MessageType::hello,  MessageType::challenge,   MessageType::request, MessageType::accept,
    MessageType::go,     MessageType::go_ack,      MessageType::probe,   MessageType::probe_reply,
    MessageType::data,   MessageType::feedback,    MessageType::fin,     MessageType::fin_ack,
    MessageType::report, MessageType::report_pull, MessageType::join,    MessageType::join_ack,
};
constexpr std::array kDirections{Direction::up, Direction::down, Direction::both};

SimClient::Options short_test(Direction direction) {
  SimClient::Options options;
  options.params.direction = direction;
  options.params.streams = 2;
  options.params.payload_bytes = 200;
  options.params.amount.packets = 200;
  options.params.rate_up = SendRate{SendRate::Kind::packets, 1'000'000};
  options.params.rate_down = options.params.rate_up;
  return options;
}

/// A client of a world with 2 ms each way, carried on until the `nth` message of this type leaves.
/// False when the test ends without so many of them.
bool run_until_said(SimWorld& world, SimClient& client, MessageType type, int nth) {
  int seen = 0;
  world.network.up.delay = 2ms;
  world.network.down.delay = 2ms;
  world.network.up.drop_data = 0.05;  // or nobody would ever wait for a late datagram
  world.network.down.drop_data = 0.05;
  world.network.on_send = [&seen, type](const Endpoint&, const Endpoint&,
                                        std::span<const std::byte> bytes) {
    const auto header = wire::decode_common(bytes);
    seen += header && header->type == type ? 1 : 0;
  };
  world.run(10s, [&] { return seen >= nth || client.done(); });
  world.network.on_send = nullptr;
  return seen >= nth && !client.done();
}

/// Carries tests of each direction on until each message was said once and twice, with ICMP and
/// without, and hands them to `die` then.
template <typename Die>
void at_each_message(unsigned seed, const Die& die) {
  unsigned deaths = 0;
  for (const MessageType type : kSaid) {
    for (const Direction direction : kDirections) {
      for (const int nth : {1, 2}) {
        const bool icmp = (static_cast<int>(type) + nth) % 2 == 0;
        CAPTURE(static_cast<int>(type), static_cast<int>(direction), nth, icmp);
        SimWorld world{seed};
        world.network.icmp = icmp;
        SimClient& client = world.add_client(short_test(direction));
        if (run_until_said(world, client, type, nth)) {
          ++deaths;
          die(world, client, direction);
        }
      }
    }
  }
  CHECK(deaths > 70);  // not every message is said twice in every direction
}

}  // namespace

TEST_CASE("the client ends in time at whatever message the server dies", "[sim]") {
  at_each_message(1, [](SimWorld& world, SimClient& client, Direction) {
    const MonoTime died = world.clock.now();
    world.server.reset();
    REQUIRE(world.run_clients(30s));
    CAPTURE(client.outcome().error ? client.outcome().error->message() : std::string{"none"});
    CHECK(client.done_at() - died < 8s);
    CHECK((client.outcome().status == TestStatus::complete) == !client.outcome().error);
    const auto document = result::build_result(client.outcome());
    CHECK(result::violated_identity(document).value_or("none") == "none");
  });
}

TEST_CASE("the server is free again at whatever message the client dies", "[sim]") {
  at_each_message(2, [](SimWorld& world, SimClient&, Direction direction) {
    const MonoTime died = world.clock.now();
    world.clients.clear();
    REQUIRE(world.run(12s, [&world] { return world.server->sessions().count() == 0; }));
    CHECK(world.network.truth(false).last_sent - died <= 3s);
    SimClient& next = world.add_client(short_test(direction));
    REQUIRE(world.run_clients(20s));
    CHECK(next.outcome().status == TestStatus::complete);
  });
}

TEST_CASE("an interrupt at any message ends the test in time with balanced books", "[sim]") {
  for (const MessageType type : kSaid) {
    for (const Direction direction : kDirections) {
      CAPTURE(static_cast<int>(type), static_cast<int>(direction));
      SimWorld world{3};
      SimClient& client = world.add_client(short_test(direction));
      if (!run_until_said(world, client, type, 1)) {
        continue;
      }
      const MonoTime asked = world.clock.now();

      client.interrupt();

      REQUIRE(world.run_clients(10s));
      CHECK(client.done_at() - asked < 3s);
      const auto document = result::build_result(client.outcome());
      CHECK(result::violated_identity(document).value_or("none") == "none");
      CHECK(world.run(12s, [&world] { return world.server->sessions().count() == 0; }));
    }
  }
}
