// A rate is kept, and what a host cannot send on time is not sent in a flood.

#include <algorithm>
#include <csignal>
#include <string>
#include <vector>

#include "e2e/program.hpp"
#include "support/catch.hpp"
#include "support/condition.hpp"
#include "support/strict_json.hpp"

using namespace std::chrono_literals;
using nlohmann::json;
using udperf::test::Attempt;
using udperf::test::check_books;
using udperf::test::client_arguments;
using udperf::test::complete_document;
using udperf::test::document_of;
using udperf::test::kGuard;
using udperf::test::measure_under_condition;
using udperf::test::parse_strict_json;
using udperf::test::run_udperf;
using udperf::test::Server;
using udperf::test::start_udperf;
using udperf::test::Stream;

namespace {

constexpr double kRate = 50e6;
constexpr double kPayload = 1448;
constexpr double kPeriod = kPayload * 8 / kRate;  // seconds

json run(const Server& server, std::vector<std::string> more) {
  more.insert(more.end(), {"--packet-size", "1448"});
  return complete_document(server.endpoint(), more);
}

/// Every datagram that was due within the time was sent, or given up and counted.
void check_all_told(const json& way, double seconds) {
  check_books(way);
  const auto due = static_cast<std::uint64_t>(seconds / kPeriod) + 1;
  CHECK(way.at("tx").at("packets").get<std::uint64_t>() +
            way.at("tx").at("pacing_skipped").get<std::uint64_t>() ==
        due);
}

}  // namespace

TEST_CASE("a sender that stands still for a second sends no flood after it", "[e2e]") {
  const Server server;
  auto arguments =
      client_arguments(server.endpoint(), {"--rate", "50M", "--duration", "3s", "--packet-size",
                                           "1448", "--interval", "10ms", "--quiet"});
  std::replace(arguments.begin(), arguments.end(), std::string{"--json"}, std::string{"--jsonl"});
  auto client = start_udperf(arguments);
  REQUIRE(client.wait_for(Stream::out, "\"interval\"", kGuard));
  client.send_signal(SIGSTOP);
  CHECK(!client.wait(1s));
  client.send_signal(SIGCONT);
  const auto status = client.wait(kGuard);
  REQUIRE(status);
  CHECK(status->code == 0);

  std::string text = client.output(Stream::out);
  text.pop_back();
  const auto end = parse_strict_json(text.substr(text.rfind('\n') + 1));
  REQUIRE(end);
  const json way = end->at("data").at("up");
  check_all_told(way, 3);
  CHECK(way.at("tx").at("pacing_skipped").get<double>() > 0.9 / kPeriod);
  double most = 0;
  for (const json& row : way.at("intervals")) {
    most = std::max(most, row.at("packets").get<double>());
  }
  // A burst that the system held up between the look at the clock and the call may join the next.
  const double burst = 4e-3 / kPeriod;
  CHECK(most <= 1.25 * 10e-3 / kPeriod + 2 * burst + 2);
}

TEST_CASE("what was due is sent or told, and how the times were kept", "[e2e]") {
  const Server server;
  const json both = run(server, {"--bidir", "--rate", "50M/50M", "--duration", "500ms"});
  for (const char* name : {"up", "down"}) {
    CAPTURE(name);
    const json& way = both.at(name);
    check_all_told(way, 0.5);
    const json& pacing = way.at("pacing");
    const auto burst = pacing.at("burst_ns").get<std::int64_t>();
    CHECK((burst == 250'000 || burst == 1'000'000 || burst == 4'000'000));
    CHECK(pacing.at("lateness_p50_ns") <= pacing.at("lateness_p99_ns"));
    CHECK(pacing.at("lateness_p99_ns") <= pacing.at("lateness_max_ns"));
    CHECK(pacing.at("lateness_max_ns") > 0);
    CHECK(way.at("tx").at("scheduling").is_string());
  }
}

TEST_CASE("--burst fixes the window of both ends' senders", "[e2e]") {
  const Server server;
  measure_under_condition([&](Attempt& attempt) {
    const json both =
        run(server, {"--bidir", "--rate", "50M/50M", "--duration", "300ms", "--burst", "2ms"});
    for (const char* name : {"up", "down"}) {
      CAPTURE(name);
      CHECK(both.at(name).at("pacing").at("burst_ns") == 2'000'000);
      // 8 in 2 ms; the last may be short
      const double mean = both.at(name).at("tx").at("batch_mean");
      attempt.expect(mean > 4.0, "four at a time, not " + std::to_string(mean));
    }
  });
}

TEST_CASE("--realtime off asks the system for nothing", "[e2e]") {
  const Server server{udperf::IpFamily::v4, {"--realtime", "off"}};
  const json both =
      run(server, {"--bidir", "--rate", "50M/50M", "--duration", "200ms", "--realtime", "off"});
  CHECK(both.at("up").at("tx").at("scheduling") == "default");
  CHECK(both.at("down").at("tx").at("scheduling") == "default");
}

TEST_CASE("a sender without a rate has nothing to space", "[e2e]") {
  const Server server;
  const json document = run(server, {"--size", "2M"});
  const json& way = document.at("up");
  CHECK(way.at("tx").at("scheduling").is_null());
  for (const char* field : {"burst_ns", "lateness_p50_ns", "lateness_p99_ns", "lateness_max_ns"}) {
    CHECK(way.at("pacing").at(field).is_null());
  }
}

TEST_CASE("a size is sent whole, however late", "[e2e]") {
  const Server server;
  const json document = run(server, {"--size", "1M", "--rate", "50M"});
  CHECK(document.at("up").at("tx").at("payload_bytes") == 1'000'000);
}
