#include <array>
#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "clock/system_clock.hpp"
#include "crypto/crypto.hpp"
#include "e2e/iperf3_peers.hpp"
#include "e2e/iperf3_scripted.hpp"
#include "e2e/program.hpp"
#include "iperf3/first_server.hpp"
#include "support/catch.hpp"
#include "support/places.hpp"

// What ends a test that the server sends, how a server is found, and what it refuses.

using namespace std::chrono_literals;
using namespace udperf;
using namespace udperf::test;
using nlohmann::json;

namespace {

json end_of(const Finished& finished) {
  INFO(finished.out << finished.err);
  REQUIRE(finished.code() == 0);
  return json::parse(finished.out)["end"];
}

/// Without an end of the test, which is to be given.
Words client_of(const OwnServer& server, const Words& more) {
  return with({kProgram, "iperf3", "-c", "127.0.0.1", "-p", server.port, "-u"}, more);
}

Endpoint loopback(const std::string& port) {
  return {IpAddress::loopback(IpFamily::v4), static_cast<std::uint16_t>(std::stoi(port))};
}

}  // namespace

TEST_CASE("What is omitted is no part of the amount that ends a test of the server's data") {
  OwnServer server;
  for (const Words& more : std::vector<Words>{
           {"-R", "-k", "20"}, {"-R", "-n", "10000", "-P", "2"}, {"--bidir", "-k", "20"}}) {
    const json end = end_of(
        run_words(client_of(server, with({"-J", "-O", "1", "-l", "500", "-b", "400k"}, more))));
    INFO(end.dump());
    const bool both = more.front() == "--bidir";
    // Of both directions the first that has its amount ends the test.
    const std::uint64_t received =
        end[both ? "sum_received_bidir_reverse" : "sum_received"]["bytes"];
    const std::uint64_t sent = end["sum_sent"]["bytes"];
    CHECK((received >= 20 * 500 || (both && sent >= 20 * 500)));
  }
}

TEST_CASE("A slow server's amount is waited for, however far apart its datagrams are") {
  OwnServer server;
  const json end =
      end_of(run_words(client_of(server, {"-J", "-R", "-k", "2", "-l", "500", "-b", "1900"})));
  CHECK(end["sum_received"]["bytes"] == 1000);
}

TEST_CASE("An amount of which too little comes ends the test in time, and as cut short") {
  ScriptedServer server;
  auto client = start_udperf({"client", "127.0.0.1", "--iperf3=" + server.port(), "-R", "--packets",
                              "100", "--rate", "8M", "--packet-size", "500", "--json"});
  server.take_parameters();
  server.make_streams(1);
  server.say(1);
  server.say(2);
  server.send_data(1, 500);
  const auto ended = client.wait(kGuard);
  REQUIRE(ended.has_value());
  CHECK(ended->code == 5);
  const json document = json::parse(client.output(Stream::out));
  CHECK(document["status"] == "incomplete");
  CHECK(document["down"]["rx"]["unique"] == 1);
}

TEST_CASE("Of a host's addresses the first that takes a connection has the test") {
  OwnServer server;
  const std::array servers{loopback(std::to_string(unused_port())), loopback(server.port)};
  const SystemClock clock;
  crypto::SystemRandom random;
  const engine::StopToken stop;
  std::size_t tried = 0;
  const auto finish = iperf3::run_at_first(servers, clock.now() + kGuard, {clock, random, stop},
                                           [&tried](const Endpoint& endpoint) {
                                             ++tried;
                                             iperf3::ClientPlan plan;
                                             plan.server = endpoint;
                                             plan.parameters.length = 100;
                                             plan.parameters.blocks = 5;
                                             plan.parameters.rate_bps = plan.rate_bps = 1'000'000;
                                             return plan;
                                           });
  CHECK(tried == 2);
  CHECK_FALSE(finish.error.has_value());
  REQUIRE(finish.streams.size() == 1);
  CHECK(finish.streams[0].rx->unique == 5);
  // Where none does, the last says why.
  const auto none = iperf3::run_at_first(std::span{servers}.first(1), clock.now() + kGuard,
                                         {clock, random, stop}, [](const Endpoint& endpoint) {
                                           iperf3::ClientPlan plan;
                                           plan.server = endpoint;
                                           return plan;
                                         });
  CHECK_FALSE(none.connected);
  CHECK(none.error.has_value());
}

TEST_CASE("A name that is not there yet is waited for as a server is") {
  const auto begun = std::chrono::steady_clock::now();
  const auto finished = run_udperf({"client", "no-such-host.invalid", "--iperf3", "--wait-server",
                                    "400ms", "--connect-timeout", "100ms", "--packets", "1"});
  CHECK(finished.code() == 3);
  CHECK(std::chrono::steady_clock::now() - begun >= 400ms);
}

TEST_CASE("A rate above the server's limit is refused in either direction, as iperf3 does") {
  OwnServer server{{"--server-bitrate-limit", "1M"}};
  for (const char* const way : {"-R", "-V", "--bidir"}) {
    const auto refused = run_words(client_of(server, {way, "-k", "10", "-l", "500", "-b", "2M"}));
    CHECK(refused.code() == 1);
    CHECK(refused.err.find("rate") != std::string::npos);
  }
  end_of(run_words(client_of(server, {"-J", "-R", "-k", "10", "-l", "500", "-b", "900k"})));
  // Where none is asked for, this end keeps to the limit.
  end_of(run_words(client_of(server, {"-J", "-R", "-k", "10", "-l", "500", "-b", "0"})));
}

TEST_CASE("With a form of JSON what keeps the program from its start is a document, too") {
  for (const Words& wrong :
       std::vector<Words>{{"--logfile", "/nowhere/log"}, {"-I", "/nowhere/pid"}, {"-A", "1024"}}) {
    const auto finished = run_words(with({kProgram, "iperf3", "-s", "-J"}, wrong));
    INFO(finished.out << finished.err);
    CHECK(finished.code() == 1);
    CHECK(json::parse(finished.out)["error"].is_string());
    CHECK_FALSE(finished.err.empty());
  }
}

TEST_CASE("A client that asks for the server's output has it in the server's unit") {
  OwnServer server{{"-f", "K"}};
  const json document = json::parse(run_words(client_of(server, {"-J", "-k", "5", "-l", "500", "-b",
                                                                 "400k", "--get-server-output"}))
                                        .out);
  const std::string text = document["server_output_text"];
  INFO(text);
  CHECK(text.find("KBytes/sec") != std::string::npos);
}
