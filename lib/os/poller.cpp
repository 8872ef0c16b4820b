#include "os/poller.hpp"

#include <sys/epoll.h>

#include <algorithm>
#include <array>
#include <ctime>

#include "os/wait_for_events.hpp"

namespace udperf::os {
namespace {

void control(int epoll, int operation, int fd, void* of, bool listens) {
  epoll_event event{};
  event.events = listens ? EPOLLIN : 0U;
  event.data.ptr = of;
  ::epoll_ctl(epoll, operation, fd, &event);
}

}  // namespace

Poller::Poller() : epoll_(::epoll_create1(EPOLL_CLOEXEC)) {}

void Poller::add(int fd, void* of) const {
  control(epoll_.get(), EPOLL_CTL_ADD, fd, of, true);
}

void Poller::remove(int fd) const {
  control(epoll_.get(), EPOLL_CTL_DEL, fd, nullptr, false);
}

void Poller::ignore(int fd, void* of) const {
  control(epoll_.get(), EPOLL_CTL_MOD, fd, of, false);
}

void Poller::listen(int fd, void* of) const {
  control(epoll_.get(), EPOLL_CTL_MOD, fd, of, true);
}

std::span<void*> Poller::wait(std::span<void*> room, Duration limit) const {
  std::array<epoll_event, kMost> events;  // filled as far as it is read
  timespec time{};
  const timespec* until = nullptr;
  if (limit != Duration::max()) {
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(limit);
    time.tv_sec = seconds.count();
    time.tv_nsec = (limit - seconds).count();
    until = &time;
  }
  const auto most = std::span{events}.first(std::min(room.size(), kMost));
  const int count = wait_for_events(epoll_.get(), most, until);
  const auto told = room.first(static_cast<std::size_t>(std::max(count, 0)));
  for (std::size_t i = 0; i < told.size(); ++i) {
    told[i] = events[i].data.ptr;
  }
  return told;
}

}  // namespace udperf::os
