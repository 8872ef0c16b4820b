// A result is whole only when both ends say so, and what is not whole says why.

#include <cerrno>

#include "result/document.hpp"
#include "sim/sim_world.hpp"
#include "support/catch.hpp"

using namespace std::chrono_literals;
using Catch::Matchers::ContainsSubstring;
using udperf::test::SimClient;
using udperf::test::SimWorld;

namespace {

using namespace udperf;
using Status = net::SendOutcome::Status;

SimClient::Options paced(Direction direction, Duration duration, std::uint64_t pps = 500) {
  SimClient::Options options;
  options.params.direction = direction;
  options.params.payload_bytes = 200;
  options.params.amount.duration = duration;
  options.params.rate_up = SendRate{SendRate::Kind::packets, pps * 1000};
  options.params.rate_down = options.params.rate_up;
  return options;
}

net::SendOutcome says(Status status, int os_error, std::uint32_t lost = 0) {
  return net::SendOutcome{status, 0, 0, os_error, lost};
}

/// The document of an outcome whose books balance.
result::ResultDocument document_of(const TestOutcome& outcome) {
  auto document = result::build_result(outcome);
  CHECK(result::violated_identity(document).value_or("none") == "none");
  return document;
}

const result::DirectionPart& part_of(const result::ResultDocument& document, Direction direction) {
  return direction == Direction::up ? *document.up : *document.down;
}

}  // namespace

TEST_CASE("a direction is complete only when its sender says that it sent all", "[sim]") {
  const auto direction = GENERATE(Direction::up, Direction::down);
  CAPTURE(static_cast<int>(direction));
  SimWorld world{11};
  SimClient& client = world.add_client(paced(direction, 3s));
  world.run(1s, [] { return false; });

  world.network.host_says = [](const Endpoint&) { return says(Status::failed, EBADF); };

  REQUIRE(world.run_clients(20s));
  const auto document = document_of(client.outcome());
  CHECK(document.status == TestStatus::incomplete);
  REQUIRE(document.error);
  CHECK_THAT(document.error->message(), ContainsSubstring("Bad file descriptor"));
  CHECK(part_of(document, direction).tx.end == "failed");
  CHECK(part_of(document, direction).loss.packets == 0U);
  REQUIRE(world.run(20s, [&world] { return !world.server->observer().closed.empty(); }));
  const SessionOutcome& session = world.server->observer().closed.front();
  CHECK(session.status == TestStatus::incomplete);
  CHECK(session.reason != "complete");
}

TEST_CASE("a client that stands still comes back to its download", "[sim]") {
  const Duration pause = GENERATE(1500ms, 2000ms, 4500ms);
  CAPTURE(pause.count());
  SimWorld world{12};
  SimClient& client = world.add_client(paced(Direction::down, 8s));
  world.run(1s, [] { return false; });
  auto stopped = std::move(world.clients.front());
  world.clients.clear();
  world.run(pause, [] { return false; });
  world.clients.push_back(std::move(stopped));

  REQUIRE(world.run_clients(20s));

  const auto document = document_of(client.outcome());
  INFO((document.error ? document.error->message() : std::string{}));
  CHECK(document.status == TestStatus::complete);
  const auto& tx = document.down->tx;
  CHECK(tx.end == "complete");
  REQUIRE(tx.pauses.size() == 1);
  CHECK_THAT(tx.pauses[0].reason, ContainsSubstring("receiver was silent"));
  // Nobody is sent to without a licence, which lasts a second.
  CHECK(tx.pauses[0].duration_s > static_cast<double>(pause.count()) / 1e9 - 1.2);
  CHECK(*document.down->rx.unique > 500 * 2);
}

TEST_CASE("a path of seconds carries a test to its end", "[sim]") {
  const auto direction = GENERATE(Direction::up, Direction::down, Direction::both);
  const bool sized = GENERATE(false, true);
  CAPTURE(static_cast<int>(direction), sized);
  SimWorld world{13};
  world.network.up.delay = 2s;
  world.network.down.delay = 2s;
  auto options = paced(direction, 5s, 100);
  options.connect_timeout = 20s;
  options.auto_packet_size = sized;
  SimClient& client = world.add_client(options);

  REQUIRE(world.run_clients(90s));

  const auto document = document_of(client.outcome());
  INFO((document.error ? document.error->message() : std::string{}));
  REQUIRE(document.status == TestStatus::complete);
  for (const auto* part : {&document.up, &document.down}) {
    if (*part) {
      CHECK((*part)->tx.packets == 500U);
      CHECK((*part)->loss.packets == 0U);
      CHECK((*part)->tx.pauses.empty());
    }
  }
  REQUIRE(world.run(30s, [&world] { return !world.server->observer().closed.empty(); }));
  CHECK(world.server->observer().closed.front().reason == "complete");
}

TEST_CASE("a datagram that the host refuses for good is numbered and lost there", "[sim]") {
  const auto direction = GENERATE(Direction::up, Direction::down);
  const bool rated = GENERATE(true, false);
  CAPTURE(static_cast<int>(direction), rated);
  SimWorld world{14};
  auto options = paced(direction, 0s, 2000);
  options.params.amount.duration = Duration{0};
  options.params.amount.packets = 3000;
  if (!rated) {
    options.params.rate_up = options.params.rate_down = SendRate{};
  }
  std::uint64_t calls = 0;
  std::uint64_t refused = 0;
  world.network.host_says = [&](const Endpoint&) -> std::optional<net::SendOutcome> {
    if (++calls % 50 != 0) {
      return std::nullopt;
    }
    ++refused;
    return says(Status::denied, EPERM, 1);
  };
  SimClient& client = world.add_client(options);

  REQUIRE(world.run_clients(20s));

  const auto document = document_of(client.outcome());
  CHECK(document.status == TestStatus::complete);
  const auto& part = part_of(document, direction);
  REQUIRE(refused > 0);
  CHECK(part.tx.packets == 3000U);
  CHECK(part.rx.unique == 3000 - refused);
  CHECK(part.loss.local_tx_drop == refused);
  CHECK(part.loss.network_packets == 0U);
  CHECK(part.tx.send_blocked == 0U);
  REQUIRE(part.tx.pauses.size() == 1);
  CHECK(part.tx.pauses[0].packets == refused);
  CHECK_THAT(part.tx.pauses[0].reason, ContainsSubstring("Operation not permitted"));
}

TEST_CASE("a route that is away for a second costs that second and not the test", "[sim]") {
  const auto direction = GENERATE(Direction::up, Direction::down);
  const int os_error = GENERATE(ENETUNREACH, ENODEV, EINVAL, EADDRNOTAVAIL);
  CAPTURE(static_cast<int>(direction), os_error);
  SimWorld world{15};
  SimClient& client = world.add_client(paced(direction, 4s));
  world.run(1s, [] { return false; });
  world.network.host_says = [os_error](const Endpoint&) {
    return says(Status::denied, os_error, 1);
  };
  world.run(1s, [] { return false; });
  world.network.host_says = {};

  REQUIRE(world.run_clients(20s));

  const auto document = document_of(client.outcome());
  CHECK(document.status == TestStatus::complete);
  const auto& part = part_of(document, direction);
  CHECK(*part.tx.packets >= 1990);  // attempted all through
  CHECK(*part.loss.local_tx_drop >= 490);
  CHECK(*part.loss.local_tx_drop == *part.loss.packets);
  REQUIRE(part.tx.pauses.size() == 1);
  CHECK(part.tx.pauses[0].duration_s > 0.9);
  CHECK(part.tx.pauses[0].duration_s < 1.1);
  CHECK(document.limited_by == "sender_host");
}

TEST_CASE("a sender that is blocked to the end did not keep its rate", "[sim]") {
  const auto direction = GENERATE(Direction::up, Direction::down);
  const bool rated = GENERATE(true, false);
  CAPTURE(static_cast<int>(direction), rated);
  SimWorld world{16};
  auto options = paced(direction, 4s, 500);
  world.network.up.rate_bps = world.network.down.rate_bps = 4'000'000;
  SimClient& client = world.add_client(options);
  world.run(2s, [] { return false; });
  world.network.host_says = [](const Endpoint&) { return says(Status::blocked, EAGAIN); };

  REQUIRE(world.run_clients(20s));

  const auto document = document_of(client.outcome());
  const auto& part = part_of(document, direction);
  CHECK(*part.tx.silent_ns > 1'900'000'000);
  CHECK(*part.tx.silent_ns < 2'100'000'000);
  CHECK(*part.tx.window_ns == 4'000'000'000);
  CHECK(*part.tx.offered_bps < 0.55 * 800'000);
  CHECK(*part.rx.goodput_bps > 0.95 * 800'000);
  REQUIRE(result::sustained_bps(document));
  CHECK(*result::sustained_bps(document) < 0.55 * 800'000);
  CHECK(document.limited_by == "sender_host");
  CHECK_THAT(document.verdict, ContainsSubstring("nothing was sent"));
}

TEST_CASE("what this end sent is told although the server died", "[sim]") {
  SimWorld world{17};
  SimClient& client = world.add_client(paced(Direction::up, 10s));
  world.run(2s, [] { return false; });
  world.network.icmp = false;

  world.server.reset();

  REQUIRE(world.run_clients(20s));
  const auto document = document_of(client.outcome());
  CHECK(document.status == TestStatus::incomplete);
  CHECK(*document.up->tx.packets > 900);
  CHECK(document.up->tx.end == "peer_silent");
}

TEST_CASE("one forged ICMP message and a short outage do not end a client", "[sim]") {
  const auto direction = GENERATE(Direction::up, Direction::down);
  const Duration before = GENERATE(-100ms, 100ms, 500ms);
  CAPTURE(static_cast<int>(direction), before.count());
  SimWorld world{18};
  auto options = paced(direction, 4s);
  options.local = test::SimNetwork::endpoint(2, 7000);
  SimClient& client = world.add_client(options);
  world.run(1s, [] { return false; });
  const auto cut = [](const wire::CommonHeader&) { return true; };
  if (before < Duration{0}) {
    world.network.forge_refusal(*options.local);
    world.run(-before, [] { return false; });
  }
  world.network.up.drop_if = cut;
  world.network.down.drop_if = cut;
  if (before > Duration{0}) {
    world.run(before, [] { return false; });
    world.network.forge_refusal(*options.local);
  }
  world.run(900ms, [] { return false; });
  world.network.up.drop_if = {};
  world.network.down.drop_if = {};

  REQUIRE(world.run_clients(20s));

  INFO((client.outcome().error ? client.outcome().error->message() : std::string{}));
  CHECK(client.outcome().status == TestStatus::complete);
}

TEST_CASE("forged ICMP messages do not end a test whose ends talk seldom", "[sim]") {
  SimWorld world{20};
  auto options = paced(Direction::up, 6s, 2);
  options.light = true;
  options.local = test::SimNetwork::endpoint(2, 7000);
  SimClient& client = world.add_client(options);
  for (int i = 0; i < 50; ++i) {
    world.run(100ms, [] { return false; });
    world.network.forge_refusal(*options.local);
  }

  REQUIRE(world.run_clients(20s));

  INFO((client.outcome().error ? client.outcome().error->message() : std::string{}));
  CHECK(client.outcome().status == TestStatus::complete);
}

TEST_CASE("a clock that is set back does not end a test before it began", "[sim]") {
  test::ClockFault fault;
  fault.wall_step = -2h;
  fault.step_at = test::FakeClock{}.now() + 1s;
  SimWorld world{19, {}, fault};
  world.add_client(paced(Direction::up, 3s));

  REQUIRE(world.run_clients(20s));

  REQUIRE(world.run(20s, [&world] { return !world.server->observer().closed.empty(); }));
  const SessionOutcome& session = world.server->observer().closed.front();
  CHECK(session.closed - session.opened > 3s);
  CHECK(session.closed - session.opened < 8s);
}
