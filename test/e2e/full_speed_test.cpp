// Without a rate both hosts' sockets hold what is sent, whatever else the machine does meanwhile.

#include <string>
#include <vector>

#include "e2e/program.hpp"
#include "support/catch.hpp"
#include "support/condition.hpp"

using namespace std::chrono_literals;
using nlohmann::json;
using udperf::test::Attempt;
using udperf::test::check_books;
using udperf::test::client_arguments;
using udperf::test::document_of;
using udperf::test::measure_under_condition;
using udperf::test::run_udperf;
using udperf::test::Server;

namespace {

std::vector<json> ways_of(const json& document) {
  std::vector<json> ways;
  for (const char* way : {"up", "down"}) {
    if (!document[way].is_null()) {
      ways.push_back(document[way]);
    }
  }
  return ways;
}

}  // namespace

TEST_CASE("at full speed the receiving socket drops nothing", "[e2e]") {
  const std::string direction = GENERATE("up", "down", "both");
  const std::string streams = GENERATE("1", "2");
  const std::string buffer = GENERATE("200K", "8M");
  Server server{udperf::IpFamily::v4, {"--buffer", buffer}};
  const auto arguments = client_arguments(
      server.endpoint(),
      {"--duration", "300ms", "--direction", direction, "--streams", streams, "--buffer", buffer});

  measure_under_condition([&](Attempt& attempt) {
    const json document = document_of(run_udperf(arguments));

    CAPTURE(direction, streams, buffer, document.dump());
    REQUIRE(document["status"] == "complete");
    CHECK(document["limited_by"] != "none");
    for (const json& way : ways_of(document)) {
      check_books(way);
      CHECK(way["tx"]["governor"] == "receiver");
      if (attempt.needs(attempt.strain().latest < 400ms, "a receiver that is woken")) {
        CHECK(way["loss"]["rx_socket_drop"] == 0);
      }
      const auto arrived = way["rx"]["unique"].get<std::uint64_t>();
      attempt.expect(arrived > 1000, "a thousand datagrams, not " + std::to_string(arrived));
    }
  });
}

TEST_CASE("--rate flood is told by both ends", "[e2e]") {
  const std::string direction = GENERATE("up", "down");
  Server server;
  const auto arguments = client_arguments(
      server.endpoint(), {"--duration", "200ms", "--direction", direction, "--rate", "flood"});

  const json document = document_of(run_udperf(arguments));

  REQUIRE(document["status"] == "complete");
  check_books(document[direction]);
  CHECK(document[direction]["tx"]["governor"] == "flood");
  CHECK(document["test"]["rate_target_bps"].is_null());
}

TEST_CASE("a test with a rate has no governor", "[e2e]") {
  const std::string direction = GENERATE("up", "down");
  Server server;
  const auto arguments = client_arguments(
      server.endpoint(), {"--duration", "200ms", "--direction", direction, "--rate", "10M"});

  const json document = document_of(run_udperf(arguments));

  REQUIRE(document["status"] == "complete");
  CHECK(document[direction]["tx"]["governor"] == "none");
  CHECK(document[direction]["tx"]["held_ratio"].is_null());
}
