// Delays made to order by a relay, which logs when each datagram came and went.

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include "e2e/program.hpp"
#include "support/catch.hpp"
#include "support/condition.hpp"
#include "support/relay.hpp"

using namespace std::chrono_literals;
using nlohmann::json;
using udperf::Duration;
using udperf::test::Attempt;
using udperf::test::check_books;
using udperf::test::client_arguments;
using udperf::test::document_of;
using udperf::test::Fate;
using udperf::test::measure_under_condition;
using udperf::test::Passage;
using udperf::test::Relay;
using udperf::test::RelayLog;
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

/// Of all datagrams that the relay held back, but for so many `earlier` ones.
std::vector<Duration> delays(const RelayLog& log, std::size_t earlier) {
  std::vector<Duration> truth;
  for (std::size_t i = earlier; i < log.delayed.size(); ++i) {
    truth.push_back(log.delayed[i].left - log.delayed[i].arrived);
  }
  return truth;
}

/// Within 200 us.
void check_delays(const json& way, const std::vector<Duration>& truth, Attempt& attempt) {
  const auto near = [&](const std::string& name, const json& seen, Duration expected) {
    attempt.expect(std::abs(seen.get<double>() - static_cast<double>(expected.count())) <= 200e3,
                   name + " is " + seen.dump() + ", not " + std::to_string(expected.count()));
  };
  const json& delay = way.at("delay");
  CHECK(delay.at("absolute_valid") == true);
  const Duration least = percentile(truth, 0);
  for (const auto& [name, share] : {std::pair{"p50_ns", 0.5}, {"p90_ns", 0.9}, {"p99_ns", 0.99}}) {
    near(std::string{"delay "} + name, delay.at(name), percentile(truth, share));
  }
  near("the least delay", delay.at("min_ns"), least);
  const json& variation = way.at("delay_variation");
  for (const auto& [name, share] : {std::pair{"p50_ns", 0.5}, {"p95_ns", 0.95}, {"p99_ns", 0.99}}) {
    near(std::string{"variation "} + name, variation.at(name), percentile(truth, share) - least);
  }
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

  std::size_t earlier = 0;
  measure_under_condition(
      [&](Attempt& attempt) {
        const auto finished = run_udperf(
            client_arguments(relay->endpoint(),
                             {"--json", "--packets", "500", "--rate", "200pps", "--direction",
                              direction, "--packet-size", "400", "--gso", "off", "--gro", "off"}));

        CAPTURE(finished.err);
        REQUIRE(finished.code() == 0);
        const json document = document_of(finished);
        check_books(document.at(direction));
        CHECK(document.at(direction).at("loss").at("packets") == 0);
        CHECK(document.at("clock").at("method") == "same_host");
        const auto truth = delays(relay->log(), std::exchange(earlier, earlier + 500));
        REQUIRE(truth.size() == 500);
        check_delays(document.at(direction), truth, attempt);
      },
      // The relay and the sender are threads as the witness is: their own lateness is what would
      // differ.
      {4ms, 128us, 20ms});
}
