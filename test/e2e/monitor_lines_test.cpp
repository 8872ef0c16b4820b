// Where `udperf monitor` writes, who does not read it, and what is left when it is killed.

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <string>

#include "app/monitor/history.hpp"
#include "app/monitor/sqlite_file.hpp"
#include "clock/system_clock.hpp"
#include "e2e/monitor_process.hpp"
#include "e2e/scene.hpp"
#include "os/fd.hpp"
#include "support/condition.hpp"

using namespace udperf;
using namespace udperf::test;
using nlohmann::json;

namespace {

/// Of the rounds told from `told` on by a monitor that was killed, the history has all but the
/// last ones, which were about to be written. `told` becomes their end.
void check_tail(const app::SqliteFile& file, const std::vector<json>& rounds, std::size_t& told) {
  auto select = app::SqliteStatement::prepare(
      file,
      "SELECT count(*) FROM round JOIN target ON target.id = round.target WHERE name = ? AND "
      "start_ns = ?");
  REQUIRE(select);
  const auto written = [&select](const json& round) {
    select->bind(1, std::string_view{round.at("target").get_ref<const std::string&>()});
    const auto row = select->bind(2, round.at("start_unix_ns").get<std::int64_t>()).step();
    REQUIRE(row);
    const bool there = select->number(0) == 1;
    select->reset();
    return there;
  };
  bool all = true;
  for (; told < rounds.size(); ++told) {
    const bool there = written(rounds[told]);
    CHECK_FALSE((there && !all));  // one was left out before it
    all = all && there;
  }
}

}  // namespace

TEST_CASE("a full disk makes gaps in the history and stops no measuring", "[e2e][monitor]") {
  if (::geteuid() != 0) {
    skip_test("a file system of its own needs root");
    return;
  }
  if (const auto may = run_to_end({"unshare", "--mount", "true"}, kGuard);
      !may || may->code() != 0) {
    skip_test("mount namespaces cannot be made here");
    return;
  }
  const Server server;
  const TempDir folder;
  const std::string small = (folder.path() / "small").string();
  std::filesystem::create_directory(small);
  const std::string script = "mount -t tmpfs -o size=1m tmpfs " + small +
                             " || exit 77; dd if=/dev/zero of=" + small +
                             "/ballast bs=1k count=16 2>/dev/null; exec \"$@\"";
  MonitorProcess monitor{
      config_for(server.endpoint()),
      {"unshare", "--mount", "--propagation", "private", "sh", "-c", script, "sh"},
      {"--history", small + "/m.db"}};
  const std::string fill = "cat /dev/zero >/proc/" + std::to_string(monitor.process().pid()) +
                           "/root" + small + "/ballast";
  REQUIRE(run_to_end({"sh", "-c", fill}, kGuard));
  CHECK(monitor.until([&] {
    return metric_value(monitor.get("/metrics").body, "udperf_history_failures_total").value_or(0) >
           0;
  }));
  const std::size_t before = monitor.rounds("complete");
  CHECK(monitor.until([&] { return monitor.rounds("complete") >= before + 2; }));

  // With room again it is written again, whole, and what was left out is all that is missing.
  const std::string root = "/proc/" + std::to_string(monitor.process().pid()) + "/root" + small;
  std::filesystem::remove(root + "/ballast");
  const auto written = [&monitor] {
    return metric_value(monitor.get("/metrics").body, "udperf_history_rounds_total").value_or(0);
  };
  const double then = written();
  CHECK(monitor.until([&] { return written() >= then + 2; }));
  // SQLite looks for a file by its name from here; a copy of what a standing writer has, is one.
  const std::string copy = (folder.path() / "m.db").string();
  monitor.process().send_signal(SIGSTOP);
  for (const char* part : {"", "-wal"}) {
    std::filesystem::copy_file(root + "/m.db" + part, copy + part);
  }
  monitor.process().send_signal(SIGCONT);
  const auto file = app::SqliteFile::open(copy, app::SqliteFile::Mode::create);
  REQUIRE(file);
  CHECK(file->number("SELECT count(*) FROM pragma_integrity_check WHERE integrity_check = 'ok'")
            .value_or(0) == 1);
  const auto answer = monitor.get("/api/v1/rounds?target=gw&grain=round");
  CHECK(answer.status == 200);
  CHECK(json::parse(answer.body).at("rows").size() >= 2);
}

TEST_CASE("a monitor whose log nobody reads goes on", "[e2e][monitor]") {
  constexpr int kRecords = 1000;  // more than a pipe holds
  const TempDir folder;
  const std::string log = (folder.path() / "log").string();
  const std::string names = (folder.path() / "names.json").string();
  REQUIRE(::mkfifo(log.c_str(), 0600) == 0);
  const os::Fd reader{::open(log.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC)};
  json groups = json::array();
  for (int i = 0; i < kRecords; ++i) {  // all but one are told to be there once more
    groups.push_back({{"targets", {"127.0.0.1:9"}}, {"labels", {{"i", std::to_string(i)}}}});
  }
  std::ofstream{names} << groups;
  MonitorProcess monitor{kQuick + ("file_sd: [" + names + "]\n"),
                         {"sh", "-c", "exec \"$@\" 2>" + log, "sh"}};
  CHECK(monitor.get("/healthz").status == 200);
  monitor.process().send_signal(SIGTERM);
  const auto status = monitor.process().wait(kGuard);
  REQUIRE(status);
  CHECK(status->code == 143);
}

TEST_CASE("a network of this host that goes away is a gap: neither loss nor an outage",
          "[e2e][monitor]") {
  const auto scene = Scene::make();
  if (!scene) {
    return;
  }
  const bool other_address = GENERATE(false, true);
  CAPTURE(other_address);
  MonitorProcess monitor{std::string{"modules:\n  light: {every: 1s, packets: 20}\ntargets:\n"} +
                             "  - {target: " + kServer4 + ", name: gw}\n",
                         scene->path.command(RoutedPath::Place::client, {})};
  REQUIRE(monitor.until([&] { return monitor.rounds("complete") >= 2; }));
  scene->path.run(RoutedPath::Place::client,
                  other_address ? "ip addr flush dev router; ip addr add 10.77.1.9/24 dev router; "
                                  "ip route add default via 10.77.1.1"
                                : "ip link set router down");
  CHECK(monitor.until([&] { return monitor.changed("not_measured"); }));
  const std::size_t before = monitor.rounds("complete");
  scene->path.run(RoutedPath::Place::client,
                  "ip link set router up; ip route replace default via 10.77.1.1");
  CHECK(monitor.until([&] { return monitor.rounds("complete") >= before + 2; }));
  CHECK(monitor.changed("up"));
  CHECK_FALSE(monitor.changed("down"));
  CHECK_FALSE(monitor.changed("loss_high"));
  for (const json& round : monitor.lines("round")) {
    CAPTURE(round.dump());
    for (const char* const way : {"up", "down"}) {
      CHECK((round.at(way).is_null() || round.at(way).at("lost") == 0));
    }
  }
}

TEST_CASE("a monitor that is killed again and again keeps its history whole", "[e2e][monitor]") {
  constexpr std::int64_t kKills = 50;
  constexpr int kTargets = 10;
  const Server server;
  // Short rounds of ten targets, one after the other, so that one ends soon after each start.
  std::string config =
      "modules:\n  light: {every: 1s, packets: 5, rate: 100pps, spacing: even}\ntargets:\n";
  for (int i = 0; i < kTargets; ++i) {
    config += "  - {target: \"" + server.endpoint().to_string() + "\", name: t" +
              std::to_string(i) + "}\n";
  }
  MonitorProcess monitor{config};
  std::size_t told = 0;
  for (std::int64_t kills = 1; kills <= kKills; ++kills) {
    CAPTURE(kills);
    const std::size_t before = monitor.rounds("complete");
    REQUIRE(monitor.until([&] { return monitor.rounds("complete") > before; }));
    monitor.process().send_signal(SIGKILL);
    REQUIRE(monitor.process().wait(kGuard));
    const auto file = app::SqliteFile::open(monitor.path("m.db"), app::SqliteFile::Mode::create);
    REQUIRE(file);
    CHECK(file->number("SELECT count(*) FROM pragma_integrity_check WHERE integrity_check = 'ok'")
              .value_or(0) == 1);
    check_tail(*file, monitor.lines("round"), told);
    if (kills < kKills) {
      monitor.start();
    }
  }
}

TEST_CASE("a history that another monitor has stops no measuring", "[e2e][monitor]") {
  const Server server;
  const TempDir folder;
  const std::string file = (folder.path() / "m.db").string();
  const SystemClock clock;
  const auto taken = app::History::open(file, {}, clock, [](const std::string&) {});
  REQUIRE(taken);
  MonitorProcess monitor{config_for(server.endpoint()), {}, {"--history", file}};
  REQUIRE(monitor.until([&] { return monitor.rounds("complete") >= 1; }));
  CHECK(metric_value(monitor.get("/metrics").body, "udperf_history_failures_total").value_or(0) >=
        1);
}

TEST_CASE("a history of another program is refused, and nothing starts", "[e2e][monitor]") {
  const TempDir folder;
  const std::string file = (folder.path() / "notes.txt").string();
  std::ofstream{file} << std::string(5000, 'n');
  const auto finished = run_udperf({"monitor", "gw", "--listen", "127.0.0.1:0", "--history", file});
  CHECK(finished.code() == 2);
  CHECK(finished.err.find("--history") != std::string::npos);
  CHECK(read_all(file) == std::string(5000, 'n'));
}

TEST_CASE("nobody who does not read the JSON lines stops a round, or the end", "[e2e][monitor]") {
  const Server server;
  std::string config =
      "modules:\n  light: {every: 1s, packets: 5, rate: 100pps, spacing: even}\ntargets:\n";
  for (int i = 0; i < 10; ++i) {
    config += "  - {target: \"" + server.endpoint().to_string() + "\", name: t" +
              std::to_string(i) + "}\n";
  }
  const TempDir folder;
  const std::string pipe = (folder.path() / "pipe").string();
  REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
  const os::Fd reader{::open(pipe.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC)};
  REQUIRE(reader);
  REQUIRE(::fcntl(reader.get(), F_SETPIPE_SZ, 4096) >= 0);  // two or three rounds
  MonitorProcess monitor{config, {}, {"--jsonl", pipe}};
  const auto complete = [&monitor] {
    const auto answer = http_get(monitor.http(), "/metrics");
    double sum = 0;
    for (int i = 0; answer && i < 10; ++i) {
      sum += metric_value(answer->body, "udperf_rounds_total",
                          {"target=\"t" + std::to_string(i) + "\"", "\"complete\""})
                 .value_or(0);
    }
    return sum;
  };
  CHECK(monitor.until([&] { return complete() >= 50; }));
  monitor.process().send_signal(SIGTERM);
  const auto ended = monitor.process().wait(kGuard);
  REQUIRE(ended);
  CHECK(ended->code == 143);
}

TEST_CASE("a monitor whose JSON lines go to a reader that has gone ends", "[e2e][monitor]") {
  const Server server;
  const TempDir folder;
  const std::string config = (folder.path() / "m.yaml").string();
  std::ofstream{config} << config_for(server.endpoint());
  const std::string script = std::string{kProgram} + " monitor --listen 127.0.0.1:0 --history '" +
                             (folder.path() / "m.db").string() + "' --jsonl - --config '" + config +
                             "' | head -n 1";
  const auto finished = run_to_end({"sh", "-c", script}, kGuard);
  REQUIRE(finished);
  const auto line = parse_strict_json(finished->out);
  REQUIRE(line);
  CHECK(line->at("data").at("target") == "gw");
}
