#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <filesystem>
#include <string>
#include <thread>

#include "app/monitor/line_writer.hpp"
#include "os/fd.hpp"
#include "support/catch.hpp"
#include "support/condition.hpp"
#include "support/temp_dir.hpp"

namespace udperf::app {
namespace {

using namespace std::chrono_literals;
using udperf::test::content_of;

/// What a writer says.
struct Heard {
  std::atomic<int> gaps{0};
  std::atomic<int> mended{0};

  [[nodiscard]] LineWriter::Listener listener() {
    return {[this](const std::string& text) {
              ++(text.find("gaps") != std::string::npos ? gaps : mended);
            },
            [] {}};
  }
};

/// A named pipe with a reader that may read.
struct Pipe {
  explicit Pipe(const std::string& name) : path(name) {
    REQUIRE(::mkfifo(path.c_str(), 0600) == 0);
    reader = os::Fd{::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC)};
    REQUIRE(reader);
  }
  /// All that comes until nothing does for a second.
  [[nodiscard]] std::string read_all() const {
    std::string text;
    std::array<char, 65536> buffer{};
    pollfd ready{reader.get(), POLLIN, 0};
    while (::poll(&ready, 1, 1000) == 1 && (ready.revents & POLLIN) != 0) {
      const ssize_t size = ::read(reader.get(), buffer.data(), buffer.size());
      text.append(buffer.data(), size > 0 ? static_cast<std::size_t>(size) : 0U);
    }
    return text;
  }
  std::string path;
  os::Fd reader;
};

template <typename Condition>
bool comes_true(Condition condition) {
  const SystemClock clock;
  for (const MonoTime end = clock.now() + 60s; clock.now() < end;) {
    if (condition()) {
      return true;
    }
    std::this_thread::yield();
  }
  return false;
}

std::string line_of(std::uint64_t number, std::size_t bytes) {
  std::string line = std::to_string(number);
  line.resize(bytes - 1, '.');
  return line + "\n";
}

TEST_CASE("lines that nobody reads are kept up to a bound, and the others counted") {
  constexpr std::size_t kBytes = 10'000;
  constexpr std::uint64_t kLines = 3 * LineWriter::kMostWaiting / kBytes;
  const test::TempDir folder;
  Heard heard;
  const Pipe pipe{folder.path().string() + "/pipe"};
  std::uint64_t left_out = 0;
  {
    auto writer = LineWriter::open(pipe.path, heard.listener());
    REQUIRE(writer);
    for (std::uint64_t i = 0; i < kLines; ++i) {
      (*writer)->put(line_of(i, kBytes));
    }
    left_out = (*writer)->failures();
    CHECK(left_out >= kLines / 2);
    CHECK(left_out < kLines);
    CHECK(comes_true([&] { return heard.gaps == 1; }));

    const std::string text = pipe.read_all();
    REQUIRE(text.size() == (kLines - left_out) * kBytes);
    for (std::uint64_t i = 0; i < kLines - left_out; ++i) {
      REQUIRE(text.substr(i * kBytes, kBytes) == line_of(i, kBytes));
    }
    CHECK(comes_true([&] { return heard.mended == 1; }));
    for (std::uint64_t i = 0; i < 100; ++i) {
      (*writer)->put(line_of(i, kBytes));
    }
  }  // which ends, though nobody reads
  CHECK(heard.gaps == 1);
}

TEST_CASE("a pipe without a reader keeps nobody waiting, and one that comes later has it all") {
  const test::TempDir folder;
  Heard heard;
  const std::string path = folder.path().string() + "/pipe";
  REQUIRE(::mkfifo(path.c_str(), 0600) == 0);
  auto writer = LineWriter::open(path, heard.listener());
  REQUIRE(writer);
  (*writer)->put("first\n");
  (*writer)->reopen();
  (*writer)->put("second\n");
  const os::Fd reader{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
  std::string text;
  for (std::array<char, 100> buffer{}; text.size() < 13;) {
    const ssize_t size = ::read(reader.get(), buffer.data(), buffer.size());
    REQUIRE(size > 0);
    text.append(buffer.data(), static_cast<std::size_t>(size));
  }
  CHECK(text == "first\nsecond\n");
  CHECK((*writer)->failures() == 0);
}

TEST_CASE("lines after a file was moved away go to a new one, and each is in one of both") {
  const test::TempDir folder;
  Heard heard;
  const std::string path = folder.path().string() + "/lines";
  {
    auto writer = LineWriter::open(path, heard.listener());
    REQUIRE(writer);
    (*writer)->put("before\n");
    REQUIRE(comes_true([&] { return content_of(path) == "before\n"; }));
    std::filesystem::rename(path, path + ".1");
    (*writer)->reopen();
    REQUIRE(comes_true([&] { return std::filesystem::exists(path); }));
    (*writer)->put("after\n");
  }
  CHECK(content_of(path + ".1") == "before\n");
  CHECK(content_of(path) == "after\n");
}

TEST_CASE("a disk that is full is said once, and each line counted") {
  const os::Fd full{::open("/dev/full", O_WRONLY | O_CLOEXEC)};
  if (!full) {
    udperf::test::skip_test("this system has no /dev/full");
    return;
  }
  Heard heard;
  auto writer = LineWriter::open("/dev/full", heard.listener());
  REQUIRE(writer);
  for (int i = 0; i < 5; ++i) {
    (*writer)->put("line\n");
  }
  CHECK(comes_true([&] { return (*writer)->failures() == 5; }));
  CHECK(heard.gaps == 1);
  CHECK(heard.mended == 0);
}

}  // namespace
}  // namespace udperf::app
