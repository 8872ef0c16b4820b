#include <array>
#include <map>

#include "result/document.hpp"
#include "sim/sim_world.hpp"
#include "support/catch.hpp"

using namespace std::chrono_literals;
using udperf::test::SimClient;
using udperf::test::SimWorld;

namespace {

using namespace udperf;
using wire::MessageType;

constexpr std::array kControl{
    MessageType::hello, MessageType::challenge,   MessageType::request,  MessageType::accept,
    MessageType::go,    MessageType::go_ack,      MessageType::probe,    MessageType::probe_reply,
    MessageType::fin,   MessageType::fin_ack,     MessageType::feedback, MessageType::report,
    MessageType::bye,   MessageType::report_pull, MessageType::join,     MessageType::join_ack,
};
constexpr std::array kDirections{Direction::up, Direction::down, Direction::both};

SimClient::Options small(Direction direction, std::uint16_t streams) {
  SimClient::Options options;
  options.params.direction = direction;
  options.params.streams = streams;
  options.params.payload_bytes = 200;
  options.params.amount.packets = 150;
  options.params.rate_up = SendRate{SendRate::Kind::packets, 1'000'000};
  options.params.rate_down = options.params.rate_up;
  return options;
}

/// Two milliseconds each way; messages of this type are lost, the first `count` of each stream.
void lose(SimWorld& world, MessageType type, int count) {
  for (test::Impairment* path : {&world.network.up, &world.network.down}) {
    path->delay = 2ms;
    path->drop_if = [type, count,
                     lost = std::map<std::uint8_t, int>{}](const auto& header) mutable {
      return header.type == type && lost[header.stream]++ < count;
    };
  }
}

void check_exact(const std::optional<WayOutcome>& way, std::uint64_t packets) {
  if (!way) {
    return;
  }
  std::uint64_t unique = 0;
  for (const StreamOutcome& stream : way->streams) {
    REQUIRE(stream.tx);
    REQUIRE(stream.rx);
    CHECK(stream.tx->packets == stream.rx->unique);
    CHECK(stream.rx->lost == 0);
    CHECK(stream.rx->duplicates == 0);
    unique += stream.rx->unique;
  }
  CHECK(unique == packets);
}

struct Turns {
  std::uint64_t count = 0;
  Duration time{0};
};

/// Steps taken until every client is done, and the simulated time that took.
Turns run_counting(SimWorld& world, const SimClient& client) {
  Turns turns;
  const MonoTime begun = world.clock.now();
  REQUIRE(world.run(40s, [&] {
    ++turns.count;
    return client.done();
  }));
  turns.time = client.done_at() - begun;
  return turns;
}

}  // namespace

TEST_CASE("any message may be lost four times without changing the result", "[sim]") {
  for (const MessageType type : kControl) {
    for (const Direction direction : kDirections) {
      for (const std::uint16_t streams : {std::uint16_t{1}, std::uint16_t{3}}) {
        CAPTURE(static_cast<int>(type), static_cast<int>(direction), streams);
        SimWorld world{1};
        lose(world, type, 4);
        SimClient& client = world.add_client(small(direction, streams));

        const Turns turns = run_counting(world, client);

        CAPTURE(client.outcome().error ? client.outcome().error->message() : std::string{"none"});
        CHECK(client.outcome().status == TestStatus::complete);
        check_exact(client.outcome().up, 150);
        check_exact(client.outcome().down, 150);
        // Whoever waits must sleep: a deadline in the past, or what is left unread, would turn a
        // core into a heater.
        CHECK(turns.count < 1000 + 10 * static_cast<std::uint64_t>(turns.time / 1ms));
        CHECK(world.network.left_unread == 0);
        CHECK(world.run(20s, [&world] { return world.server->sessions().count() == 0; }));
      }
    }
  }
}

TEST_CASE("a client's last words are its BYE: reports, and that it has one, go before", "[sim]") {
  for (const Direction direction : kDirections) {
    for (const std::uint16_t streams : {std::uint16_t{1}, std::uint16_t{3}}) {
      CAPTURE(static_cast<int>(direction), streams);
      SimWorld world{1};
      std::optional<IpAddress> ours;
      int before = 0;
      int behind = 0;
      bool said_bye = false;
      world.network.on_send = [&](const Endpoint& from, const Endpoint&,
                                  std::span<const std::byte> bytes) {
        const auto header = wire::decode_common(bytes);
        const auto type = header ? header->type : MessageType::data;
        ours = type == MessageType::hello ? from.address : ours;
        if (from.address != ours) {
          return;
        }
        said_bye = said_bye || type == MessageType::bye;
        if (type == MessageType::report || type == MessageType::report_pull) {
          ++(said_bye ? behind : before);
        }
      };
      SimClient& client = world.add_client(small(direction, streams));
      REQUIRE(world.run_clients(20s));
      CHECK(client.outcome().status == TestStatus::complete);
      CHECK(said_bye);
      CHECK(before >= streams);
      CHECK(behind == 0);
    }
  }
}

TEST_CASE("a message that never gets through ends in time, and the books still balance", "[sim]") {
  for (const MessageType type : kControl) {
    for (const Direction direction : kDirections) {
      CAPTURE(static_cast<int>(type), static_cast<int>(direction));
      SimWorld world{2};
      lose(world, type, 1'000'000);
      world.network.up.drop_data = 0.2;
      world.network.down.drop_data = 0.2;
      SimClient& client = world.add_client(small(direction, 2));

      const Turns turns = run_counting(world, client);

      CAPTURE(turns.count, turns.time.count());
      CHECK(turns.time < 20s);
      CHECK(turns.count < 1000 + 10 * static_cast<std::uint64_t>(turns.time / 1ms));
      const auto document = result::build_result(client.outcome());
      CHECK(result::violated_identity(document).value_or("none") == "none");
      CHECK((client.outcome().status == TestStatus::complete) == !client.outcome().error);
      CHECK(world.run(20s, [&world] { return world.server->sessions().count() == 0; }));
    }
  }
}

TEST_CASE("a GO that never gets through is named in the error", "[sim]") {
  for (const Direction direction : kDirections) {
    CAPTURE(static_cast<int>(direction));
    SimWorld world{3};
    lose(world, MessageType::go, 1'000'000);
    SimClient& client = world.add_client(small(direction, 1));

    REQUIRE(world.run_clients(20s));

    REQUIRE(client.outcome().error);
    CHECK(client.outcome().error->message().find("did not answer GO") != std::string::npos);
    REQUIRE(world.run(12s, [&world] { return world.server->sessions().count() == 0; }));
    CHECK(world.server->observer().closed.at(0).status != TestStatus::complete);
  }
}

TEST_CASE("without BYE both ends still call the test complete", "[sim]") {
  for (const Direction direction : kDirections) {
    CAPTURE(static_cast<int>(direction));
    SimWorld world{4};
    lose(world, MessageType::bye, 1'000'000);
    world.network.icmp = false;
    SimClient& client = world.add_client(small(direction, 2));

    REQUIRE(world.run_clients(20s));

    CHECK(client.outcome().status == TestStatus::complete);
    REQUIRE(world.run(4s, [&world] { return world.server->sessions().count() == 0; }));
    CHECK(world.server->observer().closed.at(0).status == TestStatus::complete);
  }
}

TEST_CASE("streams join through a path that loses half of everything", "[sim]") {
  unsigned complete = 0;
  constexpr unsigned kRuns = 60;
  for (unsigned seed = 1; seed <= kRuns; ++seed) {
    CAPTURE(seed);
    SimWorld world{seed};
    for (test::Impairment* path : {&world.network.up, &world.network.down}) {
      path->delay = 3ms;
      path->drop_control = 0.5;
      path->drop_data = 0.5;
    }
    auto options = small(Direction::both, 4);
    options.connect_timeout = 10s;
    SimClient& client = world.add_client(options);

    REQUIRE(world.run_clients(60s));

    const auto document = result::build_result(client.outcome());
    CHECK(result::violated_identity(document).value_or("none") == "none");
    if (client.outcome().status == TestStatus::complete) {
      ++complete;
      CHECK(client.outcome().up->streams.size() == 4);
      CHECK(client.outcome().down->streams.size() == 4);
    }
    CHECK(world.run(20s, [&world] { return world.server->sessions().count() == 0; }));
  }
  CHECK(complete >= kRuns * 9 / 10);
}
