#include "os/event.hpp"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <ctime>
#include <vector>

namespace udperf::os {

Event::Event() : event_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {}

void Event::raise() const noexcept {
  // Before, lest a thread that runs first finds the descriptor readable and nothing to take.
  raised_.fetch_add(1, std::memory_order_release);
  const std::uint64_t one = 1;
  static_cast<void>(!::write(event_.get(), &one, sizeof one));
}

bool Event::take() const noexcept {
  const std::uint64_t raised = raised_.load(std::memory_order_acquire);
  if (raised == taken_.load(std::memory_order_relaxed)) {
    return false;
  }
  if (event_.get() < 0) {
    taken_.store(raised, std::memory_order_relaxed);
    return true;
  }
  std::uint64_t count = 0;
  if (::read(event_.get(), &count, sizeof count) != sizeof count) {
    return false;  // it is just being raised
  }
  taken_.fetch_add(count, std::memory_order_relaxed);
  return true;
}

void wait_readable(std::span<const int> fds, Duration timeout) {
  constexpr std::size_t kUsually = 16;
  std::array<pollfd, kUsually> few{};  // who waits for memory must not need any
  std::vector<pollfd> many(fds.size() > kUsually ? fds.size() : 0);
  const std::span<pollfd> polled = many.empty() ? std::span{few} : std::span{many};
  constexpr Duration kLookEvery = std::chrono::milliseconds{20};
  std::size_t count = 0;
  for (const int fd : fds) {
    if (fd >= 0) {
      polled[count++] = pollfd{fd, POLLIN, 0};
    } else if (fd == kNoDescriptor) {
      timeout = std::min(timeout, kLookEvery);
    }
  }
  const Duration bounded = std::clamp<Duration>(timeout, Duration{0}, std::chrono::hours{1});
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(bounded);
  const timespec limit{seconds.count(), (bounded - seconds).count()};
  ::ppoll(polled.data(), count, &limit, nullptr);
}

}  // namespace udperf::os
