#include <chrono>
#include <csignal>
#include <fstream>
#include <string>

#include "e2e/classic_peers.hpp"
#include "e2e/hostile.hpp"
#include "e2e/program.hpp"
#include "support/catch.hpp"
#include "support/condition.hpp"
#include "support/schema.hpp"
#include "support/strict_json.hpp"
#include "support/temp_dir.hpp"

// The classic test between udperf and peers that behave as old scripts do: a client that may
// leave out START, says STOP twice or vanishes, and a server that answers late, never or nonsense.

using namespace std::chrono_literals;
using namespace udperf;
using namespace udperf::test;
using nlohmann::json;

namespace {

std::vector<json> lines_of(const std::string& text) {
  std::vector<json> out;
  for (std::size_t start = 0; start < text.size();) {
    const auto end = std::min(text.find('\n', start), text.size());
    const auto line = parse_strict_json(text.substr(start, end - start));
    REQUIRE(line.has_value());
    CHECK(server_line_schema_problems(*line) == "");
    out.push_back(*line);
    start = end + 1;
  }
  return out;
}

/// The lines that the server wrote about one client's port.
std::vector<json> runs_of(const std::vector<json>& lines, std::uint16_t port) {
  std::vector<json> out;
  for (const json& line : lines) {
    if (line.at("data").at("client_port") == port) {
      out.push_back(line.at("data"));
    }
  }
  return out;
}

std::vector<std::string> classic_arguments(const Endpoint& server,
                                           const std::vector<std::string>& more) {
  auto arguments = client_arguments(server, {"--classic"});
  arguments.insert(arguments.end(), more.begin(), more.end());
  return arguments;
}

/// A run of 2 000 100 bytes, of which the client knows what it sent and what it was told.
void check_classic_document(const json& document) {
  CHECK(document.at("status") == "complete");
  CHECK(document.at("goodput_bps").is_null());
  CHECK(document.at("loss_percent").is_null());
  CHECK(document.at("limited_by").is_null());
  CHECK(document.at("down").is_null());
  const json& up = document.at("up");
  CHECK(up.at("tx").at("payload_bytes") == 2'000'100);
  CHECK(up.at("tx").at("packets") == 1334);  // the last has 600 bytes
  CHECK(up.at("rx").at("unique").is_null());
  CHECK(up.at("loss").at("packets").is_null());
  CHECK(document.at("test").at("payload_bytes") == 1500);
}

void check_run(const json& run, int datagrams, bool start) {
  CHECK(run.at("classic") == true);
  CHECK(run.at("datagrams") == datagrams);
  CHECK(run.at("start_seen") == start);
}

/// What a server says of a client that had one run.
json only_run(const std::vector<json>& lines, const ClassicClient& client, int datagrams,
              bool start) {
  INFO("port " << client.port());
  const auto found = runs_of(lines, client.port());
  REQUIRE(found.size() == 1);
  check_run(found[0], datagrams, start);
  return found[0];
}

/// Until the server has read what is there: its buffer has room for the next burst then, however
/// small it is.
void await_read(const Server& server) {
  const auto deadline = std::chrono::steady_clock::now() + kGuard;
  while (unread_at_port(server.endpoint().port) > 0) {
    REQUIRE(std::chrono::steady_clock::now() < deadline);
  }
}

}  // namespace

TEST_CASE("classic clients are served beside a native one on one port", "[e2e][classic]") {
  Server server{IpFamily::v4, {"--classic", "--jsonl", "-"}};
  auto native =
      start_udperf(client_arguments(server.endpoint(), {"--duration", "2s", "--rate", "20M"}), {});

  ClassicClient with_start{server.endpoint()};
  ClassicClient without{server.endpoint()};
  ClassicClient binary{server.endpoint()};
  ClassicClient twice{server.endpoint()};
  ClassicClient empty{server.endpoint()};
  ClassicClient vanishing{server.endpoint()};
  with_start.say("START");
  twice.say("START");
  empty.say("START");
  vanishing.say("START");
  for (int round = 0; round < 10; ++round) {
    with_start.send(10);
    without.send(9);
    binary.send(8, '\0');
    twice.send(7);
    vanishing.send(6);
    await_read(server);
  }
  binary.say(std::string("\x55\x50\x52\x46", 4) + std::string(1000, '\x01'));
  const std::string first = twice.stop();
  CHECK(twice.stop() == first);
  CHECK(first.starts_with("Throughput: "));
  CHECK(with_start.stop().ends_with(" Kilobytes per second"));
  CHECK(without.stop().ends_with(" Kilobytes per second"));
  CHECK(binary.stop().ends_with(" Kilobytes per second"));
  CHECK(empty.stop() == "Throughput: 0.000 Kilobytes per second");
  // the same client again, from the same port
  with_start.say("START");
  with_start.send(20);
  CHECK(with_start.stop().ends_with(" Kilobytes per second"));

  CHECK(server.process().wait_for(Stream::out, "fell silent", kGuard));
  REQUIRE(native.wait(kGuard).has_value());
  const auto document = parse_strict_json(native.output(Stream::out));
  REQUIRE(document.has_value());
  CHECK(document->at("status") == "complete");
  const json& up = document->at("up");
  CHECK(up.at("loss").at("packets") == lost_in_hosts(up));
  server.process().send_signal(SIGTERM);
  REQUIRE(server.process().wait(kGuard).has_value());

  const auto lines = lines_of(server.process().output(Stream::out));
  CHECK(lines.size() == 8);
  const auto again = runs_of(lines, with_start.port());
  REQUIRE(again.size() == 2);
  check_run(again[0], 100, true);
  CHECK(again[0].at("payload_bytes") == 150'000);
  check_run(again[1], 20, true);
  CHECK(again[1].at("payload_bytes") == 30'000);
  CHECK(only_run(lines, without, 90, false).at("status") == "complete");
  CHECK(only_run(lines, binary, 81, false).at("payload_bytes") == 121'004);
  CHECK(only_run(lines, twice, 70, true).at("kilobytes_per_second").is_number());
  CHECK(only_run(lines, empty, 0, true).at("kilobytes_per_second").is_null());
  CHECK(only_run(lines, vanishing, 60, true).at("status") == "incomplete");
}

TEST_CASE("a server without --classic does not know the classic test", "[e2e][classic]") {
  const Server server{IpFamily::v4};
  ClassicClient client{server.endpoint()};
  client.say("START");
  client.send(1);
  client.say("STOP");
  // The answer to a native client that came later shows that the server has read all of it.
  CHECK(run_udperf(client_arguments(server.endpoint(), {"--packets", "1"})).code() == 0);
  CHECK(client.hear(0s).empty());
}

TEST_CASE("udperf measures a classic server of its own kind", "[e2e][classic]") {
  measure_under_condition([](Attempt& attempt) {
    const TempDir dir;
    const std::string runs = (dir.path() / "runs.jsonl").string();
    Server server{IpFamily::v4, {"--classic", "--jsonl", runs}};
    const auto finished =
        run_udperf(classic_arguments(server.endpoint(), {"--size", "2000100B", "--rate", "50M"}));
    CHECK(finished.code() == 0);
    const json document = document_of(finished);
    check_classic_document(document);
    const double rate = document.at("classic").at("kilobytes_per_second").get<double>();
    CHECK(rate > 0);
    // 50 Mb/s are 6250 kB/s, timed by when the server has read.
    attempt.expect(rate < 8000, "8000 kB/s at most, not " + std::to_string(rate));
    for (const char* word :
         {"2000100 bytes", "server  ", "client  ", "first packet received", "time taken"}) {
      CHECK(server.process().wait_for(Stream::out, word, kGuard));
    }
    const bool read =
        attempt.needs(dropped_at_port(server.endpoint().port) == 0, "a server that reads all");
    server.process().send_signal(SIGTERM);  // then the line is whole
    REQUIRE(server.process().wait(kGuard).has_value());
    std::ifstream file{runs};
    std::string line;
    REQUIRE(std::getline(file, line));
    const auto run = parse_strict_json(line);
    REQUIRE(run.has_value());
    CHECK(run->at("data").at("kilobytes_per_second").get<double>() == Approx(rate).margin(0.001));
    CHECK((!read || run->at("data").at("payload_bytes") == 2'000'100));
  });
}

TEST_CASE("the classic payload is what the scripts sent", "[e2e][classic]") {
  measure_under_condition([](Attempt& attempt) {
    ClassicServer server{[](int) { return "Throughput: 42.500 Kilobytes per second"; }};
    const auto finished =
        run_udperf({"client", "127.0.0.1", "--port", std::to_string(server.endpoint().port),
                    "--classic", "--size", "50K", "--rate", "100M"});
    CHECK(finished.code() == 0);
    CHECK(finished.out.find("42.500 kB/s") != std::string::npos);
    const auto& seen = server.seen();
    CHECK(seen.start);
    attempt.expect(seen.stops == 1, "one STOP, not " + std::to_string(seen.stops));
    CHECK(seen.bytes == 50'000);
    CHECK(seen.longest == 1500);
    for (std::size_t i = 0; i < seen.data.size(); ++i) {
      REQUIRE(seen.data[i] == static_cast<char>('a' + i % 26));
    }
  });
}

TEST_CASE("a classic server that answers late, or nonsense first, is waited for",
          "[e2e][classic]") {
  const std::string nonsense("\x00\x01\xff garbage", 11);
  measure_under_condition([&](Attempt& attempt) {
    ClassicServer server{[&](int stop) {
      return stop == 1   ? std::string{}
             : stop == 2 ? nonsense
                         : std::string{"Throughput: 7.000 Kilobytes per second\n"};
    }};
    const auto finished = run_udperf(classic_arguments(server.endpoint(), {"--packets", "10"}));
    CHECK(finished.code() == 0);
    const json document = document_of(finished);
    CHECK(document.at("classic").at("kilobytes_per_second") == 7.0);
    CHECK(document.at("classic").at("answer") == "Throughput: 7.000 Kilobytes per second\n");
    const int stops = server.seen().stops;
    attempt.expect(stops == 3, "three STOPs, not " + std::to_string(stops));
  });
}

TEST_CASE("a text without a figure is told as it came", "[e2e][classic]") {
  ClassicServer server{[](int) { return std::string{"no idea"}; }};
  const auto finished = run_udperf(classic_arguments(server.endpoint(), {"--packets", "10"}));
  CHECK(finished.code() == 0);
  const json document = document_of(finished);
  CHECK(document.at("classic").at("kilobytes_per_second").is_null());
  CHECK(document.at("classic").at("answer") == "no idea");
  CHECK(document.at("warnings").at(0).at("code") == "classic_answer");
}

TEST_CASE("a classic server that never answers costs the timeout, and exit 5", "[e2e][classic]") {
  measure_under_condition([](Attempt& attempt) {
    ClassicServer server{[](int) { return std::string{}; }};
    const auto finished = run_udperf(
        classic_arguments(server.endpoint(), {"--packets", "10", "--connect-timeout", "1500ms"}));
    CHECK(finished.code() == 5);
    attempt.expect(finished.took <= patience(4s), "the timeout and no more");
    const json document = document_of(finished);
    CHECK(document.at("status") == "incomplete");
    CHECK(document.at("up").at("tx").at("packets") == 10);
    CHECK(document.at("test").at("header").is_null());
    CHECK(document.at("test").at("interval_s").is_null());
    CHECK(document.at("classic").at("kilobytes_per_second").is_null());
    const int stops = server.seen().stops;
    attempt.expect(stops == 2, "a STOP a second, not " + std::to_string(stops));
  });
}

TEST_CASE("where no classic server listens, that is said at once", "[e2e][classic]") {
  const Endpoint nobody{IpAddress::loopback(IpFamily::v4), unused_port()};
  const auto finished = run_within(2s, classic_arguments(nobody, {}));
  CHECK(finished.code() == 3);
  CHECK(finished.err.find("nothing listens") != std::string::npos);
}

TEST_CASE("options that the classic test has no means for are refused", "[e2e][classic]") {
  for (const std::vector<std::string>& option :
       std::vector<std::vector<std::string>>{{"--reverse"},
                                             {"--bidir"},
                                             {"--streams", "2"},
                                             {"--key-file", "k"},
                                             {"--fail-loss", "1%"},
                                             {"--payload", "random"},
                                             {"--interval", "1s"}}) {
    std::vector<std::string> arguments{"client", "--classic"};
    arguments.insert(arguments.end(), option.begin(), option.end());
    const auto finished = run_udperf(arguments);
    INFO(option.front());
    CHECK(finished.code() == 2);
    CHECK(finished.err.find(option.front()) != std::string::npos);
  }
}

TEST_CASE("a server serves one classic run with --one-off", "[e2e][classic]") {
  Server server{IpFamily::v4, {"--classic", "--one-off"}};
  ClassicClient client{server.endpoint()};
  client.send(10);
  const std::string answer = client.stop();
  CHECK(client.stop() == answer);  // still there for one that has not heard it
  const auto status = server.process().wait(kGuard);
  REQUIRE(status.has_value());
  CHECK(status->code == 0);
}
