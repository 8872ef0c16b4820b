// --repeat and --gap, in every format.

#include <csignal>
#include <sstream>
#include <string>

#include "e2e/program.hpp"
#include "support/catch.hpp"
#include "support/strict_json.hpp"

using namespace std::chrono_literals;
using Catch::Matchers::ContainsSubstring;
using nlohmann::json;
using udperf::test::client_arguments;
using udperf::test::document_of;
using udperf::test::ExitStatus;
using udperf::test::kGuard;
using udperf::test::parse_strict_json;
using udperf::test::run_udperf;
using udperf::test::Server;
using udperf::test::start_udperf;
using udperf::test::Stream;

namespace {

using Words = std::vector<std::string>;

/// Three short tests as `format` wants them printed.
Words three_runs(const Server& server, const Words& format) {
  auto arguments = client_arguments(
      // So short that a socket holds them all: nothing is lost, however late they are read.
      server.endpoint(), {"--packets", "200", "--rate", "20M", "--packet-size", "200", "--repeat",
                          "3", "--gap", "0s"});
  arguments.erase(arguments.begin() + 4);  // --json
  arguments.insert(arguments.end(), format.begin(), format.end());
  return arguments;
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream{text};
  for (std::string line; std::getline(stream, line);) {
    lines.push_back(line);
  }
  return lines;
}

}  // namespace

TEST_CASE("the document of repeated runs is the last one's and sums all up", "[e2e]") {
  const Server server;

  const auto finished = run_udperf(three_runs(server, {"--json"}));

  REQUIRE(finished.code() == 0);
  const auto document = document_of(finished);
  const json& repeats = document.at("repeats");
  CHECK(repeats.at("wanted") == 3);
  REQUIRE(repeats.at("runs").size() == 3);
  CHECK(repeats.at("runs").at(2).at("id") == document.at("test").at("id"));
  CHECK(repeats.at("runs").at(0).at("id") != repeats.at("runs").at(1).at("id"));
  CHECK(repeats.at("goodput_bps").at("n") == 3);
  CHECK(repeats.at("loss_percent").at("max") == 0);
  CHECK(repeats.at("runs").at(2).at("jitter_rfc3550_ns") ==
        document.at("up").at("jitter").at("rfc3550_ns"));
  CHECK(repeats.at("runs").at(2).at("duplicates_fraction") == 0);
  CHECK(repeats.at("runs").at(2).at("voice_mos").is_null());
  const json& rate = repeats.at("goodput_bps");
  CHECK(rate.at("min") <= rate.at("median"));
  CHECK(rate.at("median") <= rate.at("max"));
  CHECK(rate.at("ci95").at(0) <= rate.at("mean"));
}

TEST_CASE("repeated runs print a line, a row or a block each", "[e2e]") {
  const Server server;

  const auto printed = run_udperf(three_runs(server, {"--print", "up.rx.unique"}));
  CHECK(printed.out == "200\n200\n200\n");

  const auto csv = lines_of(run_udperf(three_runs(server, {"--csv"})).out);
  REQUIRE(csv.size() == 4);
  CHECK_THAT(csv[0], ContainsSubstring("goodput_bps"));
  CHECK_THAT(csv[3], ContainsSubstring("complete"));

  const auto text = run_udperf(three_runs(server, {})).out;
  CHECK_THAT(text, ContainsSubstring("3 of 3 runs complete"));
}

TEST_CASE("repeated runs end in one end event", "[e2e]") {
  const Server server;

  const auto lines = lines_of(run_udperf(three_runs(server, {"--jsonl"})).out);

  std::vector<std::string> events;
  for (const std::string& line : lines) {
    const auto event = parse_strict_json(line);
    REQUIRE(event.has_value());
    if (event->at("event") != "interval") {
      events.push_back(event->at("event").get<std::string>());
    }
  }
  CHECK(events == Words{"start", "run", "start", "run", "start", "end"});
}

TEST_CASE("runs stop at the first that fails, whose exit status it is", "[e2e]") {
  auto server = std::make_unique<Server>(udperf::IpFamily::v4, Words{"--one-off"});

  const auto finished = run_udperf(three_runs(*server, {"--json", "--connect-timeout", "5s"}));

  CHECK(finished.code() != 0);
  const auto document = document_of(finished);
  CHECK(document.at("status") == "error");
  CHECK(document.at("repeats").at("runs").size() == 2);
  CHECK(document.at("repeats").at("goodput_bps").at("n") == 1);
}

TEST_CASE("a signal between two runs ends them with what there is", "[e2e]") {
  const Server server;
  auto arguments = client_arguments(
      server.endpoint(), {"--packets", "200", "--rate", "20M", "--repeat", "3", "--gap", "30s"});
  arguments[4] = "--jsonl";
  auto client = start_udperf(arguments);
  REQUIRE(client.wait_for(Stream::out, R"("event":"run")", kGuard));

  client.send_signal(SIGINT);

  CHECK(client.wait(kGuard) == ExitStatus{130, std::nullopt});
  const auto last = parse_strict_json(lines_of(client.output(Stream::out)).back());
  REQUIRE(last.has_value());
  CHECK(last->at("event") == "end");
  CHECK(last->at("data").at("repeats").at("runs").size() == 1);
}
