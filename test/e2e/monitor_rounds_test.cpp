// Rounds of `udperf monitor` that are more than a few datagrams: calls and searches.

#include <fstream>
#include <string>

#include "e2e/monitor_process.hpp"
#include "support/schema.hpp"

using namespace udperf;
using namespace udperf::test;
using nlohmann::json;

TEST_CASE("rounds that are calls say how they sounded, in every place", "[e2e][monitor]") {
  const Server server;
  const std::string target = server.endpoint().to_string();
  MonitorProcess monitor{
      "modules:\n"
      "  call: {profile: voip-g711, voice: g711-plc, every: 2s, fail-mos: 4.45}\n"
      "targets:\n  - {target: \"" +
      target + "\", name: gw, module: call}\n"};
  REQUIRE(monitor.until([&] { return monitor.rounds("complete") >= 1; }));
  for (const json& round : monitor.lines("round")) {
    for (const std::string way : {"up", "down"}) {
      if (round.at("status") == "complete") {
        const json& voice = round.at(way).at("voice");
        CHECK(voice.at("mos").get<double>() > 1);
        CHECK(voice.at("mos").get<double>() < 4.45);  // G.107's defaults give 4.41 at most
        CHECK(voice.at("missed_ratio").is_number());
      }
    }
  }
  for (const char* const what : {"targets", "rounds?target=gw&grain=round"}) {
    const auto answer = json::parse(monitor.get(std::string{"/api/v1/"} + what).body);
    CHECK(monitor_schema_problems(answer) == "");
  }
  const std::string metrics = monitor.get("/metrics").body;
  const std::vector<std::string> labels{"target=\"gw\"", "module=\"call\"", "direction=\"down\""};
  CHECK(metric_value(metrics, "udperf_voice_mos", labels).value_or(0) > 1);
  CHECK(metric_value(metrics, "udperf_voice_r_factor", labels).value_or(-1) >= 0);
  CHECK(metric_value(metrics, "udperf_voice_missed_ratio", labels).value_or(-1) >= 0);
  const std::string probe = monitor.get("/probe?target=gw&module=call").body;
  CHECK(metric_value(probe, "udperf_probe_voice_mos", {"direction=\"up\""}).value_or(0) > 1);

  const auto once = run_udperf({"monitor", "--once", "--config", monitor.path("m.yaml")});
  CHECK(once.code() == 6);
  CHECK(once.out.find("MOS up") != std::string::npos);
  CHECK(once.out.find("gw: a call would sound like MOS ") != std::string::npos);
}

TEST_CASE("a search is a round, and what it found is told", "[e2e][monitor]") {
  const Server server;
  const TempDir folder;
  const std::string config = (folder.path() / "m.yaml").string();
  std::ofstream{config} << "modules:\n  found: {find-rate: true, search-time: 6s, max-rate: 5M, "
                           "every: 1h, direction: up}\ntargets:\n  - {target: \"" +
                               server.endpoint().to_string() + "\", module: found}\n";
  const auto once = run_udperf({"monitor", "--once", "--json", "--config", config});
  CAPTURE(once.out, once.err);
  const auto tree = parse_strict_json(once.out);
  REQUIRE(tree.has_value());
  CHECK(monitor_schema_problems(*tree) == "");
  const json& round = tree->at("rounds").at(0);
  if (round.at("status") == "complete") {  // a busy host may find nothing within the time
    const json& up = round.at("up");
    CHECK(up.at("sent") == up.at("unique").get<int>() + up.at("lost").get<int>());
    CHECK((up.at("found_bps").is_null() || up.at("found_bps").get<double>() <= 5e6));
  }
  CHECK(round.at("down").is_null());
}
