#include "os/wait_for_events.hpp"

#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdint>

namespace udperf::os {
namespace {

/// epoll_pwait2(2), which musl and glibc before 2.35 have no function for. -1 with ENOSYS where the
/// headers do not know it either.
int timed_wait(int epoll, std::span<epoll_event> events, const timespec* limit) {
#ifdef SYS_epoll_pwait2
  struct KernelTime {  // of 64 bits, whatever the processor's words and the C library's time_t
    std::int64_t seconds;
    std::int64_t nanoseconds;
  };
  const KernelTime time =
      limit == nullptr ? KernelTime{} : KernelTime{limit->tv_sec, limit->tv_nsec};
  return static_cast<int>(::syscall(SYS_epoll_pwait2, epoll, events.data(), events.size(),
                                    limit == nullptr ? nullptr : &time, nullptr, std::size_t{0}));
#else
  errno = ENOSYS;
  return -1;
#endif
}

}  // namespace

int wait_for_events(int epoll, std::span<epoll_event> events, const timespec* limit) {
  static std::atomic<bool> missing{false};
  if (!missing.load(std::memory_order_relaxed)) {
    const int count = timed_wait(epoll, events, limit);
    // EPERM is how sandboxes refuse a call that is younger than they are.
    if (count >= 0 || (errno != ENOSYS && errno != EPERM)) {
      return count;
    }
    missing.store(true, std::memory_order_relaxed);
  }
  pollfd polled{epoll, POLLIN, 0};
  const int ready = ::ppoll(&polled, 1, limit, nullptr);
  return ready > 0 ? ::epoll_wait(epoll, events.data(), static_cast<int>(events.size()), 0) : ready;
}

}  // namespace udperf::os
