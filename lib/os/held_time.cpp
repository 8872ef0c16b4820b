#include "os/held_time.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>

namespace udperf::os {
namespace {

/// The figure behind `name` in a file of lines "name value ..."; `column` counts from the name.
std::optional<std::int64_t> read_figure(const std::string& path, const std::string& name,
                                        int column = 1) {
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
    for (int i = 0; i < column; ++i) {
      if (!(words >> value)) {
        return std::nullopt;
      }
    }
    return value;
  }
  return std::nullopt;
}

/// The path of this process in a hierarchy: version 2 has a line "0::/path", version 1 one with
/// "cpu" among the controllers.
std::optional<std::string> group_path(bool version_2) {
  std::ifstream file{"/proc/self/cgroup"};
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

/// The longest that this group or one above it was throttled. In a container the group's own files
/// lie at the mount itself, which is where the way up ends.
std::optional<std::int64_t> most_throttled(const std::string& mount, std::string path,
                                           const std::string& figure) {
  constexpr int kDeepest = 32;
  std::optional<std::int64_t> most;
  for (int i = 0; i < kDeepest; ++i) {
    if (const auto one = read_figure(mount + path + "/cpu.stat", figure)) {
      most = std::max(most.value_or(0), *one);
    }
    const auto slash = path.rfind('/');
    if (slash == std::string::npos) {
      break;
    }
    path.resize(slash);
  }
  return most;
}

}  // namespace

/// Steal is the eighth figure of the line of all processors (proc(5)), in clock ticks.
std::optional<Duration> stolen_time() {
  const long ticks = ::sysconf(_SC_CLK_TCK);
  const auto steal = read_figure("/proc/stat", "cpu", 8);
  if (!steal || ticks <= 0) {
    return std::nullopt;
  }
  return Duration{*steal * (1'000'000'000 / ticks)};
}

std::optional<Duration> throttled_time() {
  constexpr std::int64_t kNsPerUs = 1000;
  if (const auto path = group_path(true)) {
    for (const char* mount : {"/sys/fs/cgroup", "/sys/fs/cgroup/unified"}) {
      if (const auto us = most_throttled(mount, *path, "throttled_usec")) {
        return Duration{*us * kNsPerUs};
      }
    }
  }
  if (const auto path = group_path(false)) {
    for (const char* mount : {"/sys/fs/cgroup/cpu", "/sys/fs/cgroup/cpu,cpuacct"}) {
      if (const auto ns = most_throttled(mount, *path, "throttled_time")) {
        return Duration{*ns};
      }
    }
  }
  return std::nullopt;
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

unsigned online_processors() {
  return static_cast<unsigned>(std::max(::sysconf(_SC_NPROCESSORS_ONLN), 1L));
}

}  // namespace udperf::os
