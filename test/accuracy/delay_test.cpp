// Delays made to order by a relay, which logs when each datagram came and went.

#include <algorithm>
#include <cmath>
#include <vector>

#include "e2e/program.hpp"
#include "support/catch.hpp"
#include "support/relay.hpp"

using namespace std::chrono_literals;
using nlohmann::json;
using udperf::Duration;
using udperf::test::check_books;
using udperf::test::client_arguments;
using udperf::test::document_of;
using udperf::test::Fate;
using udperf::test::Passage;
using udperf::test::Relay;
using udperf::test::RelayScript;
using udperf::test::run_udperf;
using udperf::test::Server;

namespace {

/// RFC 2330 s11.3.
Duration percentile(std::vector<Duration> values, double share) {
  std::sort(values.begin(), values.end());
  const double rank = std::ceil(share * static_cast<double>(values.size()));
  return values.at(static_cast<std::size_t>(std::max(rank, 1.0)) - 1);
}

}  // namespace

TEST_CASE("20 ms of delay with steps of 5 ms come out as the relay's log has them", "[accuracy]") {
  const Server server;
  RelayScript script;
  script.decide = [](const Passage& passage) -> std::optional<Fate> {
    if (!passage.is(udperf::wire::MessageType::data)) {
      return std::nullopt;
    }
    return Fate{false, 1, 20ms + 5ms * (passage.sequence / 100)};
  };
  auto relay = Relay::start(server.endpoint(), script);
  REQUIRE(relay);
  const std::string direction = GENERATE("up", "down");
  CAPTURE(direction);

  const auto finished = run_udperf(client_arguments(
      relay->endpoint(), {"--json", "--packets", "500", "--rate", "200pps", "--direction",
                          direction, "--packet-size", "400", "--gso", "off", "--gro", "off"}));

  CAPTURE(finished.err);
  REQUIRE(finished.code() == 0);
  const json document = document_of(finished);
  const json& way = document.at(direction);
  check_books(way);
  CHECK(way.at("loss").at("packets") == 0);
  CHECK(document.at("clock").at("method") == "same_host");
  std::vector<Duration> truth;
  for (const auto& one : relay->log().delayed) {
    truth.push_back(one.left - one.arrived);
  }
  REQUIRE(truth.size() == 500);
  const auto near = [](const json& seen, Duration expected) {
    return std::abs(seen.get<double>() - static_cast<double>(expected.count())) <= 200e3;
  };
  const json& delay = way.at("delay");
  CAPTURE(delay.dump());
  CHECK(delay.at("absolute_valid") == true);
  const Duration least = percentile(truth, 0);
  for (const auto& [name, share] : {std::pair{"p50_ns", 0.5}, {"p90_ns", 0.9}, {"p99_ns", 0.99}}) {
    CAPTURE(name, percentile(truth, share).count());
    CHECK(near(delay.at(name), percentile(truth, share)));
  }
  CHECK(near(delay.at("min_ns"), least));
  const json& variation = way.at("delay_variation");
  for (const auto& [name, share] : {std::pair{"p50_ns", 0.5}, {"p95_ns", 0.95}, {"p99_ns", 0.99}}) {
    CHECK(near(variation.at(name), percentile(truth, share) - least));
  }
}
