#include "os/wait_for_events.hpp"

#include <poll.h>

#include <atomic>
#include <cerrno>

namespace udperf::os {

int wait_for_events(int epoll, std::span<epoll_event> events, const timespec* limit) {
  static std::atomic<bool> missing{false};
  const auto room = static_cast<int>(events.size());
  if (!missing.load(std::memory_order_relaxed)) {
    const int count = ::epoll_pwait2(epoll, events.data(), room, limit, nullptr);
    // EPERM is how sandboxes refuse a call that is younger than they are.
    if (count >= 0 || (errno != ENOSYS && errno != EPERM)) {
      return count;
    }
    missing.store(true, std::memory_order_relaxed);
  }
  pollfd polled{epoll, POLLIN, 0};
  const int ready = ::ppoll(&polled, 1, limit, nullptr);
  return ready > 0 ? ::epoll_wait(epoll, events.data(), room, 0) : ready;
}

}  // namespace udperf::os
