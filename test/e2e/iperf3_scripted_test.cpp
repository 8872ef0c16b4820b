#include "e2e/iperf3_scripted.hpp"

#include <chrono>
#include <string>

#include "e2e/iperf3_peers.hpp"
#include "e2e/program.hpp"
#include "support/catch.hpp"
#include "support/places.hpp"

// Our client against servers that do what this machine's iperf3 does not, or not when it is wanted.

using namespace std::chrono_literals;
using namespace udperf;
using namespace udperf::test;
using nlohmann::json;

namespace {

constexpr std::size_t kLength = 500;

/// Sends 4 Mb/s for a second, 1000 datagrams, and prints JSON.
Process start_client(const ScriptedServer& server, const Words& more = {}) {
  auto started = Process::start(
      iperf3_client(kProgram, server.port(), with({"-J", "-l", "500", "-b", "4M"}, more)));
  REQUIRE(started.has_value());
  return *std::move(started);
}

json document_at_end(Process& client, int status) {
  const auto ended = client.wait(kGuard);
  REQUIRE(ended.has_value());
  INFO(client.output(Stream::out) << client.output(Stream::err));
  REQUIRE(ended->code == status);
  return json::parse(client.output(Stream::out));
}

/// The client's side until it says that the test is over.
void run_data_of(ScriptedServer& server) {
  server.take_parameters();
  server.make_streams(1);
  server.say(1);
  server.say(2);
  server.take_data();
}

/// Results of a server before 3.14, which does not say what fell into the omitted time.
json old_result(std::uint64_t packets, std::uint64_t bytes, std::uint64_t errors) {
  json stream = stream_result(packets, bytes, {{"errors", errors}});
  stream.erase("omitted_errors");
  stream.erase("omitted_packets");
  return results_of(stream);
}

}  // namespace

TEST_CASE("A client tells the server of the end when what it sent last has had time to arrive") {
  ScriptedServer server;
  auto client = start_client(server);
  const json parameters = server.take_parameters();
  CHECK(parameters["len"] == kLength);
  CHECK(parameters["udp_counters_64bit"].is_number());  // asked for or not
  server.make_streams(1);
  server.say(1);
  server.say(2);
  const auto data = server.take_data();
  REQUIRE(data.last.has_value());
  CHECK(data.end - *data.last >= 20ms);

  const json own = server.take_results()["streams"][0];
  const auto sent = own["packets"].get<std::uint64_t>();
  CHECK(data.datagrams == sent);
  constexpr double kCounted = 1.5;  // the server's seconds have the wait in them
  server.say(results_of(stream_result(sent, sent * kLength, {{"end_time", kCounted}})));
  server.say(14);
  const json end = document_at_end(client, 0)["end"];
  CHECK(end["sum"]["lost_packets"] == 0);
  CHECK(end["sum_received"]["seconds"].get<double>() <= kCounted - 0.02);
  CHECK(end["sum_received"]["seconds"].get<double>() > 0);
  // What it sent is told by the time in which it sent.
  CHECK(end["sum_sent"]["seconds"].get<double>() == own["end_time"].get<double>());
}

TEST_CASE("A loss that may have been in the omitted time alone is told as not known") {
  for (const bool text : {false, true}) {
    for (const std::uint64_t errors : {0U, 30U}) {
      ScriptedServer server;
      auto started = Process::start(iperf3_client(
          kProgram, server.port(), with({"-l", "500", "-O", "1"}, text ? Words{} : Words{"-J"})));
      REQUIRE(started.has_value());
      Process client = *std::move(started);
      run_data_of(server);
      const json own = server.take_results()["streams"][0];
      const auto packets = own["packets"].get<std::uint64_t>();
      // Three datagrams fewer after its own omitted time than the client counted after its.
      server.say(old_result(packets, own["bytes"].get<std::uint64_t>() - 3 * kLength, errors));
      server.say(14);
      if (text) {
        REQUIRE(client.wait(kGuard).has_value());
        const std::string said = client.output(Stream::out);
        INFO(said);
        CHECK((said.find("  Unknown/") != std::string::npos) == (errors != 0));
        continue;
      }
      const json end = document_at_end(client, 0)["end"];
      INFO(end.dump());
      for (const char* sum : {"sum", "sum_sent", "sum_received"}) {
        CHECK(end[sum]["lost_packets"] == (errors != 0 ? json{} : json(0)));
        CHECK(end[sum]["lost_percent"] == (errors != 0 ? json{} : json(0)));
      }
      CHECK(end["streams"][0]["udp"]["lost_packets"].is_null() == (errors != 0));
      CHECK(end["sum_received"]["bytes"].get<std::uint64_t>() > 0);
      CHECK(end["sum"]["packets"].get<std::uint64_t>() ==
            packets - own["omitted_packets"].get<std::uint64_t>());
    }
  }
}

TEST_CASE("Of a server that does not say how long it counted this end's time makes the rate") {
  ScriptedServer server;
  auto client = start_client(server);
  run_data_of(server);
  const json own = server.take_results()["streams"][0];
  json stream =
      stream_result(own["packets"].get<std::uint64_t>(), own["bytes"].get<std::uint64_t>());
  stream.erase("start_time");
  stream.erase("end_time");
  server.say(results_of(stream));
  server.say(14);
  const json received = document_at_end(client, 0)["end"]["sum_received"];
  CHECK(received["seconds"].get<double>() == own["end_time"].get<double>());
  CHECK(received["bits_per_second"].get<double>() > 0);
}

TEST_CASE("A test that the server ends in the middle is told as far as it is known") {
  for (const bool reverse : {false, true}) {
    ScriptedServer server;
    auto client = start_client(
        server, reverse ? Words{"-R", "-t", "600", "-i", "0"} : Words{"-t", "600", "-i", "0"});
    server.take_parameters();
    server.make_streams(1);
    server.say(1);
    server.say(2);
    if (reverse) {
      server.send_data(1, kLength);
      server.send_data(4, kLength);
    } else {
      server.await_data();
    }
    server.say(11);
    const json document = document_at_end(client, 1);
    INFO(document.dump());
    CHECK(document["error"].get<std::string>().find("the server has terminated") == 0);
    const json& end = document["end"];
    REQUIRE(end["streams"].size() == 1);
    CHECK(end["sum_sent"]["bytes"].is_null() == reverse);
    CHECK(end["sum_received"]["bytes"].is_null() != reverse);
    CHECK(end["sum"]["lost_packets"].is_null() != reverse);
    if (reverse) {
      CHECK(end["sum_received"]["bytes"].get<std::size_t>() <= 2 * kLength);
    } else {
      CHECK(end["sum"]["bytes"].get<std::size_t>() >= kLength);
      CHECK(end["sum_sent"]["packets"].get<std::size_t>() >= 1);
      CHECK(end["sum"]["bytes"].get<std::size_t>() ==
            end["sum_sent"]["packets"].get<std::size_t>() * kLength);
    }
  }
}
