#include "sender/host_load.hpp"

#include <algorithm>

namespace udperf::sender {
namespace {

/// The kernel's files count in these; one may be anybody's.
constexpr Duration kTick = std::chrono::milliseconds{10};

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

/// Of the processors that the thread was seen on, the one that lost most: what is taken from others
/// is no loss of this thread's, and a share of all processors would hide one of many.
std::uint16_t most_stolen(const HeldUp& before, const HeldUp& after, Duration wall) {
  std::optional<Duration> most;
  for (const unsigned processor : {before.processor, after.processor}) {
    if (processor < before.stolen.size() && processor < after.stolen.size() &&
        before.stolen[processor] >= Duration{0}) {  // was not off
      most =
          std::max(most.value_or(Duration{0}), after.stolen[processor] - before.stolen[processor]);
    }
  }
  if (most && *most < 2 * kTick) {
    most = Duration{0};
  }
  return permille(most ? std::optional{Duration{0}} : std::nullopt, most, wall);
}

}  // namespace

std::uint16_t permille_of(Duration part, Duration whole) {
  // In floating point: months in nanoseconds would overflow when multiplied.
  const double ratio = static_cast<double>(part.count()) / static_cast<double>(whole.count());
  return static_cast<std::uint16_t>(std::clamp(ratio * 1000.0, 0.0, 1000.0));
}

HostLoad load_between(const HeldUp& before, const HeldUp& after, Duration wall) {
  HostLoad load;
  load.steal_permille = most_stolen(before, after, wall);
  load.throttled_permille = most_throttled(before, after, wall);
  load.waited_permille = permille(before.waited, after.waited, wall);
  return load;
}

void StreamThreads::join() {
  const std::lock_guard lock{mutex_};
  ++streams_[std::this_thread::get_id()];
}

std::int64_t StreamThreads::here() const {
  const std::lock_guard lock{mutex_};
  const auto found = streams_.find(std::this_thread::get_id());
  return found == streams_.end() ? 1 : found->second;
}

void HostMeter::begin(const Clock& clock) {
  cpu_ = clock.thread_cpu_time();
  held_up_ = clock.held_up();
  if (threads_ != nullptr) {
    threads_->join();
  }
}

void HostMeter::fill(const Clock& clock, Duration wall, std::uint32_t& cpu_permille,
                     HostLoad& load) const {
  const auto cpu = clock.thread_cpu_time();
  if (cpu && cpu_ && wall > Duration{0}) {
    const std::int64_t sharers = threads_ != nullptr ? threads_->here() : 1;
    cpu_permille = permille_of((*cpu - *cpu_) / sharers, wall);
  }
  HeldUp now = clock.held_up();
  if (thread_gone_) {
    now.processor = held_up_.processor;
  }
  load = load_between(held_up_, now, wall);
}

}  // namespace udperf::sender
