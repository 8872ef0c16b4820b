// Every shape and both headers through a relay that loses, doubles and reorders, and writes down
// what it did.

#include <algorithm>
#include <fstream>
#include <string>
#include <vector>

#include "e2e/program.hpp"
#include "support/catch.hpp"
#include "support/condition.hpp"
#include "support/relay.hpp"
#include "support/strict_json.hpp"
#include "support/temp_dir.hpp"

using namespace std::chrono_literals;
using nlohmann::json;
using udperf::test::Attempt;
using udperf::test::check_books;
using udperf::test::client_arguments;
using udperf::test::complete_document;
using udperf::test::Direction;
using udperf::test::document_of;
using udperf::test::lost_in_hosts;
using udperf::test::measure_under_condition;
using udperf::test::Relay;
using udperf::test::RelayLog;
using udperf::test::RelayScript;
using udperf::test::run_udperf;
using udperf::test::Server;
using udperf::wire::MessageType;

namespace {

Relay faulty(const Server& server, std::uint64_t seed) {
  RelayScript script;
  script.seed = seed;
  script.data = {{{0.05, 0.05, 0.05, 2ms}, {0.05, 0.05, 0.05, 2ms}}};
  auto relay = Relay::start(server.endpoint(), std::move(script));
  REQUIRE(relay.has_value());
  return std::move(*relay);
}

/// Whether no socket lost anything, those of the relay neither; small ones do on a busy host.
bool needs_all_read(const RelayLog& log, const json& direction, Attempt& attempt) {
  return attempt.keeps(log.exact() && lost_in_hosts(direction) == 0, "sockets that lose nothing");
}

void check_against(const RelayLog& log, Direction way, const json& direction, Attempt& attempt) {
  check_books(direction);
  CHECK(direction.at("rx").at("invalid") == 0);
  if (!needs_all_read(log, direction, attempt)) {
    return;
  }
  std::int64_t lost = 0;
  std::int64_t lost_bytes = 0;
  std::int64_t copies = 0;
  for (const auto& event : log.dropped) {
    lost += event.direction == way ? 1 : 0;
    lost_bytes += event.direction == way ? static_cast<std::int64_t>(event.bytes) : 0;
  }
  for (const auto& event : log.duplicated) {
    copies += event.direction == way ? 1 : 0;
  }
  CHECK(lost > 0);
  CHECK(direction.at("loss").at("packets") == lost);
  CHECK(direction.at("loss").at("bytes") == lost_bytes);
  CHECK(direction.at("duplicates").at("packets") == copies);
  CHECK(direction.at("tx").at("packets") == log.of(way, MessageType::data).received);
  CHECK(direction.at("rx").at("datagrams") == log.of(way, MessageType::data).forwarded);
}

}  // namespace

TEST_CASE("mixed sizes and both headers are accounted for to the byte", "[e2e][traffic]") {
  const auto header = GENERATE(std::string{"compact"}, std::string{"full"});
  const auto spacing =
      GENERATE(std::string{"even"}, std::string{"poisson"}, std::string{"burst:16"});
  const Server server;
  for (const std::uint64_t seed : {3U, 4U}) {
    CAPTURE(header, spacing, seed);
    measure_under_condition([&](Attempt& attempt) {
      auto relay = faulty(server, seed);
      const auto document = complete_document(
          relay.endpoint(),
          {"--size", "600K", "--rate", "12M", "--direction", "both", "--packet-size",
           header == "compact" ? "16:5,90:3,700:2" : "40:5,90:3,700:2", "--header", header,
           "--spacing", spacing, "--seed", std::to_string(seed)});
      CHECK(document.at("test").at("header") == header);
      CHECK(document.at("test").at("spacing") == spacing);
      CHECK(document.at("test").at("seed") == seed);
      const auto log = relay.log();
      for (const auto way : {Direction::to_server, Direction::to_client}) {
        const json& direction = document.at(way == Direction::to_server ? "up" : "down");
        check_against(log, way, direction, attempt);
        CHECK(direction.at("tx").at("payload_bytes") == 600'000);
      }
    });
  }
}

TEST_CASE("datagrams of 18 bytes fit the smallest Ethernet frame, and are counted exactly",
          "[e2e][traffic]") {
  const Server server;
  measure_under_condition([&](Attempt& attempt) {
    auto relay = faulty(server, 9);
    const auto document = complete_document(
        relay.endpoint(),
        {"--packets", "5000", "--rate", "4000pps", "--direction", "both", "--packet-size", "18"});
    CHECK(document.at("test").at("header") == "compact");
    for (const auto way : {Direction::to_server, Direction::to_client}) {
      const json& direction = document.at(way == Direction::to_server ? "up" : "down");
      check_against(relay.log(), way, direction, attempt);
      CHECK(direction.at("tx").at("payload_bytes") == 5000 * 18);
      CHECK(direction.at("delay_variation").at("n").get<std::uint64_t>() > 0);
      // A frame of 64 bytes, and 20 of preamble and gap, for 18 of payload.
      CHECK(direction.at("rx").at("wire_bps").get<double>() ==
            Approx(direction.at("rx").at("goodput_bps").get<double>() * 84 / 18).epsilon(0.001));
    }
  });
}

TEST_CASE("a warm-up of any shape and header is left out, to the datagram", "[e2e][traffic]") {
  const std::vector<std::string> more = GENERATE(
      values<std::vector<std::string>>({{"--profile", "imix", "--rate", "4000pps"},
                                        {"--packet-size", "18", "--rate", "4000pps"},
                                        {"--packet-size", "48:1,200:2", "--rate", "4000pps",
                                         "--spacing", "poisson", "--header", "compact"},
                                        {"--profile", "video-5M", "--packet-size", "300"}}));
  CAPTURE(more);
  const Server server;
  for (const auto way : {Direction::to_server, Direction::to_client}) {
    const std::string name = way == Direction::to_server ? "up" : "down";
    measure_under_condition([&](Attempt& attempt) {
      auto relay = faulty(server, 6);
      std::vector<std::string> arguments{"--omit", "400ms",       "--packets",
                                         "1500",   "--direction", name};
      arguments.insert(arguments.end(), more.begin(), more.end());
      const auto document = complete_document(relay.endpoint(), arguments);
      const json& direction = document.at(name);
      const json& omitted = direction.at("omitted");
      CHECK(omitted.at("invalid") == 0);
      CHECK(direction.at("rx").at("invalid") == 0);
      check_books(direction);
      const auto log = relay.log();
      if (!needs_all_read(log, direction, attempt)) {
        return;
      }
      const auto lost = std::count_if(log.dropped.begin(), log.dropped.end(),
                                      [&](const auto& one) { return one.direction == way; });
      const auto number = [](const json& value) { return value.get<std::int64_t>(); };
      CHECK(number(omitted.at("lost")) > 0);
      CHECK(number(omitted.at("lost")) + number(direction.at("loss").at("packets")) == lost);
      CHECK(direction.at("tx").at("packets") == 1500);
      CHECK(number(omitted.at("sent")) + 1500 ==
            static_cast<std::int64_t>(log.of(way, MessageType::data).received));
      CHECK(number(omitted.at("sent")) ==
            number(omitted.at("unique")) + number(omitted.at("lost")));
    });
  }
}

TEST_CASE("a trace in a loop is accounted for to the byte", "[e2e][traffic]") {
  const Server server;
  const udperf::test::TempDir dir;
  const std::string file = dir.path().string() + "/call.csv";
  std::ofstream{file} << "seconds,bytes\n0,172\n0.020,60\n0.020,1400\n0.060,20\n0.100,300\n";
  measure_under_condition([&](Attempt& attempt) {
    auto relay = faulty(server, 5);
    const auto document = complete_document(
        relay.endpoint(),
        {"--profile", "trace:" + file + ",loop", "--packets", "1000", "--rate", "12M"});
    CHECK(document.at("up").at("tx").at("payload_bytes") == 200 * 1952);
    check_against(relay.log(), Direction::to_server, document.at("up"), attempt);
  });
}
