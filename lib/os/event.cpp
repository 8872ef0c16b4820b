#include "os/event.hpp"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <ctime>
#include <vector>

namespace udperf::os {

Event::Event() : event_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {}

void Event::raise() const noexcept {
  const std::uint64_t one = 1;
  static_cast<void>(!::write(event_.get(), &one, sizeof one));  // full means raised already
  raised_.store(true, std::memory_order_release);
}

bool Event::take() const noexcept {
  if (!raised_.load(std::memory_order_acquire) || !raised_.exchange(false)) {
    return false;  // or it is just being raised: the descriptor stays readable until it is taken
  }
  std::uint64_t count = 0;
  static_cast<void>(!::read(event_.get(), &count, sizeof count));  // one read may take two raises
  return true;
}

void wait_readable(std::span<const int> fds, Duration timeout) {
  std::vector<pollfd> polled;
  for (const int fd : fds) {
    if (fd >= 0) {
      polled.push_back(pollfd{fd, POLLIN, 0});
    }
  }
  const Duration bounded = std::clamp<Duration>(timeout, Duration{0}, std::chrono::hours{1});
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(bounded);
  const timespec limit{seconds.count(), (bounded - seconds).count()};
  ::ppoll(polled.data(), polled.size(), &limit, nullptr);
}

}  // namespace udperf::os
