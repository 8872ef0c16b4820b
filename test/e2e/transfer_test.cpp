// Tests that nothing disturbs: what is sent arrives, is counted, and is told in every form.

#include <algorithm>
#include <sstream>
#include <string>
#include <vector>

#include "e2e/program.hpp"
#include "support/catch.hpp"
#include "support/condition.hpp"
#include "support/families.hpp"
#include "support/strict_json.hpp"

using namespace std::chrono_literals;
using Catch::Matchers::ContainsSubstring;
using nlohmann::json;
using udperf::IpFamily;
using udperf::test::Attempt;
using udperf::test::check_books;
using udperf::test::client_arguments;
using udperf::test::document_of;
using udperf::test::measure_under_condition;
using udperf::test::parse_strict_json;
using udperf::test::run_udperf;
using udperf::test::Server;

namespace {

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream{text};
  for (std::string line; std::getline(stream, line);) {
    lines.push_back(line);
  }
  return lines;
}

void check_complete(const json& document) {
  CHECK(document.at("status") == "complete");
  CHECK(document.at("error").is_null());
  CHECK(document.at("goodput_bps").get<double>() > 0);
}

}  // namespace

TEST_CASE("--size 25 sends exactly 25 000 000 bytes, over either family", "[e2e]") {
  const auto family = GENERATE(IpFamily::v4, IpFamily::v6);
  if (!udperf::test::family_or_skip(family)) {
    return;
  }
  const Server server{family};

  const auto finished = run_udperf(client_arguments(server.endpoint(), {"--size", "25"}));

  CHECK(finished.code() == 0);
  const auto document = document_of(finished);
  check_complete(document);
  const auto& up = document.at("up");
  CHECK(up.at("tx").at("payload_bytes") == 25'000'000);
  CHECK(up.at("rx").at("unique_bytes").get<int>() + up.at("loss").at("bytes").get<int>() ==
        25'000'000);
  CHECK(document.at("test").at("size_bytes") == 25'000'000);
  CHECK(document.at("down").is_null());
  check_books(up);
}

TEST_CASE("a size with a unit is sent to the byte, whatever the packet size leaves over", "[e2e]") {
  // 10 000 000 = 6793 * 1472 + 704; 1501 leaves one byte, which is less than a header
  const auto [size, packet, bytes] = GENERATE(table<std::string, std::string, int>(
      {{"10M", "1472", 10'000'000}, {"1501B", "500", 1501}, {"64KiB", "auto", 65'536}}));
  const Server server;

  const auto finished = run_udperf(client_arguments(
      server.endpoint(), {"--size", size, "--packet-size", packet, "--rate", "400M"}));

  CHECK(finished.code() == 0);
  const auto document = document_of(finished);
  check_complete(document);
  CHECK(document.at("up").at("tx").at("payload_bytes") == bytes);
  check_books(document.at("up"));
}

TEST_CASE("--packets sends that many datagrams of that size", "[e2e]") {
  const Server server;

  const auto finished = run_udperf(client_arguments(
      server.endpoint(), {"--packets", "777", "--packet-size", "300", "--rate", "50M"}));

  const auto document = document_of(finished);
  CHECK(document.at("up").at("tx").at("packets") == 777);
  CHECK(document.at("up").at("tx").at("payload_bytes") == 777 * 300);
}

TEST_CASE("each direction that ran is in the result, and only those", "[e2e]") {
  const auto [direction, up, down] = GENERATE(table<std::string, bool, bool>(
      {{"up", true, false}, {"down", false, true}, {"both", true, true}}));
  const Server server;

  measure_under_condition([&, up = up, down = down, direction = direction](Attempt& attempt) {
    const auto finished = run_udperf(client_arguments(
        server.endpoint(),
        {"--duration", "400ms", "--rate", "50M", "--interval", "100ms", "--direction", direction}));

    CHECK(finished.code() == 0);
    const auto document = document_of(finished);
    check_complete(document);
    CHECK(document.at("up").is_object() == up);
    CHECK(document.at("down").is_object() == down);
    for (const char* way : {"up", "down"}) {
      if (document.at(way).is_object()) {
        check_books(document.at(way));
        // 50 Mb/s for 0.4 s are 2.5 MB.
        CHECK(document.at(way).at("tx").at("payload_bytes").get<int>() <= 2'550'000);
        attempt.expect_near(way, document.at(way).at("tx").at("payload_bytes"), 2.5e6, 0.02);
        attempt.expect(document.at(way).at("intervals").size() >= 4, "four rows");
      }
    }
  });
}

TEST_CASE("the streams of a test add up to its totals", "[e2e]") {
  const Server server;

  const auto finished = run_udperf(
      client_arguments(server.endpoint(), {"--size", "5M", "--streams", "3", "--rate", "200M"}));

  CHECK(finished.code() == 0);
  const auto document = document_of(finished);
  const auto& up = document.at("up");
  REQUIRE(up.at("streams").size() == 3);
  std::int64_t packets = 0;
  std::int64_t bytes = 0;
  std::int64_t unique = 0;
  for (const auto& stream : up.at("streams")) {
    packets += stream.at("tx").at("packets").get<std::int64_t>();
    bytes += stream.at("tx").at("payload_bytes").get<std::int64_t>();
    unique += stream.at("rx").at("unique").get<std::int64_t>();
    CHECK(stream.at("tx").at("packets").get<int>() ==
          stream.at("rx").at("unique").get<int>() + stream.at("loss").at("packets").get<int>());
  }
  CHECK(packets == up.at("tx").at("packets"));
  CHECK(bytes == 5'000'000);
  CHECK(unique == up.at("rx").at("unique"));
  check_books(up);
}

TEST_CASE("--jsonl is one strict object a line and ends with the result", "[e2e]") {
  const Server server;
  auto arguments = client_arguments(
      server.endpoint(), {"--duration", "500ms", "--rate", "20M", "--interval", "100ms"});
  std::replace(arguments.begin(), arguments.end(), std::string{"--json"}, std::string{"--jsonl"});

  measure_under_condition([&](Attempt& attempt) {
    const auto finished = run_udperf(arguments);

    CHECK(finished.code() == 0);
    const auto lines = lines_of(finished.out);
    REQUIRE(lines.size() >= 2);
    std::vector<std::string> events;
    std::uint64_t told = 0;
    for (const auto& line : lines) {
      const auto event = parse_strict_json(line);
      REQUIRE(event.has_value());
      events.push_back(event->at("event"));
      told +=
          events.back() == "interval" ? event->at("data").at("packets").get<std::uint64_t>() : 0;
      CHECK(event->at("t_unix_ns").get<std::int64_t>() > 0);
      CHECK(event->at("seq") == events.size() - 1);
    }
    CHECK(events.front() == "start");
    CHECK(events.back() == "end");
    CHECK(std::count(events.begin(), events.end(), "end") == 1);
    const auto document = parse_strict_json(lines.back())->at("data");
    CHECK(document.at("schema") == "udperf/1");
    CHECK(told == document.at("up").at("rx").at("unique"));  // the last row, too
    const auto rows = std::count(events.begin(), events.end(), "interval");
    attempt.expect(rows >= 4, "an event for each interval, not " + std::to_string(rows));
  });
}

TEST_CASE("--print gives bare values that agree with nothing else on stdout", "[e2e]") {
  const auto finished = run_udperf({"loopback", "--size", "1M", "--rate", "200M", "--print",
                                    "up.tx.payload_bytes,loss_percent"});

  CHECK(finished.code() == 0);
  std::istringstream values{finished.out};
  std::string bytes;
  std::string percent;
  std::string more;
  values >> bytes >> percent;
  CHECK(bytes == "1000000");
  CHECK(std::stod(percent) >= 0);
  CHECK_FALSE(values >> more);
}

TEST_CASE("--csv is a header and one row of as many fields", "[e2e]") {
  const auto finished = run_udperf({"loopback", "--size", "1M", "--rate", "200M", "--csv"});

  CHECK(finished.code() == 0);
  const auto lines = lines_of(finished.out);
  REQUIRE(lines.size() == 2);
  CHECK(std::count(lines[0].begin(), lines[0].end(), ',') >= 10);
  CHECK(std::count(lines[0].begin(), lines[0].end(), ',') ==
        std::count(lines[1].begin(), lines[1].end(), ','));
}

TEST_CASE("the text says what the classic test said, in its order, without control sequences",
          "[e2e]") {
  const Server server;
  const auto port = std::to_string(server.endpoint().port);
  const auto endpoint = server.endpoint().to_string() + "\n";

  const auto finished = run_udperf({"client", "--port", port, "--size", "25"});

  CHECK(finished.code() == 0);
  CAPTURE(finished.out, finished.err);
  std::size_t at = 0;
  for (const char* part : {"client",
                           "127.0.0.1:",
                           "server",
                           endpoint.c_str(),
                           "first packet sent",
                           "Z\n",
                           "sent",
                           "25000000 bytes",
                           "first packet received",
                           "Z\n",
                           "received",
                           " bytes",
                           "time taken",
                           "throughput",
                           "kB/s",
                           "lost",
                           "packets",
                           "bytes",
                           "%",
                           "jitter",
                           "verdict"}) {
    CAPTURE(part);
    const auto found = finished.out.find(part, at);
    CHECK(found != std::string::npos);
    at = found == std::string::npos ? at : found;
  }
  for (const std::string& stream : {finished.out, finished.err}) {
    CHECK(stream.find('\r') == std::string::npos);
    CHECK(stream.find('\x1b') == std::string::npos);
  }
}

TEST_CASE("a threshold that is missed makes the exit status 6, and the result stands", "[e2e]") {
  const Server server;

  const auto finished = run_udperf(
      client_arguments(server.endpoint(), {"--size", "1M", "--rate", "20M", "--fail-rate", "10G"}));

  CHECK(finished.code() == 6);
  CHECK(document_of(finished).at("status") == "complete");
}

TEST_CASE("loopback needs no server and no port", "[e2e]") {
  const auto finished = run_udperf({"loopback", "--size", "25", "--json"});

  CHECK(finished.code() == 0);
  const auto document = document_of(finished);
  CHECK(document.at("up").at("tx").at("payload_bytes") == 25'000'000);
  check_books(document.at("up"));
}
