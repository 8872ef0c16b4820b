#include "os/affinity.hpp"

#include <sched.h>

#include <array>

namespace udperf::os {
namespace {

/// glibc's own type ends at 1023; no machine of today has more than these.
constexpr std::uint32_t kMostCpu = 8191;
using CpuSets = std::array<cpu_set_t, kMostCpu / CPU_SETSIZE + 1>;

}  // namespace

bool may_use_cpu(std::uint32_t cpu) {
  // By trying: what a thread is limited to now (-A) is less than what it may have.
  CpuSets before{};
  if (::sched_getaffinity(0, sizeof before, before.data()) != 0 || !stay_on_cpu(cpu)) {
    return false;
  }
  return ::sched_setaffinity(0, sizeof before, before.data()) == 0;
}

bool stay_on_cpu(std::uint32_t cpu) {
  CpuSets sets{};
  if (cpu > kMostCpu) {
    return false;
  }
  CPU_SET_S(cpu, sizeof sets, sets.data());
  return ::sched_setaffinity(0, sizeof sets, sets.data()) == 0;
}

}  // namespace udperf::os
