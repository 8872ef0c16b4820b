#include <fcntl.h>
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
#include "os/fd.hpp"
#include "support/catch.hpp"
#include "support/condition.hpp"
#include "support/places.hpp"

// What a person sees: the built program on a terminal of a given width.

using namespace std::chrono_literals;
using namespace udperf;
using namespace udperf::test;

namespace {

/// A program on a terminal of its own, which is its stdout and stderr.
struct Screen {
  unsigned columns = 80;
  std::vector<std::string> arguments;
  std::vector<std::string> environment;
};

struct Running {
  pid_t pid = -1;
  os::Fd terminal;
  std::string text;
};

Running start(Screen screen) {
  screen.arguments.insert(screen.arguments.begin(), kProgram);
  std::vector<char*> argv;
  argv.reserve(screen.arguments.size() + 1);
  for (std::string& argument : screen.arguments) {
    argv.push_back(argument.data());
  }
  argv.push_back(nullptr);
  winsize size{24, static_cast<std::uint16_t>(screen.columns), 0, 0};
  int master = -1;
  const pid_t child = ::forkpty(&master, nullptr, nullptr, &size);
  REQUIRE(child >= 0);
  if (child == 0) {
    ::setenv("TERM", "xterm", 1);
    ::setenv("LC_ALL", "C.UTF-8", 1);
    ::unsetenv("NO_COLOR");
    for (const std::string& variable : screen.environment) {
      ::putenv(const_cast<char*>(variable.c_str()));
    }
    ::execv(argv.front(), argv.data());
    ::_exit(127);
  }
  ::fcntl(master, F_SETFD, FD_CLOEXEC);  // else the next one holds this one's terminal open
  return {child, os::Fd{master}, {}};
}

/// Reads what is there; closes the terminal when the program has closed its side (EIO).
void read_some(Running& one) {
  std::array<char, 4096> buffer{};
  const ssize_t length = ::read(one.terminal.get(), buffer.data(), buffer.size());
  if (length <= 0) {
    one.terminal = os::Fd{};
    return;
  }
  one.text.append(buffer.data(), static_cast<std::size_t>(length));
}

/// Everything that the programs write, which run at the same time, as if each were alone.
std::vector<std::string> on_terminals(const std::vector<Screen>& screens) {
  std::vector<Running> running;
  for (const Screen& screen : screens) {
    running.push_back(start(screen));
  }
  const auto until = std::chrono::steady_clock::now() + kGuard;
  std::size_t open = running.size();
  while (open > 0 && std::chrono::steady_clock::now() < until) {
    std::vector<pollfd> waiting;
    for (const Running& one : running) {
      waiting.push_back({one.terminal.get(), POLLIN, 0});  // -1 is passed over
    }
    ::poll(waiting.data(), waiting.size(), 200);
    for (std::size_t i = 0; i < running.size(); ++i) {
      if (waiting[i].revents != 0) {
        read_some(running[i]);
        open -= running[i].terminal ? 0U : 1U;
      }
    }
  }
  std::vector<std::string> texts;
  for (Running& one : running) {
    ::kill(one.pid, SIGKILL);  // by its pid, should it still run
    int status = 0;
    REQUIRE(::waitpid(one.pid, &status, 0) == one.pid);
    INFO(one.text);
    CHECK(WIFEXITED(status));
    CHECK(WEXITSTATUS(status) == 0);
    texts.push_back(std::move(one.text));
  }
  return texts;
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
  const std::array<unsigned, 2> widths{40, 100};
  const auto arguments = with(short_test, {"--bidir", "--details"});
  measure_under_condition([&](Attempt& attempt) {
    const auto texts = on_terminals({{widths[0], arguments, {}}, {widths[1], arguments, {}}});
    for (std::size_t i = 0; i < widths.size(); ++i) {
      const std::string& text = texts[i];
      INFO(widths[i] << ": " << text);
      CHECK(widest(text) <= widths[i]);
      // Back to the first of two rows; a program that is held up draws them once.
      attempt.expect(has(text, "\x1b[K\x1b[A\x1b[Kup "), "rows that are drawn again");
      attempt.expect(has(text, "\ndown "), "a row for the way down");
      attempt.expect(has(text, "left"), "the time that is left");
      // The bar, where it has room.
      attempt.expect(has(text, "[\x1b[32m\u2588") == (widths[i] == 100), "a bar in 100 columns");
      CHECK(has(text, "rate over time"));
      CHECK(has(text, "verdict"));
      // the result stands below an empty row: nothing of the live lines is left
      CHECK(text.find("client  ") > text.rfind("\x1b[A\x1b[K"));
    }
  });
}

TEST_CASE("--interval puts a table in the live lines' place", "[e2e][terminal]") {
  const std::array<unsigned, 2> widths{40, 100};
  const auto arguments = with(short_test, {"--interval", "300ms"});
  const auto texts = on_terminals({{widths[0], arguments, {}}, {widths[1], arguments, {}}});
  for (std::size_t i = 0; i < widths.size(); ++i) {
    const std::string& text = texts[i];
    INFO(widths[i] << ": " << text);
    CHECK(widest(text) <= widths[i]);
    CHECK_FALSE(has(text, "\x1b[K"));
    CHECK_FALSE(has(text, "left"));
    CHECK(has(text, widths[i] == 40 ? "until" : "interval"));
  }
}

TEST_CASE("colours are left out when they are not wanted", "[e2e][terminal]") {
  const auto texts = on_terminals({{80, short_test, {}},
                                   {80, short_test, {"NO_COLOR=1"}},
                                   {80, with(short_test, {"--color", "never"}), {}}});
  CHECK(has(texts[0], "\x1b[32m"));
  for (const auto& text : {texts[1], texts[2]}) {
    for (std::size_t at = text.find('\x1b'); at != std::string::npos;
         at = text.find('\x1b', at + 1)) {
      CHECK(text[text.find_first_of("mKA", at)] != 'm');
    }
  }
}

TEST_CASE("blocks are only drawn where the locale has them", "[e2e][terminal]") {
  const std::string text =
      on_terminals({{100, with(short_test, {"--details"}), {"LC_ALL=C"}}}).front();
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
