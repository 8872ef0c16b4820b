// The relay knows what it did to each datagram; the result has to say the same, to the datagram.

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "e2e/program.hpp"
#include "support/catch.hpp"
#include "support/condition.hpp"
#include "support/families.hpp"
#include "support/relay.hpp"

using namespace std::chrono_literals;
using nlohmann::json;
using udperf::Endpoint;
using udperf::IpFamily;
using udperf::test::Attempt;
using udperf::test::check_books;
using udperf::test::client_arguments;
using udperf::test::Direction;
using udperf::test::document_of;
using udperf::test::Fate;
using udperf::test::Finished;
using udperf::test::kGuard;
using udperf::test::lost_in_hosts;
using udperf::test::measure_side_by_side;
using udperf::test::measure_under_condition;
using udperf::test::Measurement;
using udperf::test::Passage;
using udperf::test::Process;
using udperf::test::Relay;
using udperf::test::RelayLog;
using udperf::test::RelayScript;
using udperf::test::run_udperf;
using udperf::test::Server;
using udperf::test::start_udperf;
using udperf::test::Stream;
using udperf::wire::MessageType;

namespace {

Relay start_relay(const Server& server, RelayScript script) {
  auto relay = Relay::start(server.endpoint(), std::move(script));
  REQUIRE(relay.has_value());
  return std::move(*relay);
}

/// Faults in the way that DATA takes, and `control_loss` both ways for all else.
RelayScript faulty(std::uint64_t seed, Direction way, double control_loss) {
  RelayScript script;
  script.seed = seed;
  script.data[static_cast<std::size_t>(way)] = {0.05, 0.05, 0.05, 2ms};
  script.control = {{{control_loss, 0, 0, {}}, {control_loss, 0, 0, {}}}};
  return script;
}

struct Tally {
  std::int64_t lost = 0;
  std::int64_t lost_bytes = 0;
  std::int64_t duplicated = 0;
};

Tally tally(const RelayLog& log, Direction way) {
  Tally tally;
  for (const auto& event : log.dropped) {
    if (event.direction == way) {
      ++tally.lost;
      tally.lost_bytes += static_cast<std::int64_t>(event.bytes);
    }
  }
  for (const auto& event : log.duplicated) {
    tally.duplicated += event.direction == way ? 1 : 0;
  }
  return tally;
}

/// Sockets with small buffers lose something on a busy host, the relay's, too.
void check_against(const RelayLog& log, Direction way, const json& direction, Attempt& attempt) {
  check_books(direction);
  if (!attempt.keeps(log.exact() && lost_in_hosts(direction) == 0, "sockets that lose nothing")) {
    return;
  }
  const auto expected = tally(log, way);
  CHECK(expected.lost > 0);
  CHECK(direction.at("loss").at("packets") == expected.lost);
  CHECK(direction.at("loss").at("network_packets") == expected.lost);
  CHECK(direction.at("loss").at("bytes") == expected.lost_bytes);
  CHECK(direction.at("duplicates").at("packets") == expected.duplicated);
  CHECK(direction.at("tx").at("packets") == log.of(way, MessageType::data).received);
  CHECK(direction.at("rx").at("datagrams") == log.of(way, MessageType::data).forwarded);
}

/// One run with its own relay; several go on at once, since most of one is waiting.
struct Run {
  std::optional<Relay> relay;
  std::optional<Process> client;
};

void start_run(Run& run, const Server& server, std::uint64_t seed, Direction way,
               double control_loss) {
  run.relay = start_relay(server, faulty(seed, way, control_loss));
  run.client = start_udperf(
      client_arguments(run.relay->endpoint(),
                       {"--size", "1M", "--rate", "20M", "--interval", "100ms", "--connect-timeout",
                        "20s", "--direction", way == Direction::to_server ? "up" : "down"}));
}

void finish_run(Run& run, Direction way, Attempt& attempt) {
  const auto status = run.client->wait(kGuard);
  const Finished finished{
      status, run.client->output(Stream::out), run.client->output(Stream::err), {}};
  CAPTURE(finished.out, finished.err);
  CHECK(finished.code() == 0);
  const auto document = document_of(finished);
  CHECK(document.at("status") == "complete");
  check_against(run.relay->log(), way, document.at(way == Direction::to_server ? "up" : "down"),
                attempt);
}

}  // namespace

TEST_CASE("loss and duplication are those of the network, to the datagram", "[e2e]") {
  // The control datagrams of half of the seeds meet a network that loses every second one.
  const auto way = GENERATE(Direction::to_server, Direction::to_client);
  constexpr std::uint64_t kSeeds = 20;
  constexpr std::uint64_t kAtOnce = 10;
  const Server server{IpFamily::v4, {"--max-sessions-per-address", "64"}};

  for (std::uint64_t first = 1; first <= kSeeds; first += kAtOnce) {
    std::vector<Measurement> runs;
    for (auto seed = first; seed < first + kAtOnce; ++seed) {
      const auto run = std::make_shared<Run>();
      runs.push_back(
          {"seed " + std::to_string(seed),
           [=, &server] { start_run(*run, server, seed, way, seed % 2 == 0 ? 0.5 : 0.0); },
           [=](Attempt& attempt) { finish_run(*run, way, attempt); }});
    }
    measure_side_by_side(runs);
  }
}

TEST_CASE("the same seed loses the same datagrams", "[e2e]") {
  const Server server;
  measure_under_condition([&](Attempt& attempt) {
    std::vector<json> losses;
    for (int i = 0; i < 2; ++i) {
      auto relay = start_relay(server, faulty(77, Direction::to_server, 0));
      const json way = document_of(run_udperf(client_arguments(relay.endpoint(),
                                                               {"--size", "1M", "--rate", "20M"})))
                           .at("up");
      attempt.keeps(relay.log().exact() && lost_in_hosts(way) == 0, "sockets that lose nothing");
      losses.push_back(way.at("loss").at("periods"));
    }
    CHECK((!attempt.missing().empty() || losses[0] == losses[1]));
  });
}

TEST_CASE("a lost first and a lost last datagram are counted, although no gap shows them",
          "[e2e]") {
  const auto family = GENERATE(IpFamily::v4, IpFamily::v6);
  if (!udperf::test::family_or_skip(family)) {
    return;
  }
  const Server server{family};
  RelayScript script;
  script.decide = [](const Passage& passage) -> std::optional<Fate> {
    const bool edge = passage.sequence < 3 || passage.sequence >= 95;
    const bool hit = passage.is(MessageType::data) && edge;
    return hit ? std::optional<Fate>{{true, 1, {}}} : std::nullopt;
  };
  auto relay = start_relay(server, script);

  const auto finished = run_udperf(client_arguments(
      relay.endpoint(), {"--packets", "100", "--packet-size", "1000", "--rate", "20M"}));

  CHECK(finished.code() == 0);
  const auto document = document_of(finished);
  const auto& loss = document.at("up").at("loss");
  CHECK(loss.at("packets") == 8);
  CHECK(loss.at("head_packets") == 3);
  CHECK(loss.at("tail_packets") == 5);
  check_books(document.at("up"));
}

TEST_CASE("a test in which all data is lost completes and says so", "[e2e]") {
  const Server server;
  RelayScript script;
  script.data[0].drop = 1;
  auto relay = start_relay(server, script);

  const auto finished =
      run_udperf(client_arguments(relay.endpoint(), {"--packets", "200", "--rate", "20M"}));

  CAPTURE(finished.err);
  const auto document = document_of(finished);
  CHECK(document.at("up").at("tx").at("packets") == 200);
  CHECK(document.at("up").at("loss").at("packets") == 200);
  CHECK(document.at("loss_percent").get<double>() == Approx(100));
}

TEST_CASE("the books are exact although no FIN ever arrives", "[e2e]") {
  const Server server;
  auto script = faulty(5, Direction::to_server, 0);
  script.decide = [](const Passage& passage) -> std::optional<Fate> {
    return passage.is(MessageType::fin) ? std::optional<Fate>{{true, 1, {}}} : std::nullopt;
  };
  measure_under_condition([&](Attempt& attempt) {
    auto relay = start_relay(server, script);
    const auto finished =
        run_udperf(client_arguments(relay.endpoint(), {"--size", "1M", "--rate", "20M"}));

    CAPTURE(finished.err);
    CHECK((finished.code() == 0 || finished.code() == 5));
    const auto document = document_of(finished);
    CHECK(relay.log().of(Direction::to_server, MessageType::fin).dropped > 1);
    check_against(relay.log(), Direction::to_server, document.at("up"), attempt);
  });
}

TEST_CASE("duplicated control datagrams change nothing", "[e2e]") {
  const Server server;
  auto script = faulty(9, Direction::to_server, 0);
  script.control = {{{0, 1, 0, {}}, {0, 1, 0, {}}}};
  measure_under_condition([&](Attempt& attempt) {
    auto relay = start_relay(server, script);
    const auto finished =
        run_udperf(client_arguments(relay.endpoint(), {"--size", "1M", "--rate", "20M"}));

    CHECK(finished.code() == 0);
    check_against(relay.log(), Direction::to_server, document_of(finished).at("up"), attempt);
  });
}
