#include <sys/epoll.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <ctime>

#include "engine/wait_for_events.hpp"
#include "engine/worker.hpp"

// How a worker waits: for the time of a task, for something to read, for news.

namespace udperf::engine {
namespace {

// A sleep ends this much late or less, mostly (measured: 32-50 us with the smallest timer slack).
// What is left of a precise wait is spent spinning.
constexpr Duration kSpin = std::chrono::microseconds{70};
// While something is due at once, descriptors are still looked at every so many turns.
constexpr int kTurnsPerPoll = 16;

}  // namespace

void Worker::wait(MonoTime now) {
  listen_to_patient(now);
  if (has_news_.load(std::memory_order_relaxed)) {
    return;
  }
  if (settings_.waiting == Waiting::spinning && !entries_.empty()) {
    poll(Duration{0});
    return;
  }
  const auto* const first = static_cast<const Entry*>(queue_.first());
  const MonoTime at = std::min(first != nullptr ? first->at : kNever, patience_.until);
  if (at <= now) {
    if (++turns_ % kTurnsPerPoll == 0) {
      poll(Duration{0});
    }
    return;
  }
  if (first != nullptr && first->deaf && precise_ == 0) {
    const auto left = std::chrono::nanoseconds{at - now};
    const timespec time{0, left.count()};  // a doze is far below a second
    ::clock_nanosleep(CLOCK_MONOTONIC, 0, &time, nullptr);
    return;
  }
  if (first != nullptr && first->precise && first->at == at && spins(now)) {
    wait_for(at, now);
  } else {
    poll(at == kNever ? Duration::max() : at - now);
  }
}

/// What patient tasks have to read is looked at so often at most, all of them at a time.
void Worker::listen_to_patient(MonoTime now) {
  if (patience_.until <= now) {
    patience_.until = kNever;
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.ptr = &patience_;
    ::epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, patience_.epoll.get(), &event);
  }
}

void Worker::look_at_patient() {
  constexpr int kMost = 1024;
  std::array<epoll_event, kMost> events;
  const int count = ::epoll_wait(patience_.epoll.get(), events.data(), kMost, 0);
  for (int i = 0; i < count; ++i) {
    on_event(events[static_cast<std::size_t>(i)].data.ptr);
  }
  if (count == kMost) {
    return;  // there may be more: they come at the next look
  }
  patience_.until = clock_.now() + kPatience;
  epoll_event quiet{};
  quiet.data.ptr = &patience_;
  ::epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, patience_.epoll.get(), &quiet);
}

/// To the microsecond: the rest of a sleep is spent spinning.
void Worker::wait_for(MonoTime first, MonoTime now) {
  if (first - now > kSpin) {
    poll(first - now - kSpin);
    return;  // something may have arrived; come back for the rest
  }
  while (clock_.now() < first && !stop_) {
  }
}

void Worker::poll(Duration timeout) {
  std::array<epoll_event, 64> events{};
  timespec limit{};
  const timespec* wait_limit = nullptr;
  if (timeout != Duration::max()) {
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(timeout);
    limit.tv_sec = seconds.count();
    limit.tv_nsec = (timeout - seconds).count();
    wait_limit = &limit;
  }
  const int count = wait_for_events(epoll_.get(), events, wait_limit);
  for (int i = 0; i < count; ++i) {
    on_event(events[static_cast<std::size_t>(i)].data.ptr);
  }
}

void Worker::on_event(void* of) {
  if (of == nullptr) {
    std::uint64_t ignored = 0;
    static_cast<void>(!::read(event_.get(), &ignored, sizeof ignored));
  } else if (of == &patience_) {
    look_at_patient();
  } else {
    queue_.move(*static_cast<Entry*>(of), MonoTime{});
  }
}

}  // namespace udperf::engine
