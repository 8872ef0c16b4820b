#include "engine/thread_scheduling.hpp"

#include <sched.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>

namespace udperf::engine {
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

Scheduling ask_for_short_slices() {
  Attributes wanted;
  wanted.policy = SCHED_OTHER;
  wanted.flags = kResetOnFork;
  wanted.nice = ::getpriority(PRIO_PROCESS, 0);  // as it is: of this thread, on Linux
  wanted.runtime_ns = kSliceNs;
  Attributes granted;
  // Before Linux 6.12 the call succeeds and means nothing.
  const bool asked = set(wanted);
  const bool told = ::syscall(SYS_sched_getattr, 0, &granted, sizeof granted, 0) == 0;
  return asked && told && granted.runtime_ns == kSliceNs ? Scheduling::short_slice
                                                         : Scheduling::normal;
}

}  // namespace

void ThreadScheduling::begin() {
  if (urgency_ == Urgency::bulk || realtime_ == Realtime::off) {
    return;
  }
  granted_fifo_ = (urgency_ == Urgency::deadline && ask_for_fifo(2)) || ask_for_fifo(1);
  now_ = granted_fifo_ ? Scheduling::fifo : ask_for_short_slices();
}

void ThreadScheduling::end() {
  if (now_ == Scheduling::untold || now_ == Scheduling::normal) {
    return;
  }
  Attributes plain;
  plain.policy = SCHED_OTHER;
  plain.flags = kResetOnFork;
  plain.nice = ::getpriority(PRIO_PROCESS, 0);
  set(plain);
  granted_fifo_ = false;
}

void ThreadScheduling::spend(MonoTime now) {
  const auto cpu = clock_.thread_cpu_time();
  const bool may = cpu && budget_.sample(now, *cpu);
  if (may == (now_ == Scheduling::fifo)) {
    return;
  }
  if (!may) {
    now_ = ask_for_short_slices();
  } else if (ask_for_fifo(urgency_ == Urgency::deadline ? 2 : 1) || ask_for_fifo(1)) {
    now_ = Scheduling::fifo;
  }
}

unsigned allowed_cores() {
  cpu_set_t set;
  CPU_ZERO(&set);
  // Fails where the system has more cores than fit the set.
  return ::sched_getaffinity(0, sizeof set, &set) == 0
             ? std::max(static_cast<unsigned>(CPU_COUNT(&set)), 1U)
             : static_cast<unsigned>(std::max(::sysconf(_SC_NPROCESSORS_ONLN), 1L));
}

}  // namespace udperf::engine
