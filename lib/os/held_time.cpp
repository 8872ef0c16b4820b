#include "os/held_time.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>

namespace udperf::os {
namespace {

/// The figure behind `name` in a file of lines "name value".
std::optional<std::int64_t> read_figure(const std::string& path, const std::string& name) {
  std::ifstream file{path};
  std::string line;
  while (std::getline(file, line)) {
    std::istringstream words{line};
    std::string word;
    words >> word;
    if (word != name) {
      continue;
    }
    std::int64_t value = 0;
    return words >> value ? std::optional{value} : std::nullopt;
  }
  return std::nullopt;
}

/// The path of this process in a hierarchy: version 2 has a line "0::/path", version 1 one with
/// "cpu" among the controllers.
std::optional<std::string> group_path(const std::string& root, bool version_2) {
  std::ifstream file{root + "/proc/self/cgroup"};
  std::string line;
  while (std::getline(file, line)) {
    const auto first = line.find(':');
    const auto second = line.find(':', first + 1);
    if (first == std::string::npos || second == std::string::npos) {
      continue;
    }
    const std::string controllers = ',' + line.substr(first + 1, second - first - 1) + ',';
    const bool fits =
        version_2 ? controllers == ",," : controllers.find(",cpu,") != std::string::npos;
    if (fits) {
      return line.substr(second + 1);
    }
  }
  return std::nullopt;
}

/// Of this group and those above it that have the figure. In a container the group's own files lie
/// at the mount itself, which is where the way up ends.
std::vector<Duration> times_upwards(const std::string& mount, std::string path,
                                    const std::string& figure, std::int64_t unit_ns) {
  constexpr int kDeepest = 32;
  std::vector<Duration> times;
  for (int i = 0; i < kDeepest; ++i) {
    if (const auto one = read_figure(mount + path + "/cpu.stat", figure)) {
      times.emplace_back(*one * unit_ns);
    }
    const auto slash = path.rfind('/');
    if (slash == std::string::npos) {
      break;
    }
    path.resize(slash);
  }
  return times;
}

}  // namespace

/// Steal is the eighth figure of a processor's line (proc(5)), in clock ticks.
std::vector<Duration> stolen_times(const std::string& root) {
  constexpr std::size_t kMost = 65'536;
  const long ticks = ::sysconf(_SC_CLK_TCK);
  std::vector<Duration> times;
  std::ifstream file{root + "/proc/stat"};
  std::string line;
  while (ticks > 0 && std::getline(file, line) && line.rfind("cpu", 0) == 0) {
    std::istringstream words{line.substr(3)};
    std::size_t processor = 0;
    std::array<std::int64_t, 8> figures{};
    if (line.rfind("cpu ", 0) == 0 || !(words >> processor) || processor >= kMost) {
      continue;  // of all together
    }
    for (std::int64_t& figure : figures) {
      words >> figure;
    }
    if (words) {
      times.resize(std::max(times.size(), processor + 1), kOffline);
      times[processor] = Duration{figures.back() * (1'000'000'000 / ticks)};
    }
  }
  return times;
}

std::vector<Duration> throttled_times(const std::string& root) {
  struct Hierarchy {
    bool version_2;
    const char* mount;
    const char* figure;
    std::int64_t unit_ns;
  };
  constexpr std::array kHierarchies{
      Hierarchy{true, "/sys/fs/cgroup", "throttled_usec", 1000},
      Hierarchy{true, "/sys/fs/cgroup/unified", "throttled_usec", 1000},
      Hierarchy{false, "/sys/fs/cgroup/cpu", "throttled_time", 1},
      Hierarchy{false, "/sys/fs/cgroup/cpu,cpuacct", "throttled_time", 1},
  };
  for (const Hierarchy& one : kHierarchies) {
    const auto path = group_path(root, one.version_2);
    if (!path) {
      continue;
    }
    auto times =
        times_upwards(root + one.mount, *path == "/" ? "" : *path, one.figure, one.unit_ns);
    if (!times.empty()) {
      return times;
    }
  }
  return {};
}

/// The second figure is the time on a run queue (Documentation/scheduler/sched-stats.rst).
std::optional<Duration> waited_time() {
  std::ifstream file{"/proc/thread-self/schedstat"};
  std::int64_t ran = 0;
  std::int64_t waited = 0;
  if (!(file >> ran >> waited)) {
    return std::nullopt;
  }
  return Duration{waited};
}

}  // namespace udperf::os
