#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "os/held_time.hpp"
#include "support/catch.hpp"
#include "support/temp_dir.hpp"

using namespace std::chrono_literals;
using namespace udperf;

namespace {

/// Files of proc and sys in a folder of their own.
class Root {
 public:
  void write(const std::string& path, const std::string& content) const {
    const std::filesystem::path file = dir_.path() / path;
    std::filesystem::create_directories(file.parent_path());
    std::ofstream{file} << content;
  }
  [[nodiscard]] std::vector<Duration> throttled() const {
    return os::throttled_times(dir_.path().string());
  }
  [[nodiscard]] std::vector<Duration> stolen() const {
    return os::stolen_times(dir_.path().string());
  }

 private:
  test::TempDir dir_;
};

}  // namespace

TEST_CASE("each control group from the process's own upwards tells its own time", "[os]") {
  const Root root;
  root.write("proc/self/cgroup", "0::/pods/one\n");
  root.write("sys/fs/cgroup/pods/one/cpu.stat", "usage_usec 9\nthrottled_usec 250\n");
  root.write("sys/fs/cgroup/pods/cpu.stat", "throttled_usec 7000000\n");
  root.write("sys/fs/cgroup/cpu.stat", "usage_usec 12\n");  // the root has no quota

  CHECK(root.throttled() == std::vector<Duration>{250us, 7s});
}

TEST_CASE("in a container the group's files lie at the mount itself", "[os]") {
  const Root root;
  root.write("proc/self/cgroup", "0::/\n");
  root.write("sys/fs/cgroup/cpu.stat", "throttled_usec 40\n");

  CHECK(root.throttled() == std::vector<Duration>{40us});
}

TEST_CASE("the older control groups tell nanoseconds", "[os]") {
  const Root root;
  root.write("proc/self/cgroup", "4:cpu,cpuacct:/a\n0::/\n");
  root.write("sys/fs/cgroup/cpu/a/cpu.stat", "nr_throttled 1\nthrottled_time 1234\n");
  root.write("sys/fs/cgroup/cpu/cpu.stat", "throttled_time 0\n");

  CHECK(root.throttled() == std::vector<Duration>{1234ns, 0ns});
}

TEST_CASE("a system without control groups tells nothing", "[os]") {
  const Root root;
  CHECK(root.throttled().empty());
  root.write("proc/self/cgroup", "0::/\nnonsense\n");
  root.write("sys/fs/cgroup/cpu.stat", "throttled_usec much\n");
  CHECK(root.throttled().empty());
}

TEST_CASE("each processor tells what was stolen from it", "[os]") {
  const Root root;
  root.write("proc/stat",
             "cpu  9 9 9 9 9 9 9 900 0 0\ncpu0 1 2 3 4 5 6 7 100 0 0\n"
             "cpu2 1 2 3 4 5 6 7 800 0 0\nintr 5\n");
  const Duration tick{1'000'000'000 / ::sysconf(_SC_CLK_TCK)};

  CHECK(root.stolen() == std::vector<Duration>{100 * tick, os::kOffline, 800 * tick});
}

TEST_CASE("a system that does not tell what was stolen is not misread", "[os]") {
  const Root root;
  CHECK(root.stolen().empty());
  root.write("proc/stat", "cpu 1 2 3\ncpu0 1 2 3\ncpux 1 2 3 4 5 6 7 8\n");
  CHECK(root.stolen().empty());
}
