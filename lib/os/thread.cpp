#include "os/thread.hpp"

#include <sched.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>

namespace udperf::os {
namespace {

/// struct sched_attr of sched_setattr(2), which C libraries declare only lately.
struct Attributes {
  std::uint32_t size = sizeof(Attributes);
  std::uint32_t policy = 0;
  std::uint64_t flags = 0;
  std::int32_t nice = 0;
  std::uint32_t priority = 0;
  std::uint64_t runtime_ns = 0;
  std::uint64_t deadline_ns = 0;
  std::uint64_t period_ns = 0;
};
static_assert(sizeof(Attributes) == 48);

// What this thread may start (a program, another thread) starts as everything else does.
constexpr std::uint64_t kResetOnFork = 1;
// The shortest slice that the kernel grants.
constexpr std::uint64_t kSliceNs = 100'000;

bool set(const Attributes& wanted) {
  return ::syscall(SYS_sched_setattr, 0, &wanted, 0) == 0;
}

}  // namespace

bool ask_for_fifo(std::uint32_t priority) {
  rlimit limit{};
  // Under this limit the kernel ends a process that does not sleep for so long.
  if (::getrlimit(RLIMIT_RTTIME, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY) {
    return false;
  }
  Attributes wanted;
  wanted.policy = SCHED_FIFO;
  wanted.flags = kResetOnFork;
  wanted.priority = priority;
  return set(wanted);
}

bool ask_for_short_slices() {
  Attributes wanted;
  wanted.policy = SCHED_OTHER;
  wanted.flags = kResetOnFork;
  wanted.nice = ::getpriority(PRIO_PROCESS, 0);  // as it is: of this thread, on Linux
  wanted.runtime_ns = kSliceNs;
  Attributes granted;
  // Before Linux 6.12 the call succeeds and means nothing.
  const bool asked = set(wanted);
  const bool told = ::syscall(SYS_sched_getattr, 0, &granted, sizeof granted, 0) == 0;
  return asked && told && granted.runtime_ns == kSliceNs;
}

void ask_for_nothing() {
  Attributes plain;
  plain.policy = SCHED_OTHER;
  plain.flags = kResetOnFork;
  plain.nice = ::getpriority(PRIO_PROCESS, 0);
  set(plain);
}

bool runs_realtime() {
  const int policy = ::sched_getscheduler(0) & ~SCHED_RESET_ON_FORK;
  return policy == SCHED_FIFO || policy == SCHED_RR || policy == SCHED_DEADLINE;
}

void ask_for_exact_sleeps() {
  ::prctl(PR_SET_TIMERSLACK, 1UL, 0UL, 0UL, 0UL);
}

unsigned allowed_cores() {
  cpu_set_t set;
  CPU_ZERO(&set);
  // Fails where the system has more cores than fit the set.
  return ::sched_getaffinity(0, sizeof set, &set) == 0
             ? std::max(static_cast<unsigned>(CPU_COUNT(&set)), 1U)
             : static_cast<unsigned>(std::max(::sysconf(_SC_NPROCESSORS_ONLN), 1L));
}

unsigned current_core() {
  return static_cast<unsigned>(std::max(::sched_getcpu(), 0));
}

}  // namespace udperf::os
