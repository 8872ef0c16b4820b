#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <fstream>
#include <iterator>
#include <string>

#include "app/iperf3/idle_guard.hpp"
#include "app/iperf3/output.hpp"
#include "app/iperf3/printer.hpp"
#include "app/output/files.hpp"
#include "os/event.hpp"
#include "support/catch.hpp"
#include "support/fake_clock.hpp"
#include "support/screen.hpp"
#include "support/temp_dir.hpp"

using namespace std::chrono_literals;
using namespace udperf;
using namespace udperf::app;
using iperf3::TestRecord;

namespace {

/// A printer that writes all that it says into one file.
struct Printed {
  test::TempDir folder;
  std::string path = (folder.path() / "log").string();
  Iperf3Command command;
  OutputFile output;
  test::FakeClock clock;

  explicit Printed(Iperf3Command::Output kind)
      : output(*OutputFile::open(path, "--logfile", OutputFile::Mode::append)) {
    command.report.output = kind;
    command.log.file = path;
  }
  [[nodiscard]] std::string text() const {
    std::ifstream in{path};
    return {std::istreambuf_iterator<char>{in}, {}};
  }
};

std::size_t times(const std::string& text, const std::string& what) {
  std::size_t n = 0;
  for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + 1)) {
    ++n;
  }
  return n;
}

}  // namespace

TEST_CASE("An iperf3 server's log grows with time, and says what it left out", "[app]") {
  Printed printed{Iperf3Command::Output::text};
  Iperf3Printer printer{printed.command, printed.output, printed.clock};
  CHECK(printer.tell_left_out(printed.clock.now()) == kNever);
  for (int i = 0; i < 500; ++i) {
    printer.say_trouble("somebody");
  }
  CHECK(times(printed.text(), "error - somebody\n") == 50);
  const MonoTime due = printer.tell_left_out(printed.clock.now());
  CHECK(due == printed.clock.now() + 10s);
  printed.clock.advance(10s);
  CHECK(printer.tell_left_out(printed.clock.now()) == kNever);
  CHECK(times(printed.text(), "... 450 more like this in the last 10 s: errors") == 1);
  printer.say_trouble("later");
  CHECK(times(printed.text(), "later") == 1);
}

TEST_CASE("Who reads an iperf3 server's output slowly, or not at all, holds up no test", "[app]") {
  std::signal(SIGPIPE, SIG_IGN);
  const test::TempDir folder;
  const std::string path = (folder.path() / "pipe").string();
  REQUIRE(::mkfifo(path.c_str(), 0600) == 0);
  auto pipe = OutputFile::open(path, "--logfile", OutputFile::Mode::unhurried);
  REQUIRE(pipe);
  Iperf3Command command;
  command.role = Iperf3Command::Role::server;
  command.log.file = path;
  const test::FakeClock clock;
  Iperf3Printer printer{command, *pipe, clock};
  for (int i = 0; i < 200; ++i) {
    printer.say_error(std::string(100'000, 'x'));  // twenty megabytes
  }
  CHECK(printer.tell_left_out(clock.now()) > clock.now());
  CHECK_FALSE(printer.failed());
}

TEST_CASE("An iperf3 server's log in a pipe waits for no reader, nor when one has left", "[app]") {
  const test::TempDir folder;
  Iperf3Command command;
  command.role = Iperf3Command::Role::server;
  command.log.file = (folder.path() / "pipe").string();
  REQUIRE(::mkfifo(command.log.file->c_str(), 0600) == 0);
  engine::StopToken stop;
  stop.request(SIGTERM);  // then a wait would fail
  {
    auto pipe = open_iperf3_output(command, stop);
    REQUIRE(pipe);
    { const os::Fd left{::open(command.log.file->c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC)}; }
    CHECK(pipe->reopen());
  }
  command.role = Iperf3Command::Role::client;
  CHECK_FALSE(open_iperf3_output(command, stop));
}

TEST_CASE("An iperf3 server does not stand still on a terminal that is stopped", "[app]") {
  const test::Screen screen;
  Iperf3Command command;
  command.role = Iperf3Command::Role::server;
  const engine::StopToken stop;
  const test::FakeClock clock;
  MonoTime due = clock.now();
  bool failed = true;
  {
    const test::Redirected stdout_on{STDOUT_FILENO, screen.program()};
    auto output = open_iperf3_output(command, stop);
    Iperf3Printer printer{command, *output, clock};
    for (int i = 0; i < 2000; ++i) {
      printer.announce_server(5201);
    }
    due = printer.tell_left_out(clock.now());
    failed = printer.failed();
  }
  CHECK(due > clock.now());  // some of it waits, this program not
  CHECK_FALSE(failed);
}

TEST_CASE("An iperf3 server says at its end what it left out", "[app]") {
  Printed printed{Iperf3Command::Output::text};
  printed.command.role = Iperf3Command::Role::server;
  Iperf3Printer printer{printed.command, printed.output, printed.clock};
  for (int i = 0; i < 60; ++i) {
    printer.say_trouble("somebody");
  }
  printer.finish_server();
  CHECK(times(printed.text(), "... 10 more like this in the last 10 s: errors") == 1);
}

TEST_CASE("Of very many tests an iperf3 server prints some, each of them whole", "[app]") {
  using Output = Iperf3Command::Output;
  const Output output = GENERATE(Output::text, Output::json, Output::json_stream);
  Printed printed{output};
  printed.command.report.keys = iperf3::KeySet{};
  Iperf3Printer printer{printed.command, printed.output, printed.clock};
  TestRecord record;
  record.server = true;
  record.host = "192.0.2.7";
  record.error = "gone";
  for (int i = 0; i < 300; ++i) {
    printer.on_test_started(record);
    printer.on_test_interval(record, {});
    printer.on_test_ended(record);
  }
  const std::size_t size = printed.text().size();
  printer.on_test_started(record);
  printer.on_test_interval(record, {});
  printer.on_test_ended(record);
  CHECK(printed.text().size() == size);
  CHECK(times(printed.text(), "192.0.2.7") <= 2 * 200);
  printed.clock.advance(10s);
  static_cast<void>(printer.tell_left_out(printed.clock.now()));
  printer.on_test_started(record);
  printer.on_test_ended(record);
  CHECK(printed.text().size() > size);
}

TEST_CASE("What an iperf3 peer says steers no terminal", "[app]") {
  Printed printed{Iperf3Command::Output::text};
  printed.command.log.verbose = true;
  Iperf3Printer printer{printed.command, printed.output, printed.clock};
  TestRecord record;
  record.server = true;
  record.cookie = "a\x1b[2Jb\nc";
  printer.on_test_started(record);
  record.server = false;
  record.server_output_text = "one\ttwo\n\x1b]0;title\x07\x7f\xc2\x9b 31m\xff\n";
  record.streams.emplace_back();
  record.ends.emplace_back();
  printer.on_test_ended(record);
  printer.finish_client(record, true);
  printer.say_debug("get_results:\n{\x1b}");
  const std::string text = printed.text();
  CAPTURE(text);
  CHECK(text.find("Cookie: a\\x1b[2Jb\\x0ac\n") != std::string::npos);
  CHECK(text.find("one\ttwo\n\\x1b]0;title\\x07\\x7f") != std::string::npos);
  CHECK(text.find("get_results:\n{\\x1b}") != std::string::npos);
  CHECK(std::none_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return (byte < 0x20 && c != '\n' && c != '\t') || byte >= 0x7F;
  }));
}

TEST_CASE("A server is idle as long as no client has been granted a test", "[app]") {
  Printed printed{Iperf3Command::Output::text};
  Iperf3Printer printer{printed.command, printed.output, printed.clock};
  engine::StopToken idle;
  {
    const IdleGuard guard{0ms, printer, idle};
    os::wait_readable(std::array<int, 1>{idle.wait_fd()}, 1min);
    CHECK(guard.asked());
  }
  printer.note_client();
  engine::StopToken busy;
  { const IdleGuard guard{0ms, printer, busy}; }
  CHECK_FALSE(busy.requested());
}

TEST_CASE("That an iperf3 server was stopped is told once, by the tests that it ended", "[app]") {
  using Output = Iperf3Command::Output;
  Printed printed{GENERATE(Output::text, Output::json, Output::json_stream)};
  Iperf3Printer printer{printed.command, printed.output, printed.clock};
  TestRecord record;
  record.server = true;
  record.host = "192.0.2.7";
  SECTION("one that went on") {
    printer.on_test_started(record);
    record.error = iperf3::kServerInterrupted;
    record.shut_down = true;
    printer.on_test_ended(record);
  }
  SECTION("one that went on, behind more errors than are told") {
    printer.on_test_started(record);
    record.error = iperf3::kServerInterrupted;
    record.shut_down = true;
    for (int i = 0; i < 50; ++i) {
      printer.say_trouble("somebody");
    }
    printer.on_test_ended(record);
  }
  SECTION("none") {
    printer.on_test_started(record);
    printer.on_test_ended(record);
  }
  printer.say_interrupted();
  const std::string text = printed.text();
  CAPTURE(text);
  CHECK(times(text, iperf3::kServerInterrupted) == 1);
  // Who ends does not say that it listens.
  CHECK(times(text, "Server listening") ==
        (!record.shut_down && printed.command.report.output == Output::text ? 1 : 0));
}
