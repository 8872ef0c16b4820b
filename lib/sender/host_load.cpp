#include "sender/host_load.hpp"

#include <algorithm>

namespace udperf::sender {
namespace {

std::uint16_t permille(const std::optional<Duration>& before, const std::optional<Duration>& after,
                       Duration of) {
  if (!before || !after || of <= Duration{0}) {
    return HostLoad::kUntold;
  }
  return permille_of(*after - *before, of);
}

/// The most that any group has gained: a long past of one must not hide what another gains now.
std::uint16_t most_throttled(const HeldUp& before, const HeldUp& after, Duration wall) {
  if (before.throttled.empty() || before.throttled.size() != after.throttled.size()) {
    return HostLoad::kUntold;  // moved to another group meanwhile
  }
  Duration most{0};
  for (std::size_t level = 0; level < after.throttled.size(); ++level) {
    most = std::max(most, after.throttled[level] - before.throttled[level]);
  }
  return permille(Duration{0}, most, wall);
}

}  // namespace

std::uint16_t permille_of(Duration part, Duration whole) {
  // In floating point: months in nanoseconds would overflow when multiplied.
  const double ratio = static_cast<double>(part.count()) / static_cast<double>(whole.count());
  return static_cast<std::uint16_t>(std::clamp(ratio * 1000.0, 0.0, 1000.0));
}

HostLoad load_between(const HeldUp& before, const HeldUp& after, Duration wall) {
  HostLoad load;
  load.steal_permille =
      permille(before.stolen, after.stolen, wall * std::max<std::int64_t>(after.processors, 1));
  load.throttled_permille = most_throttled(before, after, wall);
  load.waited_permille = permille(before.waited, after.waited, wall);
  return load;
}

void HostMeter::fill(const Clock& clock, Duration wall, TxReport& report) const {
  const auto cpu = clock.thread_cpu_time();
  if (cpu && cpu_ && wall > Duration{0}) {
    report.cpu_permille = permille_of(*cpu - *cpu_, wall);
  }
  report.load = load_between(held_up_, clock.held_up(), wall);
}

}  // namespace udperf::sender
