#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <optional>
#include <sstream>
#include <string>
#include <thread>

#include <nlohmann/json.hpp>

#include "app/output/log.hpp"
#include "app/output/progress.hpp"
#include "support/catch.hpp"
#include "support/condition.hpp"
#include "support/no_creation.hpp"
#include "support/screen.hpp"
#include "support/temp_dir.hpp"

using namespace std::chrono_literals;
using namespace udperf;
using namespace udperf::app;

namespace {

class FixedClock final : public Clock {
 public:
  [[nodiscard]] MonoTime now() const override { return mono_from_ns(1); }
  [[nodiscard]] UnixTime unix_now() const override { return unix_from_ns(1'000'000'001'500); }
};

constexpr auto kTime = "1970-01-01T00:16:40.000001Z";

LogRecord record(std::string_view message) {
  LogRecord result;
  result.time = unix_from_ns(1'000'000'001'500);
  result.level = LogLevel::warning;
  result.message = message;
  return result;
}

LogContext peer_context() {
  return LogContext{Endpoint{*parse_ip_address("2001:db8::1"), 7777}, 0x0123456789ABCDEF};
}

/// On stderr, which waits for nobody, with more records than any terminal has room for.
Result<Log> flooded_log(const Clock& clock) {
  auto log = Log::open(LogOptions{LogLevel::info, LogFormat::text, {}}, clock);
  REQUIRE(log.has_value());
  log->wait_for_nobody();
  for (int i = 0; i < 2000; ++i) {
    log->info(std::string(1000, 'x'));
  }
  return log;
}

}  // namespace

TEST_CASE("a text record has time, level, message, peer and session", "[app]") {
  auto entry = record("hello");
  CHECK(format_record(LogFormat::text, entry) == std::string{kTime} + " warning hello");

  entry.context = peer_context();
  CHECK(format_record(LogFormat::text, entry) ==
        std::string{kTime} + " warning hello peer=[2001:db8::1]:7777 session=0123456789abcdef");
}

TEST_CASE("a JSON record has the same fields under fixed names", "[app]") {
  auto entry = record("hello");
  entry.context = peer_context();
  const auto line = nlohmann::json::parse(format_record(LogFormat::json, entry));
  CHECK(line.size() == 6);
  CHECK(line["time"] == kTime);
  CHECK(line["level"] == "warning");
  CHECK(line["message"] == "hello");
  CHECK(line["peer_address"] == "2001:db8::1");
  CHECK(line["peer_port"] == 7777);
  CHECK(line["session"] == "0123456789abcdef");

  const auto bare = nlohmann::json::parse(format_record(LogFormat::json, record("x")));
  CHECK(bare.size() == 3);
}

TEST_CASE("no message can break a record out of its line", "[app]") {
  std::string every_byte;
  for (int byte = 0; byte < 256; ++byte) {
    every_byte += static_cast<char>(byte);
  }
  for (const std::string& message :
       {every_byte, std::string{"\xff\xfe\xc0\x80"}, std::string{"a\nb\x1b[2J\"\\\x7f"}}) {
    const auto text = format_record(LogFormat::text, record(message));
    const auto json = format_record(LogFormat::json, record(message));
    for (const std::string& line : {text, json}) {
      for (const char c : line) {
        const auto byte = static_cast<unsigned char>(c);
        CHECK((byte >= 0x20 && byte != 0x7F));
      }
    }
    CHECK(nlohmann::json::parse(json)["level"] == "warning");
  }
  CHECK(format_record(LogFormat::text, record("a\nb")) == std::string{kTime} + " warning a\\x0ab");
}

TEST_CASE("a log file has the records of its level and above", "[app]") {
  char path[] = "/tmp/udperf_log_test_XXXXXX";
  const int fd = ::mkstemp(path);
  REQUIRE(fd >= 0);
  ::close(fd);
  const FixedClock clock;
  {
    auto log = Log::open(LogOptions{LogLevel::warning, LogFormat::text, path}, clock);
    REQUIRE(log.has_value());
    log->error("one");
    log->warning("two {} %v");
    log->info("three");
    log->debug("four");
  }
  std::ostringstream content;
  content << std::ifstream{path}.rdbuf();
  ::unlink(path);
  CHECK(content.str() == std::string{kTime} + " error one\n" + kTime + " warning two {} %v\n");
}

TEST_CASE("a log file that cannot be opened is a usage error with its name", "[app]") {
  const FixedClock clock;
  const auto log = Log::open(LogOptions{LogLevel::info, LogFormat::text, "/dev/null/x"}, clock);
  REQUIRE_FALSE(log.has_value());
  CHECK(log.error().code == ErrorCode::usage);
  CHECK(log.error().message().find("--log-file /dev/null/x") != std::string::npos);
}

TEST_CASE("a log that goes to a pipe which nobody reads holds nobody up", "[app]") {
  const test::TempDir folder;
  const std::string path = (folder.path() / "pipe").string();
  REQUIRE(::mkfifo(path.c_str(), 0600) == 0);
  const FixedClock clock;
  auto log = Log::open(LogOptions{LogLevel::info, LogFormat::text, path}, clock);
  REQUIRE(log.has_value());
  for (int i = 0; i < 2000; ++i) {
    log->info(std::string(1000, 'x'));  // two megabytes
  }
  const os::Fd reader{::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC)};
  std::array<char, 65536> buffer{};
  while (::read(reader.get(), buffer.data(), buffer.size()) > 0) {
  }
  log->info("later");
  const ssize_t size = ::read(reader.get(), buffer.data(), buffer.size());
  REQUIRE(size > 0);
  const std::string_view got{buffer.data(), static_cast<std::size_t>(size)};
  CHECK(got.find(" records are left out: nobody read them, or not fast enough\n") !=
        std::string_view::npos);
  CHECK(got.ends_with(" info later\n"));
}

TEST_CASE("a log goes to a pipe in which nothing may be created", "[app]") {
  const test::TempDir folder;
  const std::string path = (folder.path() / "pipe").string();
  REQUIRE(::mkfifo(path.c_str(), 0600) == 0);
  const FixedClock clock;
  bool opened = false;
  bool again = false;
  const bool tried = test::without_creation([&] {
    auto log = Log::open(LogOptions{LogLevel::info, LogFormat::text, path}, clock);
    opened = log.has_value();
    again = opened && log->reopen().has_value();
  });
  if (!tried) {
    test::skip_test("no seccomp filter can be set here");
    return;
  }
  CHECK(opened);
  CHECK(again);
}

TEST_CASE("a log on a terminal that takes nothing holds nobody up", "[app]") {
  const test::Screen screen;
  const FixedClock clock;
  std::string got;
  {
    const test::Redirected stderr_on{STDERR_FILENO, screen.program()};
    auto log = flooded_log(clock);
    while (got.find(" info later\r\n") == std::string::npos) {
      const std::string more = screen.read();
      REQUIRE_FALSE(more.empty());
      got += more;
      log->info("later");
    }
  }
  // The record for which there was room in part is whole, too.
  const auto left_out = got.find(" records are left out: ");
  REQUIRE(left_out != std::string::npos);
  const auto before = got.rfind("\r\n", left_out);
  REQUIRE(before != std::string::npos);
  CHECK(got[before - 1] == 'x');
  CHECK(got.find(" info later\r\n", left_out) != std::string::npos);
}

TEST_CASE("a log ends with whole records and the count of those left out", "[app]") {
  const test::Screen screen;
  const FixedClock clock;
  std::string got;
  {
    const test::Redirected stderr_on{STDERR_FILENO, screen.program()};
    auto log = flooded_log(clock);
    log->finish(0s);  // where nobody reads it
    std::thread reader{[&] {
      for (std::string more = "x"; !more.empty() && !got.ends_with("not fast enough\r\n");) {
        more = screen.read();
        got += more;
      }
    }};
    log->finish(1h);
    reader.join();
  }
  CHECK(got.ends_with(" records are left out: nobody read them, or not fast enough\r\n"));
  const auto before = got.rfind("\r\n", got.size() - 3);
  REQUIRE(before != std::string::npos);
  CHECK(got.substr(before - 1000, 1000) == std::string(1000, 'x'));
}

TEST_CASE("a log ends at once on a terminal that is gone", "[app]") {
  std::optional<test::Screen> screen{std::in_place};
  const os::Fd program{::dup(screen->program())};
  const FixedClock clock;
  const test::Redirected stderr_on{STDERR_FILENO, program.get()};
  auto log = flooded_log(clock);
  screen.reset();
  log->finish(24h);
  SUCCEED();
}

TEST_CASE("a record on stderr stands where the progress line stood", "[app]") {
  std::FILE* const file = std::tmpfile();
  REQUIRE(file != nullptr);
  const int kept = ::dup(STDERR_FILENO);
  ::dup2(::fileno(file), STDERR_FILENO);
  const FixedClock clock;
  {
    ProgressLine line{{[](std::string_view text) {
                         static_cast<void>(!::write(STDERR_FILENO, text.data(), text.size()));
                       },
                       [] { return std::size_t{80}; }},
                      Amount{},
                      {}};
    auto log = Log::open(LogOptions{LogLevel::warning, LogFormat::text, {}}, clock, &line);
    REQUIRE(log.has_value());
    line.update({});
    log->info("not of this level");
    log->error("one");
    log->error("two");
  }
  ::dup2(kept, STDERR_FILENO);
  ::close(kept);
  std::string content(4096, ' ');
  std::rewind(file);
  content.resize(std::fread(content.data(), 1, content.size(), file));
  std::fclose(file);
  // Drawn once, and taken away once.
  CHECK(content.find("up ") != std::string::npos);
  CHECK_THAT(content, Catch::Matchers::EndsWith("\r\x1b[K" + std::string{kTime} + " error one\n" +
                                                kTime + " error two\n"));
}
