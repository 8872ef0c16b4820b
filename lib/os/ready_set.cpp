#include "os/ready_set.hpp"

#include <sys/epoll.h>

namespace udperf::os {

ReadySet::ReadySet() : epoll_(::epoll_create1(EPOLL_CLOEXEC)) {}

void ReadySet::add(std::span<const int> fds) const {
  for (const int fd : fds) {
    epoll_event event{};
    event.events = EPOLLIN;
    if (fd >= 0) {
      ::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event);  // EEXIST: it is there
    }
  }
}

void ReadySet::remove(int fd) const {
  if (fd >= 0) {
    ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, nullptr);
  }
}

void ReadySet::close() {
  epoll_ = Fd{};
}

}  // namespace udperf::os
