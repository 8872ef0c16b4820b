// Where `udperf monitor` writes, and who does not read it.

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <string>

#include "e2e/monitor_process.hpp"
#include "net/fd.hpp"
#include "support/condition.hpp"

using namespace udperf;
using namespace udperf::test;

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
  const net::Fd reader{::open(pipe.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC)};
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
