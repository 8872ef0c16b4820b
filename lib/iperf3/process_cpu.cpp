#include "iperf3/process_cpu.hpp"

#include <sys/resource.h>

#include <tuple>
#include <utility>

namespace udperf::iperf3 {
namespace {

Duration duration_of(const timeval& time) {
  return std::chrono::seconds{time.tv_sec} + std::chrono::microseconds{time.tv_usec};
}

std::pair<Duration, Duration> used() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  return {duration_of(usage.ru_utime), duration_of(usage.ru_stime)};
}

}  // namespace

ProcessCpu::ProcessCpu(MonoTime now) : begun_(now) {
  std::tie(user_, system_) = used();
}

CpuShare ProcessCpu::share(MonoTime now) const {
  const auto [user, system] = used();
  const double wall = std::chrono::duration<double>(now - begun_).count();
  if (wall <= 0) {
    return {};
  }
  const auto percent = [wall](Duration time) {
    return 100 * std::chrono::duration<double>(time).count() / wall;
  };
  return {percent(user - user_ + system - system_), percent(user - user_),
          percent(system - system_)};
}

}  // namespace udperf::iperf3
