#include <poll.h>

#include <filesystem>
#include <fstream>

#include "app/monitor/monitor.hpp"
#include "clock/system_clock.hpp"
#include "support/catch.hpp"
#include "support/strict_json.hpp"
#include "support/temp_dir.hpp"

namespace udperf::app {
namespace {

using namespace std::chrono_literals;

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

  SystemClock clock;

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
