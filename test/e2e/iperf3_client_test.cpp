#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "e2e/iperf3_peers.hpp"
#include "e2e/program.hpp"
#include "support/catch.hpp"
#include "support/condition.hpp"
#include "support/places.hpp"
#include "support/temp_dir.hpp"

// `udperf client --iperf3` and `udperf iperf3` against Debian's iperf3, and against silent servers.

using namespace std::chrono_literals;
using namespace udperf;
using namespace udperf::test;
using nlohmann::json;

namespace {

Words client(const std::string& port, const Words& more) {
  return with({"client", "127.0.0.1", "--iperf3=" + port, "--json"}, more);
}

json json_of(const Words& command) {
  const auto finished = run_to_end(command, kGuard);
  REQUIRE(finished.has_value());
  INFO(finished->out << finished->err);
  REQUIRE(finished->code() == 0);
  return json::parse(finished->out);
}

Words stock_client(const std::string& port, const Words& more) {
  return with({stock_iperf3(), "-c", "127.0.0.1", "-p", port, "-u", "-J"}, more);
}

Words own_client(const std::string& port, const Words& more) {
  return with({kProgram, "iperf3", "-c", "127.0.0.1", "-p", port, "-u", "-J"}, more);
}

}  // namespace

TEST_CASE("Tests against a stock server complete in every direction, and their books balance") {
  if (!has_iperf3()) {
    return;
  }
  StockServer server;
  for (const char* direction : {"up", "down", "both"}) {
    for (const auto& [streams, rate] : std::vector<std::pair<const char*, const char*>>{
             {"1", "4M"}, {"4", "4M"}, {"1", "50K"}, {"1", "200M"}}) {
      CAPTURE(direction, streams, rate);
      server.await_turn();
      const auto finished = run_udperf(
          client(server.port(), {"--direction", direction, "--streams", streams, "--duration", "1s",
                                 "--rate", rate, "--packet-size", "1000"}));
      const json document = document_of(finished);
      INFO(document.dump());
      REQUIRE(finished.code() == 0);
      CHECK(document["status"] == "complete");
      CHECK(document["test"]["payload_bytes"] == 1000);
      for (const char* way : {"up", "down"}) {
        const json& part = document[way];
        if (part.is_null()) {
          continue;
        }
        CHECK(part["tx"]["packets"].get<int>() > 0);
        CHECK(part["tx"]["packets"].get<std::uint64_t>() ==
              part["rx"]["unique"].get<std::uint64_t>() +
                  part["loss"]["packets"].get<std::uint64_t>());
        CHECK(part["streams"].size() == static_cast<std::size_t>(std::stoi(streams)));
      }
      if (direction == std::string{"up"}) {
        CHECK(document["up"]["duplicates"]["packets"].is_null());
        CHECK(document["up"]["jitter"]["rfc3550_ns"].is_number());
        CHECK(document["up"]["intervals"].empty());
      } else {
        CHECK(document["down"]["intervals"].size() >= 1);
        CHECK(document["down"]["tx"]["span_ns"].is_null());
      }
      CHECK(document["rtt"]["idle"]["p50_ns"].is_null());
    }
  }
}

TEST_CASE("What a stock server prints of a test is what the client tells of it") {
  if (!has_iperf3()) {
    return;
  }
  for (const char* direction : {"up", "down", "both"}) {
    const std::string port = std::to_string(unused_port());
    auto server = Process::start({stock_iperf3(), "-s", "-1", "-J", "-p", port});
    REQUIRE(server.has_value());
    const json told = document_of(
        run_udperf(client(port, {"--wait-server", "20s", "--direction", direction, "--streams", "2",
                                 "--packets", "100", "--rate", "8M", "--packet-size", "1000"})));
    REQUIRE(server->wait(kGuard).has_value());
    const json printed = json::parse(server->output(Stream::out))["end"];
    INFO(told.dump() << printed.dump());
    if (const json& up = told["up"]; !up.is_null()) {
      CHECK(printed["sum_received"]["bytes"] == up["rx"]["unique_bytes"]);
      CHECK(printed["sum"]["lost_packets"].get<int>() <= up["loss"]["packets"].get<int>());
    }
    if (const json& down = told["down"]; !down.is_null()) {
      const json& sum = printed[told["up"].is_null() ? "sum_sent" : "sum_sent_bidir_reverse"];
      CHECK(sum["packets"] == down["tx"]["packets"]);
      CHECK(sum["bytes"] == down["tx"]["payload_bytes"]);
    }
  }
}

TEST_CASE("Amounts end a test against a stock server, too") {
  if (!has_iperf3()) {
    return;
  }
  StockServer server;
  server.await_turn();
  const auto up = document_of(run_udperf(
      client(server.port(), {"--packets", "500", "--rate", "10M", "--packet-size", "500"})));
  CHECK(up["up"]["tx"]["packets"] == 500);
  server.await_turn();
  const auto size = document_of(run_udperf(
      client(server.port(), {"--size", "100050B", "--rate", "10M", "--packet-size", "1000"})));
  CHECK(size["up"]["tx"]["packets"] == 101);
  server.await_turn();
  const auto down = document_of(run_udperf(
      client(server.port(), {"-R", "--packets", "500", "--rate", "10M", "--packet-size", "500"})));
  CHECK(down["status"] == "complete");
  CHECK(down["down"]["tx"]["packets"].get<int>() >= 500);
}

TEST_CASE("Fewer datagrams than streams end a test, and every row adds up to the amount") {
  const OwnServer server;
  for (const Words& amount : std::vector<Words>{{"-k", "1", "-P", "2"},
                                                {"-n", "1", "-P", "128"},
                                                {"-k", "150", "-P", "4", "-i", "0.1"}}) {
    const json result = json_of(own_client(server.port, with(amount, {"-b", "1M", "-l", "1000"})));
    std::uint64_t rows = 0;
    for (const json& interval : result["intervals"]) {
      rows += interval["sum"]["packets"].get<std::uint64_t>();
    }
    const auto sent = result["end"]["sum_sent"]["packets"].get<std::uint64_t>();
    INFO(result["end"].dump());
    CHECK(sent == (amount[0] == "-k" ? std::stoull(amount[1]) : 1U));
    CHECK(rows == sent);
  }
}

TEST_CASE("Nobody there, a silent server, a busy one and one that dies are told apart") {
  const std::string nobody = std::to_string(unused_port());
  CHECK(run_udperf(client(nobody, {})).code() == 3);

  auto silent = net::TcpListener::open(IpAddress::loopback(IpFamily::v4), 0);
  REQUIRE(silent.has_value());
  const auto hushed =
      run_udperf(client(std::to_string((*silent)->local().port), {"--connect-timeout", "300ms"}));
  CHECK(hushed.code() == 3);
  CHECK(document_of(hushed)["error"]["message"].get<std::string>().find("silent") !=
        std::string::npos);

  if (!has_iperf3()) {
    return;
  }
  StockServer server;
  auto first = start_udperf(client(server.port(), {"--duration", "30s", "--rate", "1M"}));
  REQUIRE(server.process().wait_for(Stream::out, "Accepted", kGuard));
  const auto busy = run_udperf(client(server.port(), {}));
  CHECK(busy.code() == 4);
  CHECK(busy.err.find("busy") != std::string::npos);
  REQUIRE(server.process().wait_for(Stream::out, " sec  ", kGuard));
  server.process().send_signal(SIGKILL);
  const auto status = first.wait(kGuard);
  REQUIRE(status.has_value());
  CHECK(status->code == 5);
}

TEST_CASE("Our -J has exactly the keys of iperf3's for the same test") {
  if (!has_iperf3()) {
    return;
  }
  const int version = stock_version();
  if (version != 12 && version < 21) {
    skip_test("this iperf3 is neither 3.12 nor 3.21 or later");
    return;
  }
  const Words as = version == 12 ? Words{} : Words{"--as-version", "3.21"};
  StockServer server;
  for (const Words& options : std::vector<Words>{{},
                                                 {"-R"},
                                                 {"--bidir"},
                                                 {"-P", "2"},
                                                 {"-O", "1"},
                                                 {"--get-server-output"},
                                                 {"-T", "title", "--extra-data", "more"}}) {
    const Words test = with({"-t", "1", "-b", "1M"}, options);
    server.await_turn();
    const json theirs = json_of(stock_client(server.port(), test));
    server.await_turn();
    const json ours = json_of(own_client(server.port(), with(test, as)));
    INFO(ours.dump());
    CHECK(paths_of(ours) == paths_of(theirs));
    CHECK(ours["start"]["test_start"]["blksize"] == theirs["start"]["test_start"]["blksize"]);
    CHECK(ours["start"]["target_bitrate"] == theirs["start"]["target_bitrate"]);
  }
}

TEST_CASE("Our -J of a test that a stock server refuses has the keys of iperf3's") {
  const int version = has_iperf3() ? stock_version() : -1;
  if (version != 12 && version < 21) {
    skip_test("iperf3 is not there, or is neither 3.12 nor 3.21 or later");
    return;
  }
  const Words as = version == 12 ? Words{} : Words{"--as-version", "3.21"};
  StockServer server{{"--server-bitrate-limit", "1M"}};
  const auto refused = [&server](const Words& command) {
    server.await_turn();
    return json::parse(run_words(command).out);  // of 3.12 -J ends with 0 all the same
  };
  const Words test{"-t", "1", "-b", "10M"};
  const json theirs = refused(stock_client(server.port(), test));
  const json ours = refused(own_client(server.port(), with(test, as)));
  INFO(theirs.dump() << ours.dump());
  CHECK(paths_of(ours["start"]) == paths_of(theirs["start"]));
  CHECK(ours["start"]["target_bitrate"] == theirs["start"]["target_bitrate"]);
}

TEST_CASE("What exporters read of -J is there and right") {
  if (!has_iperf3()) {
    return;
  }
  StockServer server;
  // So few that the stock server's small socket holds them all, should it be kept from reading.
  const json result =
      json_of(own_client(server.port(), {"-t", "1", "-b", "600K", "-l", "1000", "-P", "2"}));
  CHECK(result["start"]["test_start"]["protocol"] == "UDP");
  const json& end = result["end"];
  CHECK(end["sum"]["lost_percent"].get<double>() == 0.0);
  CHECK(end["sum"]["jitter_ms"].get<double>() >= 0.0);
  CHECK(end["sum_sent"]["packets"].get<int>() == end["sum"]["packets"].get<int>());
  CHECK(end["sum_sent"]["bytes"].get<int>() == 1000 * end["sum_sent"]["packets"].get<int>());
  CHECK(end["sum_received"]["bits_per_second"].get<double>() > 0.0);
  CHECK(end["streams"].size() == 2);
  CHECK(end["streams"][0]["udp"]["packets"].get<int>() > 0);
}

TEST_CASE("iperf3's command line: text, streams of JSON, errors and the program's other name") {
  const auto without_u = run_udperf({"iperf3", "-c", "127.0.0.1"});
  CHECK(without_u.code() == 1);
  CHECK(without_u.err.find("-u") != std::string::npos);
  CHECK(run_udperf({"iperf3", "-c", "127.0.0.1", "-u", "--sctp"}).code() == 1);
  CHECK(run_udperf({"iperf3", "-s", "-c", "x", "-u"}).code() == 1);
  const auto version = run_udperf({"iperf3", "--version"});
  CHECK(version.code() == 0);
  CHECK(version.out.rfind("iperf 3.", 0) == 0);

  const std::string port = std::to_string(unused_port());
  const TempDir dir;
  const std::string log = (dir.path() / "log").string();
  auto server = start_udperf({"iperf3", "-s", "-p", port, "--logfile", log});
  const std::string link = (dir.path() / "iperf3").string();
  std::filesystem::create_symlink(kProgram, link);
  const auto deadline = std::chrono::steady_clock::now() + kGuard;
  std::optional<Finished> text;
  do {
    auto finished = run_to_end({link, "-c", "127.0.0.1", "-p", port, "-u", "-t", "1"}, kGuard);
    REQUIRE(finished.has_value());
    text = *std::move(finished);
  } while (text->code() != 0 && std::chrono::steady_clock::now() < deadline);
  INFO(text->out << text->err);
  CHECK(text->out.rfind("Connecting to host 127.0.0.1, port " + port, 0) == 0);
  CHECK(text->out.find("[ ID] Interval           Transfer     Bitrate         Total Datagrams") !=
        std::string::npos);
  CHECK(text->out.find("  receiver\n\niperf Done.\n") != std::string::npos);

  const auto streamed =
      run_udperf({"iperf3", "-c", "127.0.0.1", "-p", port, "-u", "-t", "1", "--json-stream"});
  CHECK(streamed.code() == 0);
  std::vector<std::string> events;
  std::istringstream lines{streamed.out};
  for (std::string line; std::getline(lines, line);) {
    events.push_back(json::parse(line)["event"].get<std::string>());
  }
  REQUIRE(events.size() >= 3);
  CHECK(events.front() == "start");
  CHECK(events[1] == "interval");
  CHECK(events.back() == "end");

  const json with_output = json_of(own_client(port, {"-t", "1", "--get-server-output"}));
  CHECK(with_output["server_output_text"].get<std::string>().find("receiver") != std::string::npos);
  server.send_signal(SIGTERM);
  const auto status = server.wait(kGuard);
  REQUIRE(status.has_value());
  CHECK(status->code == 0);
  std::ifstream written{log};
  const std::string all{std::istreambuf_iterator<char>{written}, {}};
  CHECK(all.find("Accepted connection from 127.0.0.1") != std::string::npos);
}

TEST_CASE("A client tells in each interval what it has sent, as the server says nothing yet") {
  Server server{IpFamily::v4, {"--iperf3=0"}};
  const std::string port = std::to_string(server.ready()["data"]["iperf3_port"].get<int>());
  const Words run{"client", "127.0.0.1", "--iperf3=" + port, "--packets", "300",
                  "--rate", "4M",        "--interval",       "100ms"};
  const auto streamed = run_udperf(with(run, {"--jsonl"}));
  REQUIRE(streamed.code() == 0);
  std::uint64_t sent = 0;
  std::istringstream lines{streamed.out};
  for (std::string line; std::getline(lines, line);) {
    const json event = json::parse(line);
    if (event["event"] == "interval") {
      const json& row = event["data"];
      INFO(row.dump());
      CHECK(row["direction"] == "up");
      CHECK(row["packets"].is_null());
      CHECK(row["lost"].is_null());
      CHECK(row["offered_bps"].is_number());
      sent += row["sent_packets"].get<std::uint64_t>();
    }
  }
  CHECK(sent == 300);  // the last row has what is left, however short it is

  const auto shown = run_udperf(run);
  CHECK(shown.code() == 0);
  INFO(shown.out);
  CHECK(shown.out.rfind("     interval                  rate    packets     lost\nup ", 0) == 0);
  CHECK(shown.out.find("        -  sent\n") != std::string::npos);
}

TEST_CASE("A native result is told in iperf3's form") {
  Server server;
  const auto run =
      run_udperf(client_arguments(server.endpoint(), {"--packets", "100", "--rate", "5M"}));
  REQUIRE(run.code() == 0);
  const TempDir dir;
  const std::string file = (dir.path() / "run.json").string();
  std::ofstream{file} << run.out;
  const auto told = run_udperf({"report", "--iperf3-json", file});
  INFO(told.err);
  REQUIRE(told.code() == 0);
  const json document = json::parse(told.out);
  CHECK(document["end"]["sum"]["packets"] == 100);
  CHECK(document["end"]["sum"]["lost_packets"] == 0);
  CHECK(document["start"]["test_start"]["protocol"] == "UDP");
}
