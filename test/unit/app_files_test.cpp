#include <fcntl.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>
#include <utility>

#include "app/commands/measurement.hpp"
#include "app/exit_code.hpp"
#include "app/output/files.hpp"
#include "support/catch.hpp"
#include "support/condition.hpp"
#include "support/no_creation.hpp"
#include "support/temp_dir.hpp"

using namespace udperf;
using namespace udperf::app;
using udperf::test::content_of;

namespace {

/// A folder that is gone with all its files at the end of the test.
class TempFolder {
 public:
  TempFolder() { REQUIRE(::mkdtemp(path_) != nullptr); }
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;
  ~TempFolder() {
    for (const char* name : {"key", "out", "pid"}) {
      ::unlink(file(name).c_str());
    }
    ::rmdir(path_);
  }

  [[nodiscard]] std::string file(const std::string& name) const {
    return std::string{path_} + "/" + name;
  }
  [[nodiscard]] std::string make(const std::string& name, const std::string& text,
                                 mode_t mode) const {
    std::ofstream{file(name)} << text;
    REQUIRE(::chmod(file(name).c_str(), mode) == 0);
    return file(name);
  }

 private:
  char path_[32] = "/tmp/udperf_files_test_XXXXXX";
};

/// Bytes that count up from 0xF0, so that both digits of each matter.
class CountingRandom final : public RandomSource {
 public:
  void fill(std::span<std::byte> out) override {
    for (auto& byte : out) {
      byte = static_cast<std::byte>(next_++);
    }
  }

 private:
  unsigned char next_ = 0xF0;
};

constexpr auto kKeyText = "f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff000102030405060708090a0b0c0d0e0f\n";

}  // namespace

TEST_CASE("a key is written for its owner alone and read back", "[app]") {
  const TempFolder folder;
  CountingRandom random;
  const auto text = make_key_text(random);
  CHECK(text == kKeyText);

  REQUIRE(write_key_file(folder.file("key"), text).has_value());
  struct stat status {};
  REQUIRE(::stat(folder.file("key").c_str(), &status) == 0);
  CHECK((status.st_mode & 07777U) == 0600);

  const auto key = read_key_file(folder.file("key"));
  REQUIRE(key.has_value());
  CHECK(key->front() == std::byte{0xF0});
  CHECK(key->back() == std::byte{0x0F});
}

TEST_CASE("of a key that could not be written whole no file is left", "[app]") {
  const TempFolder folder;
  auto* const before = std::signal(SIGXFSZ, SIG_IGN);
  rlimit usual{};
  REQUIRE(::getrlimit(RLIMIT_FSIZE, &usual) == 0);
  const rlimit short_of_a_key{16, usual.rlim_max};
  REQUIRE(::setrlimit(RLIMIT_FSIZE, &short_of_a_key) == 0);
  const auto done = write_key_file(folder.file("key"), kKeyText);
  REQUIRE(::setrlimit(RLIMIT_FSIZE, &usual) == 0);
  std::signal(SIGXFSZ, before);

  CHECK_FALSE(done.has_value());
  CHECK_FALSE(std::filesystem::exists(folder.file("key")));
  CHECK(write_key_file(folder.file("key"), kKeyText).has_value());
}

TEST_CASE("keygen leaves a file that exists alone", "[app]") {
  const TempFolder folder;
  const auto path = folder.make("key", "precious", 0600);
  const auto done = write_key_file(path, kKeyText);
  REQUIRE_FALSE(done.has_value());
  CHECK(done.error().code == ErrorCode::usage);
  CHECK(content_of(path) == "precious");
}

TEST_CASE("a key file that others can touch is refused", "[app]") {
  const TempFolder folder;
  const mode_t mode = GENERATE(mode_t{0640}, mode_t{0604}, mode_t{0620}, mode_t{0601});
  const auto key = read_key_file(folder.make("key", kKeyText, mode));
  REQUIRE_FALSE(key.has_value());
  CHECK(key.error().code == ErrorCode::usage);
  CHECK(key.error().message().find("chmod 600") != std::string::npos);
}

TEST_CASE("a key file holds 64 hexadecimal digits and nothing else", "[app]") {
  const TempFolder folder;
  const std::string good(64, 'a');
  const std::string two_keys = good + " " + good;
  CHECK(read_key_file(folder.make("key", " \n" + std::string(64, 'A') + "\r\n", 0600)).has_value());
  for (const std::string& text :
       {std::string{}, good.substr(1), good + "a", good + "aa", "g" + good.substr(1),
        good.substr(1) + "g", two_keys, std::string(2000, 'a')}) {
    CAPTURE(text.size());
    CHECK_FALSE(read_key_file(folder.make("key", text, 0600)).has_value());
  }
}

TEST_CASE("a key file must be a file that is there", "[app]") {
  const TempFolder folder;
  CHECK_FALSE(read_key_file(folder.file("key")).has_value());
  CHECK_FALSE(read_key_file("/dev/null").has_value());
  CHECK_FALSE(read_key_file("/tmp").has_value());
}

TEST_CASE("an output file keeps what it has until it gets something else", "[app]") {
  const TempFolder folder;
  const auto path = folder.make("out", "old", 0600);
  const auto output = OutputFile::open(path, "--output");
  REQUIRE(output.has_value());
  CHECK(content_of(path) == "old");
  const std::string large(1 << 20, 'x');
  REQUIRE(output->write(large).has_value());
  REQUIRE(output->write("end\n").has_value());
  CHECK(content_of(path) == large + "end\n");
  CHECK_FALSE(output->is_terminal());
}

TEST_CASE("a file of lines is added to, and a line that was cut is ended first", "[app]") {
  const TempFolder folder;
  const auto whole = folder.make("whole", "one\n", 0600);
  const auto torn = folder.make("torn", "one\ntw", 0600);
  for (const auto& [path, before] :
       {std::pair{whole, std::string{"one\n"}}, std::pair{torn, std::string{"one\ntw\n"}}}) {
    const auto output = OutputFile::open(path, "--jsonl", OutputFile::Mode::append);
    REQUIRE(output.has_value());
    REQUIRE(output->write("three\n").has_value());
    CHECK(content_of(path) == before + "three\n");
  }
}

TEST_CASE("lines go to the end of the file, whatever somebody else did to it", "[app]") {
  const TempFolder folder;
  const auto path = folder.make("lines", "", 0600);
  auto output = OutputFile::open(path, "--jsonl", OutputFile::Mode::append);
  REQUIRE(output.has_value());
  REQUIRE(output->write("first\n").has_value());
  REQUIRE(::truncate(path.c_str(), 0) == 0);  // as logrotate's copytruncate does
  REQUIRE(output->write("second\n").has_value());
  CHECK(content_of(path) == "second\n");

  REQUIRE(::rename(path.c_str(), (path + ".1").c_str()) == 0);
  REQUIRE(output->write("third\n").has_value());
  REQUIRE(output->reopen().has_value());
  REQUIRE(output->write("fourth\n").has_value());
  CHECK(content_of(path + ".1") == "second\nthird\n");
  CHECK(content_of(path) == "fourth\n");
}

TEST_CASE("a result that somebody empties while it is written has no hole", "[app]") {
  const TempFolder folder;
  const auto path = folder.make("out", "old", 0600);
  const auto output = OutputFile::open(path, "--output");
  REQUIRE(output.has_value());
  REQUIRE(output->write("first\n").has_value());
  CHECK(content_of(path) == "first\n");
  REQUIRE(::truncate(path.c_str(), 0) == 0);
  REQUIRE(output->write("second\n").has_value());
  CHECK(content_of(path) == "second\n");
}

TEST_CASE("who waits for a reader to open a pipe gives up when it is stopped", "[app]") {
  const TempFolder folder;
  const auto path = folder.file("out");
  REQUIRE(::mkfifo(path.c_str(), 0600) == 0);
  engine::StopToken stop;
  stop.request(SIGTERM);
  const auto unread = OutputFile::open(path, "--output", OutputFile::Mode::replace, &stop);
  REQUIRE_FALSE(unread.has_value());
  CHECK(unread.error().message().find("--output " + path) == 0);

  const os::Fd reader{::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC)};
  const auto read = OutputFile::open(path, "--output", OutputFile::Mode::replace, &stop);
  REQUIRE(read.has_value());
  CHECK(read->write("x\n").has_value());
}

TEST_CASE("a pipe in a folder where nothing may be created is written to", "[app]") {
  const TempFolder folder;
  const auto path = folder.file("out");
  REQUIRE(::mkfifo(path.c_str(), 0600) == 0);
  const os::Fd reader{::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC)};
  const engine::StopToken stop;
  const auto mode = GENERATE(OutputFile::Mode::replace, OutputFile::Mode::unhurried);
  const auto* const stopped_by =
      GENERATE_REF(&stop, static_cast<const engine::StopToken*>(nullptr));
  bool opened = false;
  const bool tried = test::without_creation(
      [&] { opened = OutputFile::open(path, "--output", mode, stopped_by).has_value(); });
  if (!tried) {
    test::skip_test("no seccomp filter can be set here");
    return;
  }
  CHECK(opened);
}

TEST_CASE("why nothing was measured waits for its reader until a stop", "[app]") {
  const TempFolder folder;
  ClientCommand command;
  command.output.format = OutputFormat::json;
  command.output.file = folder.file("out");
  REQUIRE(::mkfifo(command.output.file->c_str(), 0600) == 0);
  const Error error{ErrorCode::usage, "no key", 0, {}};
  engine::StopToken stop;
  stop.request(SIGTERM);
  CHECK(report_failure(error, command, &stop) == exit_sigterm);
  const os::Fd reader{::open(command.output.file->c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC)};
  CHECK(report_failure(error, command, &stop) == exit_usage);
}

TEST_CASE("who waits for a reader to write gives up a moment after it is stopped", "[app]") {
  std::array<int, 2> ends{};
  REQUIRE(::pipe2(ends.data(), O_CLOEXEC) == 0);
  const os::Fd read_end{ends[0]};
  const os::Fd write_end{ends[1]};
  engine::StopToken stop;
  const std::string large(1 << 20, 'x');
  std::thread stops{[&stop] { stop.request(SIGINT); }};
  const auto done = write_all(write_end.get(), large, "stdout", &stop);
  stops.join();
  REQUIRE_FALSE(done.has_value());
  CHECK(done.error().message() == "write stdout: nobody reads it");
}

TEST_CASE("a key that systemd hands over may be read by its group, no other may", "[app]") {
  const TempFolder folder;
  const std::string digits(64, '7');
  const auto path = folder.make("key", digits, 0440);
  CHECK_FALSE(read_key_file(path).has_value());
  ::setenv("CREDENTIALS_DIRECTORY", path.substr(0, path.rfind('/')).c_str(), 1);
  CHECK(read_key_file(path).has_value());
  ::chmod(path.c_str(), 0444);
  CHECK_FALSE(read_key_file(path).has_value());
  ::chmod(path.c_str(), 0460);
  CHECK_FALSE(read_key_file(path).has_value());
  ::unsetenv("CREDENTIALS_DIRECTORY");
}

TEST_CASE("an output file that cannot be written is a usage error with its name", "[app]") {
  const auto output = OutputFile::open("/no/such/folder/x", "--output");
  REQUIRE_FALSE(output.has_value());
  CHECK(output.error().code == ErrorCode::usage);
  CHECK(output.error().message() ==
        "--output /no/such/folder/x: cannot be opened for writing: No such file or directory");
}

TEST_CASE("a pipe that takes little at a time gets every byte", "[app]") {
  std::array<int, 2> ends{};
  REQUIRE(::pipe2(ends.data(), O_NONBLOCK | O_CLOEXEC) == 0);
  const os::Fd read_end{ends[0]};
  os::Fd write_end{ends[1]};
  const std::string large(1 << 20, 'x');
  std::string got;
  std::thread reader{[&] {
    std::array<char, 4096> buffer{};
    pollfd ready{read_end.get(), POLLIN, 0};
    while (::poll(&ready, 1, 10'000) == 1) {
      const ssize_t size = ::read(read_end.get(), buffer.data(), buffer.size());
      if (size <= 0) {
        return;
      }
      got.append(buffer.data(), static_cast<std::size_t>(size));
    }
  }};

  const auto done = write_all(write_end.get(), large, "pipe");

  { const os::Fd closed = std::move(write_end); }
  reader.join();
  CHECK(done.has_value());
  CHECK((got == large));
}

TEST_CASE("who waits learns that nobody reads the pipe any more", "[app]") {
  using namespace std::chrono_literals;
  const TempFolder folder;
  const std::string path = folder.file("out");
  REQUIRE(::mkfifo(path.c_str(), 0600) == 0);
  os::Fd reader{::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC)};
  const auto pipe = OutputFile::open(path, "--output", OutputFile::Mode::append);
  REQUIRE(pipe);
  pipe->wait_abandoned(-1, 1ms);
  CHECK_FALSE(pipe->is_abandoned());
  std::thread closes{[&reader] { reader = {}; }};
  pipe->wait_abandoned(-1, 24h);
  closes.join();
  CHECK(pipe->is_abandoned());
  const auto file = OutputFile::open("/dev/null", "--output");
  file->wait_abandoned(reader.get(), 1ms);
  CHECK_FALSE(file->is_abandoned());
}

TEST_CASE("a full disk is noticed", "[app]") {
  const auto output = OutputFile::open("/dev/full", "--output");
  REQUIRE(output.has_value());
  const auto done = output->write("x");
  REQUIRE_FALSE(done.has_value());
  CHECK(done.error().message() == "write /dev/full: No space left on device");
}

TEST_CASE("a pid file is there as long as its owner", "[app]") {
  const TempFolder folder;
  {
    auto pid_file = PidFile::create(folder.file("pid"));
    REQUIRE(pid_file.has_value());
    const PidFile moved = *std::move(pid_file);
    CHECK(content_of(folder.file("pid")) == std::to_string(::getpid()) + "\n");
  }
  CHECK(::access(folder.file("pid").c_str(), F_OK) != 0);
}
