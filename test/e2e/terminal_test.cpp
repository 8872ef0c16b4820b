#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <pty.h>
#include <string>
#include <vector>

#include "e2e/program.hpp"
#include "net/fd.hpp"
#include "support/catch.hpp"

// What a person sees: the built program on a terminal of a given width.

using namespace std::chrono_literals;
using namespace udperf;
using namespace udperf::test;

namespace {

/// Everything that `arguments` write to a terminal of so many columns, which is stdout and stderr.
std::string on_terminal(unsigned columns, std::vector<std::string> arguments,
                        const std::vector<std::string>& environment = {}) {
  arguments.insert(arguments.begin(), UDPERF_BINARY);
  std::vector<char*> argv;
  argv.reserve(arguments.size() + 1);
  for (std::string& argument : arguments) {
    argv.push_back(argument.data());
  }
  argv.push_back(nullptr);
  winsize size{24, static_cast<std::uint16_t>(columns), 0, 0};
  int master = -1;
  const pid_t child = ::forkpty(&master, nullptr, nullptr, &size);
  REQUIRE(child >= 0);
  if (child == 0) {
    ::setenv("TERM", "xterm", 1);
    ::setenv("LC_ALL", "C.UTF-8", 1);
    ::unsetenv("NO_COLOR");
    for (const std::string& variable : environment) {
      ::putenv(const_cast<char*>(variable.c_str()));
    }
    ::execv(argv.front(), argv.data());
    ::_exit(127);
  }
  const net::Fd terminal{master};
  std::string text;
  const auto until = std::chrono::steady_clock::now() + patience(20s);
  while (std::chrono::steady_clock::now() < until) {
    pollfd wait{terminal.get(), POLLIN, 0};
    std::array<char, 4096> buffer{};
    if (::poll(&wait, 1, 200) <= 0) {
      continue;
    }
    const ssize_t length = ::read(terminal.get(), buffer.data(), buffer.size());
    if (length <= 0) {
      break;  // EIO: the program has closed its side
    }
    text.append(buffer.data(), static_cast<std::size_t>(length));
  }
  ::kill(child, SIGKILL);  // by its pid, should it still run
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  INFO(text);
  CHECK(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 0);
  return text;
}

/// The longest run of columns between two of \r and \n; escapes take none.
std::size_t widest(const std::string& text) {
  std::size_t most = 0;
  std::size_t columns = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\x1b') {
      i = text.find_first_of("mKA", i);
      REQUIRE(i != std::string::npos);
    } else if (text[i] == '\n' || text[i] == '\r') {
      columns = 0;
    } else if ((static_cast<unsigned char>(text[i]) & 0xC0U) != 0x80U) {
      most = std::max(most, ++columns);
    }
  }
  return most;
}

bool has(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

const std::vector<std::string> short_test{"loopback", "--duration",  "1200ms", "--rate",
                                          "20M",      "--log-level", "error"};

std::vector<std::string> with(std::vector<std::string> arguments,
                              const std::vector<std::string>& more) {
  arguments.insert(arguments.end(), more.begin(), more.end());
  return arguments;
}

}  // namespace

TEST_CASE("a running test shows a live line a direction, and nothing wraps", "[e2e][terminal]") {
  for (const unsigned columns : {40U, 100U}) {
    const std::string text = on_terminal(columns, with(short_test, {"--bidir", "--details"}));
    INFO(columns << ": " << text);
    CHECK(widest(text) <= columns);
    CHECK(has(text, "\x1b[K\x1b[A\x1b[Kup "));  // back to the first of two rows
    CHECK(has(text, "\ndown "));
    CHECK(has(text, "left"));
    CHECK(has(text, "[\x1b[32m\u2588") == (columns == 100));  // the bar, where it has room
    CHECK(has(text, "rate over time"));
    CHECK(has(text, "verdict"));
    // the result stands below an empty row: nothing of the live lines is left
    CHECK(text.find("client  ") > text.rfind("\x1b[A\x1b[K"));
  }
}

TEST_CASE("--interval puts a table in the live lines' place", "[e2e][terminal]") {
  for (const unsigned columns : {40U, 100U}) {
    const std::string text = on_terminal(columns, with(short_test, {"--interval", "300ms"}));
    INFO(columns << ": " << text);
    CHECK(widest(text) <= columns);
    CHECK_FALSE(has(text, "\x1b[K"));
    CHECK_FALSE(has(text, "left"));
    CHECK(has(text, columns == 40 ? "until" : "interval"));
  }
}

TEST_CASE("colours are left out when they are not wanted", "[e2e][terminal]") {
  CHECK(has(on_terminal(80, short_test), "\x1b[32m"));
  for (const auto& text : {on_terminal(80, short_test, {"NO_COLOR=1"}),
                           on_terminal(80, with(short_test, {"--color", "never"}))}) {
    for (std::size_t at = text.find('\x1b'); at != std::string::npos;
         at = text.find('\x1b', at + 1)) {
      CHECK(text[text.find_first_of("mKA", at)] != 'm');
    }
  }
}

TEST_CASE("blocks are only drawn where the locale has them", "[e2e][terminal]") {
  const std::string text = on_terminal(100, with(short_test, {"--details"}), {"LC_ALL=C"});
  CHECK(std::all_of(text.begin(), text.end(), [](char c) { return c > 0; }));
  CHECK(has(text, "#"));
}

TEST_CASE("where stderr is no terminal there is no control sequence", "[e2e][terminal]") {
  const auto finished = run_udperf(with(short_test, {"--details"}));
  CHECK(finished.code() == 0);
  for (const std::string& text : {finished.out, finished.err}) {
    CHECK(std::all_of(text.begin(), text.end(),
                      [](char c) { return c == '\n' || static_cast<unsigned char>(c) >= 0x20; }));
  }
}

TEST_CASE("a round trip that is too long makes the exit status 6", "[e2e][terminal]") {
  CHECK(run_udperf(with(short_test, {"--fail-rtt-p99", "30s"})).code() == 0);
  const auto finished = run_udperf(with(short_test, {"--fail-rtt-p99", "1us"}));
  CHECK(finished.code() == 6);
  CHECK(has(finished.err, "--fail-rtt-p99: the 99th percentile was "));
}
