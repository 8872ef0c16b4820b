#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <string>
#include <vector>

#include "app/output/line_queue.hpp"
#include "os/fd.hpp"
#include "support/catch.hpp"
#include "support/temp_dir.hpp"

using namespace std::chrono_literals;
using namespace udperf;
using namespace udperf::app;

namespace {

/// A named pipe with a queue at one end and a reader, who reads when the test says so, at the
/// other.
struct Scene {
  Scene() {
    std::signal(SIGPIPE, SIG_IGN);
    REQUIRE(::mkfifo(path.c_str(), 0600) == 0);
    reader = os::Fd{::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC)};
    REQUIRE(reader);
    auto opened = OutputFile::open(path, "--jsonl", OutputFile::Mode::append);
    REQUIRE(opened);
    file.emplace(*std::move(opened));
    queue.emplace(*file);
  }
  std::string read() const {
    std::string text;
    std::array<char, 65536> buffer{};
    for (ssize_t size = 1; size > 0;) {
      size = ::read(reader.get(), buffer.data(), buffer.size());
      text.append(buffer.data(), size > 0 ? static_cast<std::size_t>(size) : 0U);
    }
    return text;
  }

  test::TempDir folder;
  std::string path = (folder.path() / "pipe").string();
  os::Fd reader;
  std::optional<OutputFile> file;
  std::optional<LineQueue> queue;
};

}  // namespace

TEST_CASE("what there is no room for waits, and comes whole and in order", "[app]") {
  constexpr int kLines = 200;
  Scene scene;
  std::string all;
  for (int i = 0; i < kLines; ++i) {
    const std::string line = std::to_string(i) + std::string(5000, 'x') + "\n";
    all += line;
    scene.queue->put(line);
  }
  CHECK(scene.queue->due(MonoTime{1s}) > MonoTime{1s});
  CHECK(scene.queue->due(MonoTime{1s}) < MonoTime{2s});
  CHECK_FALSE(scene.queue->goes());
  std::string got;
  for (int i = 0; i < kLines && got.size() < all.size(); ++i) {
    got += scene.read();
    scene.queue->flush();
  }
  CHECK(got == all);
  CHECK(scene.queue->due(MonoTime{1s}) == kNever);
  CHECK(scene.queue->goes());
  CHECK(scene.queue->take_left_out().count == 0);
}

TEST_CASE("what nobody reads is left out and counted when much of it waits", "[app]") {
  constexpr std::uint64_t kLines = 100;
  Scene scene;
  const std::string line(100'000, 'x');
  for (std::uint64_t i = 0; i < kLines; ++i) {
    scene.queue->put(line);
  }
  const auto left_out = scene.queue->take_left_out();
  CHECK(left_out.reason.empty());
  CHECK(left_out.count >= kLines - LineQueue::kMostWaiting / line.size() - 2);
  CHECK(left_out.count < kLines);
  CHECK_FALSE(scene.queue->failing());
  scene.queue->finish(0s);
  CHECK(scene.queue->take_left_out().count + left_out.count <= kLines);
  CHECK(scene.queue->due(MonoTime{1s}) == kNever);
}

TEST_CASE("a pipe that nobody reads any more is no failure, a full disk is one", "[app]") {
  Scene scene;
  scene.reader = {};
  scene.queue->put("line\n");
  CHECK_FALSE(scene.queue->failing());
  const auto left_out = scene.queue->take_left_out();
  CHECK(left_out.count == 1);
  CHECK_FALSE(left_out.reason.empty());
  auto full = OutputFile::open("/dev/full", "--jsonl");
  REQUIRE(full);
  LineQueue queue{*full};
  queue.put("line\n");
  CHECK(queue.failing());
  CHECK_FALSE(queue.goes());
}

TEST_CASE("a failure is over with the first line that is written again", "[app]") {
  test::TempDir folder;
  const std::string path = (folder.path() / "lines").string();
  ::symlink("/dev/full", path.c_str());
  auto file = OutputFile::open(path, "--jsonl", OutputFile::Mode::append);
  REQUIRE(file);
  LineQueue queue{*file};
  queue.put("lost\n");
  CHECK(queue.failing());
  CHECK(queue.take_left_out().count == 1);
  ::unlink(path.c_str());
  REQUIRE(queue.reopen());
  queue.put("kept\n");
  CHECK_FALSE(queue.failing());
  CHECK(queue.goes());
  CHECK(test::content_of(path) == "kept\n");
}
