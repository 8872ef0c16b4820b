// `udperf monitor` with real servers: rounds, what is told of them in each place, and what may go
// wrong around it.

#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <string>

#include "e2e/monitor_process.hpp"
#include "support/condition.hpp"
#include "support/schema.hpp"

using namespace std::chrono_literals;
using namespace udperf;
using namespace udperf::test;
using nlohmann::json;

namespace {

/// What a monitor tells of its rounds in each of three ways.
struct RoundsTold {
  std::string metrics;
  json lines;
  json history;

  /// Asks for all three; whether that was between two rounds, and there have been some.
  bool at_one_moment(MonitorProcess& monitor) {
    metrics = monitor.get("/metrics").body;
    lines = monitor.lines("round");
    const auto answer = monitor.get("/api/v1/rounds?target=gw&grain=round");
    history = answer.status == 200 ? json::parse(answer.body).at("rows") : json::array();
    double rounds = 0;
    for (const std::string status :
         {"complete", "cut_short", "unreachable", "refused", "failed", "not_measured"}) {
      rounds += metric_value(metrics, "udperf_rounds_total", {"\"" + status + "\""}).value_or(0);
    }
    const auto all = static_cast<std::size_t>(rounds);
    std::size_t told = 0;
    for (const json& line : lines) {
      told += line.at("rounds").get<std::size_t>();  // more than one where many were not measured
    }
    return all >= 4 && told == all && history.size() == lines.size();
  }
};

/// `field`: a pointer below the way, "/sent".
double sum_of(const json& rounds, const std::string& way, const std::string& field) {
  double total = 0;
  for (const json& round : rounds) {
    const json& of = round.at(way);
    total += of.is_null() ? 0 : of.at(json::json_pointer{field}).get<double>();
  }
  return total;
}

}  // namespace

TEST_CASE("monitor --once prints a row a target and tells by its status what failed",
          "[e2e][monitor]") {
  const Server server;
  const TempDir folder;
  const std::string config = (folder.path() / "m.yaml").string();
  std::ofstream{config} << kQuick;
  const std::string target = server.endpoint().to_string();
  const std::vector<std::string> once{"monitor", "--once", "--config", config, target};

  const auto good = run_udperf(once);
  CHECK(good.code() == 0);
  CHECK(good.out.find(target + "  complete") != std::string::npos);
  CHECK(good.out.find("0/20 (0 %)") != std::string::npos);

  auto arguments = once;
  arguments.emplace_back("--json");
  const auto tree = parse_strict_json(run_udperf(arguments).out);
  REQUIRE(tree.has_value());
  CHECK(monitor_schema_problems(*tree) == "");
  const auto& round = tree->at("rounds").at(0);
  CHECK(round.at("up").at("sent") == 20);
  CHECK(round.at("down").at("unique") == 20);
  CHECK(round.at("rtt").at("n").get<int>() > 0);

  arguments = once;
  arguments.insert(arguments.end(), {"--fail-rtt-p99", "1us"});
  CHECK(run_udperf(arguments).code() == 6);

  arguments = once;
  arguments.insert(arguments.end(), {"--json", "127.0.0.1:" + std::to_string(unused_port())});
  const auto half = parse_strict_json(run_udperf(arguments).out);
  REQUIRE(half.has_value());
  CHECK(half->at("rounds").size() == 2);
  CHECK(monitor_schema_problems(*half) == "");

  arguments = once;
  arguments.push_back("127.0.0.1:" + std::to_string(unused_port()));
  const auto down = run_udperf(arguments);
  CHECK(down.code() == 3);
  CHECK(down.out.find("unreachable") != std::string::npos);
}

TEST_CASE("monitor --once does not end well where a configured target was not measured",
          "[e2e][monitor]") {
  const Server server;
  const TempDir folder;
  const auto path = [&folder](const char* name) { return (folder.path() / name).string(); };
  const std::string target = server.endpoint().to_string();
  const std::string known = std::string{kQuick} + "targets:\n  - \"" + target + "\"\n";
  const auto run_with = [&](const std::string& config, const std::vector<std::string>& more) {
    std::ofstream{path("m.yaml")} << config;
    std::vector<std::string> once{"monitor", "--once", "--config", path("m.yaml")};
    once.insert(once.end(), more.begin(), more.end());
    return run_udperf(once);
  };
  const std::string host = std::string(70, 'x') + ".invalid";  // too long: nobody is asked
  const auto unknown = run_with(known + "  - {dns: " + host + ", name: pool}\n", {"--json"});
  CHECK(unknown.code() == 3);
  const auto tree = parse_strict_json(unknown.out);
  REQUIRE(tree.has_value());
  CHECK(monitor_schema_problems(*tree) == "");
  REQUIRE(tree->at("rounds").size() == 2);
  CHECK(tree->at("rounds").at(1).at("target") == "pool");
  CHECK(tree->at("rounds").at(1).at("status") == "failed");

  std::ofstream{path("t.json")} << "[{\"targets\": [";
  const auto broken = run_with(known + "file_sd: [t.json]\n", {});
  CHECK(broken.code() == 2);
  CHECK(broken.out.find("complete") != std::string::npos);
  CHECK(broken.err.find("t.json:1:") != std::string::npos);
  CHECK(run_with(known + "file_sd: [none.json]\n", {}).code() == 2);

  const auto written = run_with(known + "jsonl: ours.jsonl\nhistory: ours.db\n",
                                {"--jsonl", path("m.jsonl"), "--history", path("m.db")});
  CHECK(written.code() == 0);
  const auto line = parse_strict_json(read_all(path("m.jsonl")));
  REQUIRE(line.has_value());
  CHECK(line->at("event") == "round");
  CHECK(line->at("data").at("status") == "complete");
  CHECK(std::filesystem::exists(path("m.db")));
  CHECK_FALSE(std::filesystem::exists(path("ours.jsonl")));
  CHECK_FALSE(std::filesystem::exists(path("ours.db")));
  CHECK(parse_strict_json(run_with(known, {"--jsonl", "-"}).out).has_value());
  CHECK(run_with(known, {"--jsonl", "-", "--json"}).code() == 2);
  CHECK(run_with(known, {"--exec", "/bin/true"}).code() == 2);
  CHECK(run_with(known, {"--listen", "127.0.0.1:0"}).code() == 2);
}

TEST_CASE("metrics, JSON lines and history tell the same sums", "[e2e][monitor]") {
  const Server server;
  MonitorProcess monitor{config_for(server.endpoint())};
  RoundsTold told;
  REQUIRE(monitor.until([&] { return told.at_one_moment(monitor); }));
  CHECK(metric_value(told.metrics, "udperf_target_up", {"target=\"gw\""}) == 1);
  CHECK(metric_value(told.metrics, "udperf_target_info", {"site=\"lab\""}) == 1);
  for (const std::string way : {"up", "down"}) {
    CAPTURE(way);
    const std::string direction = "direction=\"" + way + "\"";
    for (const auto& [field, metric] :
         {std::pair{"/sent", "udperf_packets_sent_total"},
          std::pair{"/unique", "udperf_packets_received_total"},
          std::pair{"/unique_bytes", "udperf_received_bytes_total"},
          std::pair{"/duplicates", "udperf_packets_duplicated_total"},
          std::pair{"/delay_variation/n", "udperf_delay_variation_seconds_count"}}) {
      CAPTURE(field);
      CHECK(metric_value(told.metrics, metric, {direction}) == sum_of(told.lines, way, field));
      CHECK(sum_of(told.history, way, field) == sum_of(told.lines, way, field));
    }
    CHECK(sum_of(told.lines, way, "/sent") >= 20);
  }
  const auto targets = json::parse(monitor.get("/api/v1/targets").body);
  CHECK(targets.at("targets").at(0).at("state") == "up");
  CHECK(monitor_schema_problems(targets) == "");
  for (const std::string grain : {"round", "5m", "1h"}) {
    CAPTURE(grain);
    const auto rows = json::parse(monitor.get("/api/v1/rounds?target=gw&grain=" + grain).body);
    CHECK(rows.at("grain") == grain);
    CHECK_FALSE(rows.at("rows").empty());
    CHECK(monitor_schema_problems(rows) == "");
  }
  // What is not as the schema says is told.
  json wrong = targets;
  wrong["targets"][0]["state"] = "fine";
  CHECK_FALSE(monitor_schema_problems(wrong).empty());
  CHECK(monitor.get("/healthz").body == "ok\n");
  monitor.process().send_signal(SIGTERM);
  const auto ended = monitor.process().wait(kGuard);
  REQUIRE(ended);
  CHECK(ended->code == 143);
}

TEST_CASE("a target that stops is down, and up when it is back; a program is told",
          "[e2e][monitor]") {
  const std::string port = std::to_string(unused_port());  // nobody takes it meanwhile
  std::optional<Server> server{std::in_place, IpFamily::v4,
                               std::vector<std::string>{"--port", port}};
  const TempDir folder;
  const std::string told = (folder.path() / "told").string();
  const std::string program = (folder.path() / "tell").string();
  std::ofstream{program} << "#!/bin/sh\ncat >>'" << told << "'\n";
  std::filesystem::permissions(program, std::filesystem::perms::owner_all);
  MonitorProcess monitor{config_for(server->endpoint()), {}, {"--exec", program}};
  REQUIRE(monitor.until([&] { return monitor.rounds("complete") >= 1; }));
  server.reset();
  CHECK(monitor.until([&] { return monitor.changed("down"); }));
  CHECK(metric_value(monitor.get("/metrics").body, "udperf_target_up") == 0);
  const auto board = json::parse(monitor.get("/api/v1/targets").body);
  CHECK_FALSE(board.at("events").empty());
  CHECK(monitor_schema_problems(board) == "");
  server.emplace(IpFamily::v4, std::vector<std::string>{"--port", port});
  CHECK(monitor.until([&] { return monitor.changed("up"); }));
  CHECK(monitor.until([&] {
    const auto kept = json::parse(monitor.get("/api/v1/changes?since=0&target=gw").body);
    return monitor_schema_problems(kept).empty() && !kept.at("changes").empty() &&
           kept.at("changes").front().at("change") == "down" &&
           kept.dump().find("\"change\":\"up\"") != std::string::npos;
  }));
  CHECK(monitor.until([&] {
    const std::string text = read_all(told);
    return text.find("\"down\"") != std::string::npos && text.find("\"up\"") != std::string::npos;
  }));
}

TEST_CASE("a server that is started anew is told apart from loss", "[e2e][monitor]") {
  const std::string port = std::to_string(unused_port());  // nobody takes it meanwhile
  std::optional<Server> server{std::in_place, IpFamily::v4,
                               std::vector<std::string>{"--port", port}};
  MonitorProcess monitor{config_for(server->endpoint())};
  REQUIRE(monitor.until([&] { return monitor.rounds("complete") >= 2; }));
  server.reset();
  server.emplace(IpFamily::v4, std::vector<std::string>{"--port", port});
  REQUIRE(monitor.until([&] { return monitor.changed("server_restarted"); }));
  const std::string metrics = monitor.get("/metrics").body;
  CHECK(metric_value(metrics, "udperf_server_restarts_total", {"target=\"gw\""}) == 1);
  CHECK(metric_value(metrics, "udperf_events_total", {"\"server_restarted\""}) == 1);
  for (const std::string way : {"up", "down"}) {
    CHECK(metric_value(metrics, "udperf_packets_lost_total",
                       {"direction=\"" + way + "\"", "where=\"network\""}) == 0);
  }
  CHECK(
      json::parse(monitor.get("/api/v1/targets").body).at("targets").at(0).at("server_restarts") ==
      1);
}

TEST_CASE("a module that speaks iperf3 measures an iperf3 server, and its report is whole",
          "[e2e][monitor]") {
  const Server server{IpFamily::v4, {"--iperf3=0"}};
  const std::string port = std::to_string(server.ready()["data"]["iperf3_port"].get<int>());
  const std::string config =
      "modules:\n  stock: {protocol: iperf3, every: 2s, duration: 1s, rate: 1M, direction: both}\n"
      "targets:\n  - {target: \"127.0.0.1:" +
      port + "\", name: gw, module: stock}\n";
  MonitorProcess monitor{config};
  REQUIRE(monitor.until([&] { return monitor.rounds("complete") >= 1; }));
  const auto lines = monitor.lines("round");
  const auto found = std::find_if(lines.begin(), lines.end(), [](const json& round) {
    return round.at("status") == "complete";
  });
  for (const std::string way : {"up", "down"}) {
    const json& part = found->at(way);
    REQUIRE(part.is_object());
    CHECK(part.at("sent").get<int>() > 0);
    CHECK(part.at("sent") == part.at("unique").get<int>() + part.at("lost").get<int>());
  }
  const std::int64_t middle = found->at("start_unix_ns").get<std::int64_t>() / 1'000'000'000 + 1;
  REQUIRE(monitor.until([&] {
    return monitor.get("/report?target=gw&time=" + std::to_string(middle)).status == 200;
  }));
  const std::string page = monitor.get("/report?target=gw&time=" + std::to_string(middle)).body;
  CHECK(page.find("\"history\"") == std::string::npos);  // which notes what is made of its rows
}

TEST_CASE("a configuration is read again on SIGHUP, and a bad one changes nothing",
          "[e2e][monitor]") {
  const Server server;
  MonitorProcess monitor{config_for(server.endpoint())};
  const auto reloads = [&](const char* name) {
    return metric_value(monitor.get("/metrics").body, name).value_or(-1);
  };
  monitor.configure("targetz: [a]\n");
  monitor.process().send_signal(SIGHUP);
  CHECK(monitor.until([&] { return reloads("udperf_config_reload_failures_total") == 1; }));
  CHECK(metric_value(monitor.get("/metrics").body, "udperf_target_info", {"\"gw\""}) == 1);
  monitor.configure(
      config_for(server.endpoint(),
                 "  - {target: \"" + server.endpoint().to_string() + "\", name: second}\n"));
  monitor.process().send_signal(SIGHUP);
  CHECK(monitor.until([&] {
    return metric_value(monitor.get("/metrics").body, "udperf_target_info", {"\"second\""}) == 1;
  }));
}

TEST_CASE("a module that changes makes other rounds of its targets, numbered on",
          "[e2e][monitor]") {
  const Server server;
  const std::string before = config_for(server.endpoint());
  MonitorProcess monitor{before};
  REQUIRE(monitor.until([&] { return monitor.rounds("complete") >= 1; }));
  const std::string twenty = "packets: 20";
  std::string after = before;
  after.replace(after.find(twenty), twenty.size(), "packets: 10");
  monitor.configure(after);
  monitor.process().send_signal(SIGHUP);
  CHECK(monitor.until([&] {
    const auto lines = monitor.lines("round");
    return std::any_of(lines.begin(), lines.end(), [](const json& round) {
      return !round.at("up").is_null() && round.at("up").at("sent") == 10;
    });
  }));
  std::uint64_t number = 0;
  for (const json& round : monitor.lines("round")) {
    number += round.at("rounds").get<std::uint64_t>();
    CHECK(round.at("round") == number);
    // The one that ran by the old options says nothing of the target.
    CHECK((round.at("status") != "not_measured" || round.at("tried") == false));
  }
}

TEST_CASE("a name, a key and an own address serve light rounds, too", "[e2e][monitor]") {
  const TempDir folder;
  const std::string key = (folder.path() / "key").string();
  REQUIRE(run_udperf({"keygen", key}).code() == 0);
  const Server server{IpFamily::v4, {"--key-file", key}};
  MonitorProcess monitor{
      "modules:\n  light: {every: 1s, packets: 20, bind: 127.0.0.1, key-file: \"" + key +
      "\"}\ntargets:\n  - \"localhost:" + std::to_string(server.endpoint().port) + "\"\n"};
  CHECK(monitor.until([&] { return monitor.rounds("complete") >= 2; }));
  CHECK(monitor.rounds("failed") == 0);  // none was due before the address was known
}
