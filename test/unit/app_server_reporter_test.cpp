#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <optional>
#include <sstream>
#include <string>

#include <nlohmann/json.hpp>

#include "app/output/server_reporter.hpp"
#include "clock/system_clock.hpp"
#include "support/catch.hpp"
#include "support/fake_clock.hpp"
#include "support/schema.hpp"
#include "support/temp_dir.hpp"

using namespace udperf;
using namespace udperf::app;

namespace {

/// A file with a name of its own, gone at the end of the test.
class TempFile {
 public:
  TempFile() {
    const int fd = ::mkstemp(path_);
    REQUIRE(fd >= 0);
    ::close(fd);
  }
  TempFile(const TempFile&) = delete;
  TempFile& operator=(const TempFile&) = delete;
  ~TempFile() { ::unlink(path_); }

  [[nodiscard]] const char* path() const { return path_; }
  [[nodiscard]] std::string content() const {
    std::ostringstream text;
    text << std::ifstream{path_}.rdbuf();
    return text.str();
  }

 private:
  char path_[40] = "/tmp/udperf_server_reporter_XXXXXX";
};

SessionOutcome outcome_with(TestStatus status) {
  SessionOutcome outcome;
  outcome.session = 0xABC;
  outcome.client = Endpoint{*parse_ip_address("192.0.2.7"), 7777};
  outcome.server = Endpoint{*parse_ip_address("192.0.2.1"), 5555};
  outcome.status = status;
  outcome.reason = "client went silent";
  return outcome;
}

}  // namespace

TEST_CASE("every counter of the server is written with its own name", "[app]") {
  engine::ServerCounters counters{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, {}};
  counters.of_others = {{"other_runs", 14}, {"other_refused", 15}};
  CHECK(counters_text(counters) ==
        "hellos=1 challenges=2 bad_cookies=3 expired_cookies=4 malformed=5 unknown_session=6 "
        "denied=7 unauthenticated=8 rate_limited=9 out_of_memory=10 refused=11 sessions=12 "
        "light_sessions=13 other_runs=14 other_refused=15");
}

TEST_CASE("records about a client have its address, port and session", "[app]") {
  const TempFile file;
  const SystemClock clock;
  auto log = Log::open(LogOptions{LogLevel::info, LogFormat::text, file.path()}, clock);
  REQUIRE(log.has_value());
  std::optional<Endpoint> ready;
  ServerReporter reporter{*log, {}, [&ready](const Endpoint& local) { ready = local; }};

  reporter.on_ready(outcome_with({}).server);
  reporter.on_session_opened(0xABC, outcome_with({}).client, TestParams{});
  reporter.on_session_opened(0xABD, outcome_with({}).client, TestParams{});
  reporter.on_session_closed(outcome_with(TestStatus::incomplete));
  reporter.on_refused(outcome_with({}).client, {"busy", "busy"});
  reporter.log_tally();

  const auto text = file.content();
  CAPTURE(text);
  const auto has = [&text](const char* part) { return text.find(part) != std::string::npos; };
  CHECK(ready == outcome_with({}).server);
  CHECK(has(" info listening on 192.0.2.1:5555\n"));
  CHECK(has("datagrams peer=192.0.2.7:7777 session=0000000000000abc\n"));
  CHECK(has("client went silent peer=192.0.2.7:7777 session=0000000000000abc\n"));
  CHECK(has("refused: busy peer=192.0.2.7:7777\n"));
  CHECK(has("sessions: active=1 opened=2 closed=1 refused=1\n"));
  CHECK(reporter.last_status() == TestStatus::incomplete);
}

TEST_CASE("a session goes to each of the files that there are, on lines of its own", "[app]") {
  const TempFile log_file;
  const TempFile text;
  const TempFile jsonl;
  const SystemClock clock;
  auto log = Log::open(LogOptions{LogLevel::error, LogFormat::text, log_file.path()}, clock);
  auto text_output = OutputFile::open(text.path(), "text");
  auto jsonl_output = OutputFile::open(jsonl.path(), "--jsonl");
  ServerReporter reporter{*log, {&*text_output, &*jsonl_output}, [](const Endpoint&) {}};

  reporter.on_session_closed(outcome_with(TestStatus::complete));
  reporter.on_session_closed(outcome_with(TestStatus::complete));

  CHECK(text.content().find("192.0.2.7:7777") != std::string::npos);
  CHECK(text.content().back() == '\n');
  std::istringstream lines{jsonl.content()};
  std::size_t count = 0;
  for (std::string line; std::getline(lines, line); ++count) {
    CHECK(test::server_line_schema_problems(nlohmann::json::parse(line)) == "");
  }
  CHECK(count == 2);
  CHECK_FALSE(reporter.write_failed());
}

TEST_CASE("a session that cannot be written is said once and remembered", "[app]") {
  const TempFile log_file;
  const SystemClock clock;
  auto log = Log::open(LogOptions{LogLevel::error, LogFormat::text, log_file.path()}, clock);
  auto full = OutputFile::open("/dev/full", "--jsonl");
  ServerReporter reporter{*log, {nullptr, &*full}, [](const Endpoint&) {}};

  reporter.on_session_closed(outcome_with(TestStatus::complete));
  reporter.on_session_closed(outcome_with(TestStatus::complete));

  const auto records = log_file.content();
  CHECK(reporter.write_failed());
  CHECK(records.find("/dev/full") != std::string::npos);
  CHECK(records.find('\n') == records.size() - 1);
}

/// Warnings of sockets that a log tells, each or by their number.
std::size_t warnings_told(const std::string& text) {
  constexpr std::string_view kCount = "... ";
  std::size_t told = 0;
  std::istringstream lines{text};
  for (std::string line; std::getline(lines, line);) {
    if (line.find("[session_socket]") != std::string::npos) {
      const auto count = line.find(kCount);
      told += count == std::string::npos ? 1 : std::stoul(line.substr(count + kCount.size()));
    }
  }
  return told;
}

TEST_CASE("a thousand targets have a line for each session that completed", "[app]") {
  const TempFile file;
  const TempFile lines;
  test::FakeClock clock;
  auto log = Log::open(LogOptions{LogLevel::error, LogFormat::text, file.path()}, clock);
  auto jsonl = OutputFile::open(lines.path(), "--jsonl", OutputFile::Mode::append);
  ServerReporter reporter{*log, {nullptr, &*jsonl}, [](const Endpoint&) {}};
  std::size_t sessions = 0;
  for (int second = 0; second < 60; ++second) {  // 1000 targets, each every ten seconds
    for (int i = 0; i < 100; ++i) {
      reporter.on_session_closed(outcome_with(TestStatus::complete));
      ++sessions;
    }
    clock.advance(std::chrono::seconds{1});
  }
  for (int i = 0; i < 4000; ++i) {  // 4000 light sessions that end together
    reporter.on_session_closed(outcome_with(TestStatus::complete));
    ++sessions;
  }
  reporter.finish();
  const auto text = lines.content();
  CHECK(static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n')) == sessions);
  CHECK(text.find("left_out") == std::string::npos);
}

TEST_CASE("what was left out is told at the end, and what nobody reads holds up nobody", "[app]") {
  const TempFile file;
  test::TempDir folder;
  const std::string path = (folder.path() / "pipe").string();
  REQUIRE(::mkfifo(path.c_str(), 0600) == 0);
  const SystemClock clock;
  auto log = Log::open(LogOptions{LogLevel::info, LogFormat::text, file.path()}, clock);
  auto pipe = OutputFile::open(path, "--jsonl", OutputFile::Mode::unhurried);
  REQUIRE(pipe);
  ServerReporter reporter{*log, {nullptr, &*pipe}, [](const Endpoint&) {}};
  SessionOutcome outcome = outcome_with(TestStatus::complete);
  outcome.up.emplace().streams.emplace_back().rx.emplace().intervals.resize(20'000);
  for (int i = 0; i < 20; ++i) {
    reporter.on_session_closed(outcome);
  }
  for (int i = 0; i < 1000; ++i) {
    reporter.on_refused(outcome.client, {"busy", "busy"});
  }
  CHECK(file.content().find("not fast enough") != std::string::npos);
  CHECK(file.content().find("more like this") == std::string::npos);
  reporter.finish(Duration{0});
  CHECK(file.content().find(" warning JSON lines: ") != std::string::npos);
  CHECK(file.content().find("more like this in the last 10 s: refusals") != std::string::npos);
  CHECK_FALSE(reporter.write_failed());
}

TEST_CASE("a file that can be written again is told of what it lacks", "[app]") {
  const TempFile log_file;
  test::TempDir folder;
  const std::string path = (folder.path() / "lines").string();
  REQUIRE(::symlink("/dev/full", path.c_str()) == 0);
  const SystemClock clock;
  auto log = Log::open(LogOptions{LogLevel::info, LogFormat::text, log_file.path()}, clock);
  const TempFile text;
  auto text_output = OutputFile::open(text.path(), "text");
  auto jsonl = OutputFile::open(path, "--jsonl", OutputFile::Mode::append);
  ServerReporter reporter{*log, {&*text_output, &*jsonl}, [](const Endpoint&) {}};
  reporter.on_session_closed(outcome_with(TestStatus::complete));
  reporter.on_session_closed(outcome_with(TestStatus::complete));
  CHECK(reporter.write_failed());  // the other file's success does not hide it
  REQUIRE(::unlink(path.c_str()) == 0);
  reporter.reopen();
  reporter.on_session_closed(outcome_with(TestStatus::complete));
  CHECK_FALSE(reporter.write_failed());
  CHECK(test::content_of(path).find(R"({"event":"left_out","data":{"lines":2}})") !=
        std::string::npos);
  CHECK(log_file.content().find("JSON lines are written again, 2 were left out") !=
        std::string::npos);
}

TEST_CASE("a JSON line counts as long as many where it is", "[app]") {
  constexpr std::size_t kUsual = 8192;
  constexpr std::size_t kBurst = 1000;
  const TempFile file;
  const TempFile lines;
  test::FakeClock clock;
  auto log = Log::open(LogOptions{LogLevel::error, LogFormat::text, file.path()}, clock);
  auto jsonl = OutputFile::open(lines.path(), "--jsonl", OutputFile::Mode::append);
  ServerReporter reporter{*log, {nullptr, &*jsonl}, [](const Endpoint&) {}};
  SessionOutcome outcome = outcome_with(TestStatus::incomplete);
  outcome.up.emplace().streams.emplace_back().rx.emplace().intervals.resize(20'000);
  reporter.on_session_closed(outcome);
  const std::size_t line = lines.content().size();
  REQUIRE(line > 20 * kUsual);
  for (int i = 0; i < 100; ++i) {
    reporter.on_session_closed(outcome);
  }
  CHECK(lines.content().size() <= kBurst * kUsual + 2 * line);
  const std::size_t before = lines.content().size();
  reporter.on_session_closed(outcome_with(TestStatus::incomplete));
  CHECK(lines.content().size() == before);
  clock.advance(std::chrono::hours{1});
  reporter.on_turn(clock.now());
  reporter.on_session_closed(outcome);
  CHECK(lines.content().size() > before + line);  // and how many were left out
}

TEST_CASE("what strangers can cause is written at a limited rate, and the rest is counted",
          "[app]") {
  const TempFile file;
  const TempFile lines;
  const SystemClock clock;
  auto log = Log::open(LogOptions{LogLevel::info, LogFormat::text, file.path()}, clock);
  auto jsonl = OutputFile::open(lines.path(), "--jsonl", OutputFile::Mode::append);
  ServerReporter reporter{*log, {nullptr, &*jsonl}, [](const Endpoint&) {}};
  constexpr std::size_t kMany = 20'000;
  for (std::size_t i = 0; i < kMany; ++i) {
    reporter.on_refused(outcome_with({}).client, {"busy", "busy"});
    reporter.on_session_opened(i, outcome_with({}).client, TestParams{});
    reporter.on_session_closed(outcome_with(TestStatus::incomplete));
    reporter.on_fallback_closed(
        {"classic", {}, TestStatus::incomplete, {}, [] { return "text"; }, [] { return "{}"; }});
    reporter.on_warning(Warning{"session_socket", "Too many open files"});
  }

  CHECK(file.content().size() < 100'000);
  CHECK(lines.content().size() < 3'000'000);
  reporter.on_turn(clock.now() + std::chrono::seconds{11});
  const auto text = file.content();
  const auto tail = text.substr(text.find("... "));
  CAPTURE(tail);
  CHECK(tail.find(" more like this in the last 10 s: refusals") != std::string::npos);
  CHECK(tail.find(" more like this in the last 10 s: classic runs") != std::string::npos);
  CHECK(warnings_told(text) == kMany);
  std::istringstream all{lines.content()};
  std::size_t written = 0;
  std::size_t left_out = 0;
  for (std::string line; std::getline(all, line);) {
    const auto document = nlohmann::json::parse(line);
    if (document.value("event", "") == "left_out") {
      CHECK(test::server_line_schema_problems(document) == "");
      left_out += document.at("data").at("lines").get<std::size_t>();
    } else {
      ++written;
    }
  }
  CHECK(written + left_out == 2 * kMany);
}
