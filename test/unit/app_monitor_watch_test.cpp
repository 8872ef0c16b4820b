#include <poll.h>

#include <atomic>
#include <filesystem>
#include <fstream>

#include "app/monitor/monitor.hpp"
#include "clock/system_clock.hpp"
#include "support/catch.hpp"
#include "support/monitored_rounds.hpp"
#include "support/strict_json.hpp"
#include "support/temp_dir.hpp"

namespace udperf::app {
namespace {

using namespace std::chrono_literals;

/// This host's, of which the wall clock can be set.
class WallClock final : public Clock {
 public:
  [[nodiscard]] MonoTime now() const override { return system_.now(); }
  [[nodiscard]] UnixTime unix_now() const override { return system_.unix_now() + ahead.load(); }
  [[nodiscard]] ClockAnchor anchor() const override {
    ClockAnchor both = system_.anchor();
    both.unix += ahead.load();
    return both;
  }
  std::atomic<Duration> ahead{Duration{0}};

 private:
  SystemClock system_;
};

/// A monitor with nothing around it but what is asked for.
class Watching {
 public:
  explicit Watching(const std::string& config) {
    std::vector<std::string> errors;
    MonitorCommand command;
    command.config = "m.yaml";
    auto setup = make_setup(command, config, errors);
    CAPTURE(errors);
    REQUIRE(setup);
    setup_ = *std::move(setup);
    LogOptions options;
    options.file = path("log");
    auto log = Log::open(options, clock);
    REQUIRE(log);
    log_.emplace(*std::move(log));
  }

  void write_lines() {
    auto lines = LineWriter::open(path("m.jsonl"), {[](const std::string&) {}, [] {}});
    REQUIRE(lines);
    sinks_.jsonl = *std::move(lines);
  }
  /// One in which the last round of gw was over so long ago.
  void keep_history(Duration ago) {
    {
      auto before = History::open(path("m.db"), {}, clock, [](const std::string&) {});
      REQUIRE(before);
      (*before)->put(test::target_named("gw"),
                     test::round_begun(clock.unix_now() - ago - 10s, 1, 0));
    }
    auto history = History::open(path("m.db"), {}, clock, [](const std::string&) {});
    REQUIRE(history);
    sinks_.history = *std::move(history);
  }
  /// Each event is added to the file "told".
  void tell_program() {
    const std::string program = path("tell");
    std::ofstream{program} << "#!/bin/sh\ncat >>'" << path("told") << "'\n";
    std::filesystem::permissions(program, std::filesystem::perms::owner_all);
    sinks_.exec = std::make_unique<ExecHook>(program, [](const std::string&) {});
  }
  Monitor& begin() { return monitor_.emplace(setup_, std::move(sinks_), clock, *log_); }
  /// All lines are written then.
  void end() { monitor_.reset(); }

  [[nodiscard]] const MonitorSetup& setup() const { return setup_; }
  [[nodiscard]] std::string path(const std::string& name) const {
    return (folder_.path() / name).string();
  }
  [[nodiscard]] std::string text_of(const std::string& name) const {
    return test::content_of(path(name));
  }
  /// Goes on until it is so, within a minute.
  template <typename Condition>
  [[nodiscard]] bool until(Condition condition) {
    const MonoTime end = clock.now() + 60s;
    while (!condition()) {
      if (clock.now() > end) {
        return false;
      }
      static_cast<void>(monitor_->step(clock.now()));
      ::poll(nullptr, 0, 20);
    }
    return true;
  }

  WallClock clock;

 private:
  test::TempDir folder_;
  std::optional<Log> log_;
  MonitorSetup setup_;
  MonitorSinks sinks_;
  std::optional<Monitor> monitor_;
};

monitor::Target nobody() {
  monitor::Target target;
  target.name = "nobody";
  target.address = {"127.0.0.1", 1};
  target.module = "light";
  return target;
}

TEST_CASE("a turn that comes late to the clocks sees neither a sleep nor a clock that was set") {
  Watching scene{"targets: [gw]\n"};
  scene.write_lines();
  Monitor& monitor = scene.begin();
  static_cast<void>(monitor.step(scene.clock.now()));
  static_cast<void>(monitor.step(scene.clock.now() - 2s));  // what had landed took so long
  static_cast<void>(monitor.step(scene.clock.now()));
  scene.end();
  CHECK(scene.text_of("m.jsonl").empty());
  CHECK(scene.text_of("log").empty());
}

TEST_CASE("the time in which no monitor ran is a gap, once and without a change of state") {
  const Duration ago = GENERATE(Duration{-1h}, Duration{1h});
  Watching scene{"targets: [gw]\n"};
  scene.keep_history(ago);
  scene.write_lines();
  Monitor& monitor = scene.begin();
  monitor::Target target = test::target_named("gw");
  target.address = {"127.0.0.1", 1};
  monitor.set_targets({target});
  monitor.set_targets({target});
  const std::string metrics = monitor.metrics();
  CHECK(metrics.find("udperf_rounds_not_asked_total{target=\"gw\",module=\"light\"} 0\n") !=
        std::string::npos);
  scene.end();
  const std::string text = scene.text_of("m.jsonl");
  if (ago < 0s) {
    CHECK(text.empty());
    return;
  }
  REQUIRE(text.find('\n') == text.size() - 1);
  const auto line = test::parse_strict_json(text);
  REQUIRE(line);
  const auto& gap = line->at("data");
  CHECK(gap.at("status") == "not_measured");
  CHECK(gap.at("rounds").get<int>() >= 360);
  CHECK(gap.at("tried") == false);
  CHECK(gap.at("error") == "the monitor did not run");
  CHECK(gap.at("length_ns").get<std::int64_t>() >= Duration{1h}.count());
}

TEST_CASE("of modules with a round a day the time in which no monitor ran is told, too") {
  const std::string when = GENERATE("every: 24h", "at: \"03:10\"");
  const bool missed = GENERATE(true, false);
  CAPTURE(when, missed);
  Watching scene{"modules:\n  light: {" + when + "}\ntargets: [gw]\n"};
  scene.keep_history(missed ? 40h : 30h);
  scene.write_lines();
  scene.begin().set_targets({test::target_named("gw")});
  scene.end();
  const std::string text = scene.text_of("m.jsonl");
  const auto line = test::parse_strict_json(text);
  REQUIRE(line.has_value() == missed);
  if (missed) {
    CHECK(line->at("data").at("rounds") == 1);
    CHECK(line->at("data").at("length_ns") == Duration{24h}.count());
  }
}

TEST_CASE("a wall clock that is set is told to the program and counted") {
  Watching scene{"targets: [gw]\n"};
  scene.tell_program();
  Monitor& monitor = scene.begin();
  static_cast<void>(monitor.step(scene.clock.now()));
  scene.clock.ahead = 1h;
  REQUIRE(scene.until([&] { return scene.text_of("told").ends_with("\n"); }));
  const auto line = test::parse_strict_json(scene.text_of("told"));
  REQUIRE(line);
  CHECK(line->at("event") == "clock_stepped");
  CHECK(line->at("data").at("step_ns").get<std::int64_t>() > Duration{59min}.count());
  CHECK(monitor.metrics().find("udperf_host_clock_steps_total 1\n") != std::string::npos);
}

TEST_CASE("what is wrong with names and files is told, and what nobody knows yet is null") {
  Watching scene{"modules: {bulk: {rate: 20M, duration: 5s, every: 1m}}\ntargets: [gw]\n"};
  Monitor& monitor = scene.begin();
  monitor::Target target = test::target_named("gw");
  target.module = "bulk";  // heavy: its loss is judged by nobody
  monitor.set_targets({target}, {"dns servers.example: no such host"});
  const auto board = test::parse_strict_json(monitor.targets_json());
  REQUIRE(board);
  CHECK(board->at("problems").at(0) == "dns servers.example: no such host");
  const auto& told = board->at("targets").at(0);
  CHECK(told.at("since_unix_ns").is_null());
  CHECK(told.at("loss_high").is_null());
  CHECK(told.at("totals").at("start_unix_ns").is_null());
  CHECK(monitor.metrics().find("udperf_config_problems 1\n") != std::string::npos);
}

TEST_CASE("whether the configuration that was read last is in force is told") {
  Watching scene{"targets: [gw]\n"};
  Monitor& monitor = scene.begin();
  const auto in_force = [&monitor] {
    return monitor.metrics().find("udperf_config_last_reload_successful 1\n") != std::string::npos;
  };
  CHECK(in_force());
  monitor.count_refused_setup();
  CHECK_FALSE(in_force());
  monitor.set_setup(scene.setup());
  CHECK(in_force());
}

TEST_CASE("a probe may be asked for by a dns name of the configuration, in any case") {
  Watching scene{"targets: [{dns: Servers.example, name: all}]\n"};
  const Monitor& monitor = scene.begin();
  const auto allowed = [&monitor](const std::string& host, std::optional<std::uint16_t> port) {
    return monitor.probe_target({host, port}, host, "light").allowed;
  };
  CHECK(allowed("servers.EXAMPLE", {}));
  CHECK(allowed("servers.example", 5555));
  CHECK(allowed("all", {}));
  CHECK(monitor.probe_target({"all", {}}, "all", "light").test.options.host == "Servers.example");
  CHECK_FALSE(allowed("servers.example", 5556));
  CHECK_FALSE(allowed("other.example", {}));
}

TEST_CASE("what a program is told is numbered as the JSON lines are, with or without a file") {
  const bool lines = GENERATE(false, true);
  CAPTURE(lines);
  Watching scene{"modules:\n  light: {every: 1s, packets: 20}\ntargets: [gw]\n"};
  scene.tell_program();
  if (lines) {
    scene.write_lines();
  }
  Monitor& monitor = scene.begin();
  monitor.set_targets({nobody()});
  REQUIRE(scene.until([&] { return scene.text_of("told").ends_with("\n"); }));
  const std::string told = scene.text_of("told");
  const auto event = test::parse_strict_json(told.substr(0, told.find('\n') + 1));
  REQUIRE(event);
  CHECK(event->at("data").at("change") == "down");
  CHECK(event->at("seq").get<int>() >= 1);  // its round has the number before
  scene.end();
  if (lines) {
    CHECK(scene.text_of("m.jsonl").find(told.substr(0, told.find('\n') + 1)) != std::string::npos);
  }
}

}  // namespace
}  // namespace udperf::app
