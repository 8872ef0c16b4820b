#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "e2e/iperf3_peers.hpp"
#include "e2e/program.hpp"
#include "support/catch.hpp"
#include "support/condition.hpp"
#include "support/places.hpp"

// Tests by the iperf3 protocol through a relay that drops, copies and cuts the tail: the loss that
// is told is what the relay dropped.

using namespace std::chrono_literals;
using namespace udperf;
using namespace udperf::test;
using nlohmann::json;

namespace {

constexpr std::size_t kLength = 1000;
constexpr std::uint64_t kPackets = 600;
constexpr std::uint64_t kTail = 560;  ///< from here on nothing comes through

/// Drops one of ten, sends another of ten twice, and cuts the tail where `tail` says so.
RelayScript faults(test::Direction direction, bool tail) {
  RelayScript script;
  script.decide = [direction, tail](const Passage& passage) {
    Fate fate;
    if (passage.direction == direction && passage.bytes == kLength) {
      fate.drop = passage.count % 10 == 3 || (tail && passage.count > kTail);
      fate.copies = passage.count % 10 == 7 ? 2 : 1;
    }
    return std::optional{fate};
  };
  return script;
}

/// What the relay did to data.
TypeCount done_by(Iperf3Relay& relay, test::Direction direction) {
  const RelayLog log = relay.udp().log();
  REQUIRE(log.exact());
  return log.types[static_cast<std::size_t>(direction)][kForeignType];
}

const std::vector<std::string> kUp{"--packets", "600", "--rate", "4M", "--packet-size", "1000"};

std::vector<std::string> client_of(const Iperf3Relay& relay, const std::vector<std::string>& more) {
  std::vector<std::string> out{"client", "127.0.0.1", "--iperf3=" + relay.port(), "--json"};
  out.insert(out.end(), more.begin(), more.end());
  return out;
}

Endpoint iperf3_endpoint(const Server& server) {
  return {IpAddress::loopback(IpFamily::v4),
          server.ready()["data"]["iperf3_port"].get<std::uint16_t>()};
}

}  // namespace

TEST_CASE("What a relay drops upward is what udperf's iperf3 server and client tell") {
  Server server{IpFamily::v4, {"--iperf3=0"}};
  Iperf3Relay relay{iperf3_endpoint(server), faults(test::Direction::to_server, true)};
  const json document = document_of(run_udperf(client_of(relay, kUp)));
  const TypeCount truth = done_by(relay, test::Direction::to_server);
  INFO(document.dump());
  const json& up = document["up"];
  CHECK(up["tx"]["packets"] == kPackets);
  CHECK(truth.dropped > 90);
  CHECK(up["loss"]["packets"] == truth.dropped);
  CHECK(up["rx"]["unique"] == kPackets - truth.dropped);
  CHECK(up["duplicates"]["packets"] == truth.duplicated);
}

TEST_CASE("What a relay drops of a stock client's data is what both ends print") {
  if (!has_iperf3()) {
    return;
  }
  Server server{IpFamily::v4, {"--iperf3=0", "--jsonl", "-"}};
  Iperf3Relay relay{iperf3_endpoint(server), faults(test::Direction::to_server, true)};
  const auto finished = run_to_end({stock_iperf3(), "-c", "127.0.0.1", "-p", relay.port(), "-u",
                                    "-J", "-k", "600", "-b", "4M", "-l", "1000"},
                                   kGuard);
  REQUIRE(finished.has_value());
  INFO(finished->out);
  REQUIRE(finished->code() == 0);
  const json end = json::parse(finished->out)["end"];
  const TypeCount truth = done_by(relay, test::Direction::to_server);
  CHECK(end["sum"]["lost_packets"] == truth.dropped);
  CHECK(end["sum_received"]["bytes"] == (truth.received - 1 - truth.dropped) * kLength);
  REQUIRE(server.process().wait_for(Stream::out, "\n", kGuard));
  const json session = json::parse(server.process().output(Stream::out))["data"];
  CHECK(session["up"]["loss"]["packets"] == truth.dropped);
  CHECK(session["up"]["duplicates"]["packets"] == truth.duplicated);
}

TEST_CASE("What a relay drops of a stock server's data is what the client tells") {
  if (!has_iperf3()) {
    return;
  }
  StockServer server;
  Iperf3Relay relay{server.endpoint(), faults(test::Direction::to_client, false)};
  const json document = document_of(run_udperf(
      client_of(relay, {"-R", "--duration", "1s", "--rate", "4M", "--packet-size", "1000"})));
  const TypeCount truth = done_by(relay, test::Direction::to_client);
  INFO(document.dump());
  const json& down = document["down"];
  CHECK(truth.dropped > 0);
  CHECK(down["loss"]["packets"] == truth.dropped);
  CHECK(down["tx"]["packets"] == truth.received - 1);
  CHECK(down["duplicates"]["packets"] == truth.duplicated);
}

TEST_CASE("What nothing follows behind the omitted time is told as omitted, in either role") {
  constexpr std::uint64_t kOmitted = 20;  // the first fifth of a second of one that is omitted
  for (const Words& way : std::vector<Words>{{"-R"}, {"-R", "-P", "2"}, {"--bidir"}, {}}) {
    OwnServer server;
    RelayScript script;
    script.decide = [](const Passage& passage) {
      Fate fate;
      fate.drop = passage.bytes == kLength && passage.count > kOmitted;
      return std::optional{fate};
    };
    measure_under_condition([&](Attempt& attempt) {
      Iperf3Relay relay{
          {IpAddress::loopback(IpFamily::v4), static_cast<std::uint16_t>(std::stoi(server.port))},
          script};
      const auto finished = run_words(iperf3_client(
          kProgram, relay.port(),
          with({"-J", "-O", "1", "-t", "1", "-b", "800k", "-l", "1000", "-i", "0.5"}, way)));
      INFO(finished.out);
      REQUIRE(finished.code() == 0);
      const json document = json::parse(finished.out);
      const json& end = document["end"];
      const bool both = !way.empty() && way.front() == "--bidir";
      for (const char* const sum : {"sum_received", "sum_received_bidir_reverse"}) {
        if (both || end.contains(sum)) {
          attempt.expect(end[sum]["bytes"] == 0, sum);
          attempt.expect(end[sum]["lost_packets"] == end[sum]["packets"], sum);
        }
      }
      for (const json& interval : document["intervals"]) {
        for (const json& stream : interval["streams"]) {
          const bool counted = stream["omitted"] == false && stream["sender"] == false;
          attempt.expect(!counted || stream["bytes"] == 0, "nothing in the rows that count");
        }
      }
    });
  }
}

TEST_CASE("Of a stock server that takes copies for losses that were found a warning tells") {
  if (!has_iperf3()) {
    return;
  }
  StockServer server;
  RelayScript script;
  script.decide = [](const Passage& passage) {
    Fate fate;
    fate.drop = passage.bytes == kLength && passage.count % 12 == 4;
    fate.copies = passage.bytes == kLength && passage.count % 12 == 9 ? 3 : 1;
    return std::optional{fate};
  };
  measure_under_condition([&](Attempt& attempt) {
    Iperf3Relay relay{server.endpoint(), script};
    const json document = document_of(run_udperf(client_of(relay, kUp)));
    INFO(document.dump());
    const json& up = document["up"];
    CHECK(up["tx"]["packets"] ==
          up["rx"]["unique"].get<std::uint64_t>() + up["loss"]["packets"].get<std::uint64_t>());
    // What its socket loses is found by itself.
    attempt.expect(document["warnings"].dump().find("iperf3_copies") != std::string::npos,
                   "a warning of the copies");
  });
}

TEST_CASE("Of a stock server that does not see a lost tail the loss is told all the same") {
  if (!has_iperf3()) {
    return;
  }
  StockServer server;
  RelayScript script;
  script.decide = [](const Passage& passage) {
    Fate fate;
    fate.drop = passage.bytes == kLength && passage.count > kPackets / 2;
    return std::optional{fate};
  };
  measure_under_condition([&](Attempt& attempt) {
    Iperf3Relay relay{server.endpoint(), script};
    const json document = document_of(run_udperf(client_of(relay, kUp)));
    INFO(document.dump());
    // Its socket has a small buffer, of which it does not tell when it loses something.
    attempt.expect(
        document["up"]["loss"]["packets"] == done_by(relay, test::Direction::to_server).dropped,
        "the loss of the relay");
    bool warned = false;
    for (const json& warning : document["warnings"]) {
      warned = warned || warning["code"] == "iperf3_loss_rule";
    }
    CHECK(warned);
  });
}
