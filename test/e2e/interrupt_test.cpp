// SIGINT at any moment: strict JSON, one last event and the documented exit status.

#include <csignal>
#include <random>
#include <sstream>
#include <string>
#include <vector>

#include "e2e/program.hpp"
#include "support/catch.hpp"
#include "support/schema.hpp"
#include "support/strict_json.hpp"

using namespace std::chrono_literals;
using nlohmann::json;
using udperf::test::client_arguments;
using udperf::test::kGuard;
using udperf::test::parse_strict_json;
using udperf::test::schema_problems;
using udperf::test::Server;
using udperf::test::start_udperf;
using udperf::test::Stream;

namespace {

/// Interrupts a client so long after its start, and gives all that it wrote; its status is `code`.
std::string interrupted_after(const Server& server, const std::string& format,
                              std::chrono::microseconds moment, int& code) {
  auto arguments = client_arguments(
      server.endpoint(), {"--rate", "20M", "--duration", "60ms", "--interval", "10ms", "--quiet"});
  arguments[4] = format;
  auto client = start_udperf(arguments);
  if (!client.wait(std::chrono::ceil<std::chrono::milliseconds>(moment))) {
    client.send_signal(SIGINT);
  }
  const auto status = client.wait(kGuard);
  CAPTURE(moment.count(), client.output(Stream::err));
  REQUIRE(status.has_value());
  // Before main() waits for signals, one simply ends the process.
  code = status->code ? *status->code : -*status->signal;
  return client.output(Stream::out);
}

/// 130 exactly when the result says so, 0 exactly when the test was complete.
void check_document(const json& document, int code) {
  CHECK(schema_problems(document) == "");
  CHECK(document.at("status") == (code == 0 ? "complete" : "interrupted"));
}

}  // namespace

TEST_CASE("SIGINT at any moment leaves one document and the right status", "[e2e]") {
  const Server server;
  std::mt19937 random{20261123};  // NOLINT(cert-msc32-c,cert-msc51-cpp): the same moments each run
  std::uniform_int_distribution<int> moments{0, 120'000};
  for (int run = 0; run < 25; ++run) {
    const std::chrono::microseconds moment{moments(random)};
    int code = 0;
    const auto text = interrupted_after(server, "--json", moment, code);
    CAPTURE(run, moment.count(), code, text);
    if (code == -SIGINT) {
      CHECK(text.empty());
      continue;
    }
    CHECK((code == 0 || code == 130));
    const auto document = parse_strict_json(text);
    REQUIRE(document.has_value());
    check_document(*document, code);
  }
}

TEST_CASE("SIGINT at any moment leaves lines of which the last is the only end", "[e2e]") {
  const Server server;
  std::mt19937 random{7};  // NOLINT(cert-msc32-c,cert-msc51-cpp): the same moments each run
  std::uniform_int_distribution<int> moments{0, 120'000};
  for (int run = 0; run < 25; ++run) {
    const std::chrono::microseconds moment{moments(random)};
    int code = 0;
    const auto text = interrupted_after(server, "--jsonl", moment, code);
    CAPTURE(run, moment.count(), code, text);
    if (code == -SIGINT) {
      CHECK(text.empty());
      continue;
    }
    CHECK((code == 0 || code == 130));
    REQUIRE_FALSE(text.empty());
    CHECK(text.back() == '\n');
    std::istringstream stream{text};
    int last_events = 0;
    json event;
    for (std::string line; std::getline(stream, line);) {
      const auto parsed = parse_strict_json(line);
      REQUIRE(parsed.has_value());
      event = *parsed;
      last_events += event.at("event") == "end" || event.at("event") == "error" ? 1 : 0;
    }
    CHECK(last_events == 1);
    REQUIRE((event.at("event") == "end" || event.at("event") == "error"));
    if (event.at("event") == "end") {
      check_document(event.at("data"), code);
    }
  }
}

TEST_CASE("a test without end goes on until it is interrupted, with balanced books", "[e2e]") {
  const Server server;
  auto arguments = client_arguments(server.endpoint(), {"--rate", "5M", "--duration", "forever",
                                                        "--interval", "10ms", "--quiet"});
  arguments[4] = "--jsonl";
  auto client = start_udperf(arguments);
  REQUIRE(client.wait_for(Stream::out, "\"interval\"", kGuard));
  client.send_signal(SIGINT);
  const auto status = client.wait(kGuard);
  REQUIRE(status.has_value());
  CHECK(status->code == 130);
  const auto text = client.output(Stream::out);
  const auto last = text.rfind("\n{");
  REQUIRE(last != std::string::npos);
  const auto event = parse_strict_json(text.substr(last + 1));
  REQUIRE(event.has_value());
  const auto& document = event->at("data");
  CHECK(document.at("status") == "interrupted");
  CHECK(document.at("test").at("duration_s").is_null());
  const auto& up = document.at("up");
  CHECK(up.at("tx").at("packets").get<std::uint64_t>() ==
        up.at("rx").at("unique").get<std::uint64_t>() +
            up.at("loss").at("packets").get<std::uint64_t>());
}

TEST_CASE("a server's --max-duration ends a test that names no end", "[e2e]") {
  const Server server{udperf::IpFamily::v4, {"--max-duration", "300ms"}};
  const auto finished = udperf::test::run_udperf(
      client_arguments(server.endpoint(), {"--rate", "5M", "--duration", "forever", "--quiet"}));
  CHECK(finished.code() == 0);
  const auto document = parse_strict_json(finished.out);
  REQUIRE(document.has_value());
  CHECK(document->at("status") == "complete");
  CHECK(document->at("test").at("duration_s") == 0.3);
}
