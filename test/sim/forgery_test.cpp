#include <optional>

#include "sim/sim_world.hpp"
#include "support/catch.hpp"

using namespace std::chrono_literals;
using udperf::test::SimClient;
using udperf::test::SimNetwork;
using udperf::test::SimWorld;

namespace {

using namespace udperf;
using wire::MessageType;

constexpr std::uint64_t kPackets = 400;

SimClient::Options one_second(Direction direction) {
  SimClient::Options options;
  options.params.direction = direction;
  options.params.payload_bytes = 200;
  options.params.amount.packets = kPackets;
  options.params.rate_up = SendRate{SendRate::Kind::packets, 400'000};
  options.params.rate_down = options.params.rate_up;
  options.local = SimNetwork::endpoint(2, 7777);
  return options;
}

/// Everything that would harm a test if it were believed.
std::vector<std::vector<std::byte>> harmful(std::uint64_t session) {
  TxReport lie;
  lie.packets = 1'000'000;
  wire::Feedback feedback;
  feedback.number = UINT64_MAX;
  const wire::ReportChunk chunk{4, 0, {std::byte{1}, std::byte{2}, std::byte{3}, std::byte{4}}};
  return {
      wire::encode(MessageType::fin, session, 0, wire::Fin{lie, 0}),
      wire::encode(MessageType::feedback, session, 0, feedback),
      wire::encode(MessageType::bye, session, 0, wire::Bye{wire::ByeReason::done}),
      wire::encode(MessageType::bye, session, 0, wire::Bye{wire::ByeReason::shutting_down}),
      wire::encode(MessageType::report, session, 0, chunk),
      wire::encode(MessageType::report_pull, session, 0, wire::ReportPull{0, 32}),
  };
}

/// Sends it to both ends, each time as if it came from the other.
void forge(SimWorld& world, const Endpoint& client, std::uint64_t session) {
  for (const auto& bytes : harmful(session)) {
    world.network.send(client, world.network.server, bytes);
    world.network.send(world.network.server, client, bytes);
  }
}

void check_untouched(const SimClient& client) {
  CAPTURE(client.outcome().error ? client.outcome().error->message() : std::string{"none"});
  CHECK(client.outcome().status == TestStatus::complete);
  for (const auto* way : {&client.outcome().up, &client.outcome().down}) {
    if (*way) {
      const StreamOutcome& stream = (*way)->streams[0];
      REQUIRE(stream.rx);
      CHECK(stream.rx->unique == kPackets);
      CHECK(stream.rx->lost == 0);
      CHECK(stream.rx->finalized == Finalized::all_received);
    }
  }
}

}  // namespace

TEST_CASE("who does not know the session's number cannot end or bend a test", "[sim]") {
  const auto direction = GENERATE(Direction::up, Direction::down, Direction::both);
  CAPTURE(static_cast<int>(direction));
  SimWorld world{1};
  const auto options = one_second(direction);
  SimClient& client = world.add_client(options);
  for (std::uint64_t moment = 0; moment < 100; ++moment) {
    world.run(10ms, [] { return false; });
    forge(world, *options.local, world.network.random().next_u64());
  }

  REQUIRE(world.run_clients(20s));

  check_untouched(client);
}

TEST_CASE("with a key, not even the session's number helps, nor does saying it again", "[sim]") {
  const auto direction = GENERATE(Direction::up, Direction::down, Direction::both);
  CAPTURE(static_cast<int>(direction));
  engine::ServerOptions server;
  server.key.emplace().fill(std::byte{'k'});
  SimWorld world{2, server};
  auto options = one_second(direction);
  options.key.emplace().fill(std::byte{'k'});
  std::optional<std::uint64_t> session;
  struct Heard {
    Endpoint from;
    Endpoint to;
    std::vector<std::byte> bytes;
  };
  std::vector<Heard> heard;
  world.network.on_send = [&](const Endpoint& from, const Endpoint& to,
                              std::span<const std::byte> bytes) {
    const auto header = wire::decode_common(bytes);
    if (header && header->session != 0 && header->type != MessageType::data) {
      session = header->session;
      heard.push_back({from, to, {bytes.begin(), bytes.end()}});
    }
  };
  SimClient& client = world.add_client(options);
  for (int moment = 0; moment < 100 && !client.done(); ++moment) {
    world.run(10ms, [&client] { return client.done(); });
    if (session) {
      forge(world, *options.local, *session);
    }
    // Sealed messages of earlier, GO, FEEDBACK and probes among them, once more.
    const auto again = std::exchange(heard, {});
    for (const Heard& one : again) {
      world.network.send(one.from, one.to, one.bytes);
    }
    heard.clear();
  }

  REQUIRE(world.run_clients(20s));

  REQUIRE(session);
  check_untouched(client);
}

TEST_CASE("without a key, the session's number is what protects a test", "[sim]") {
  // The counterpart of the test above: it shows that what is forged would do harm if believed.
  SimWorld world{3};
  const auto options = one_second(Direction::up);
  std::uint64_t session = 0;
  world.network.on_send = [&session](const Endpoint&, const Endpoint&,
                                     std::span<const std::byte> bytes) {
    const auto header = wire::decode_common(bytes);
    session = header ? std::max(session, header->session) : session;
  };
  SimClient& client = world.add_client(options);
  world.run(300ms, [] { return false; });
  world.network.on_send = nullptr;

  forge(world, *options.local, session);

  REQUIRE(world.run_clients(20s));
  CHECK(client.outcome().status != TestStatus::complete);
}

TEST_CASE("a session's messages from another address are not for that session", "[sim]") {
  SimWorld world{4};
  const auto options = one_second(Direction::both);
  std::uint64_t session = 0;
  world.network.on_send = [&session](const Endpoint&, const Endpoint&,
                                     std::span<const std::byte> bytes) {
    const auto header = wire::decode_common(bytes);
    session = header ? std::max(session, header->session) : session;
  };
  SimClient& client = world.add_client(options);
  world.run(300ms, [] { return false; });
  world.network.on_send = nullptr;
  const std::uint64_t answers = world.server->sessions().counters().challenges;

  for (const auto& bytes : harmful(session)) {
    world.network.send(SimNetwork::endpoint(9, 7777), world.network.server, bytes);
  }

  REQUIRE(world.run_clients(20s));
  check_untouched(client);
  CHECK(world.server->sessions().counters().challenges == answers);
}
