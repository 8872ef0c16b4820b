#include "engine/worker.hpp"

#include <sched.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <ctime>
#include <new>

#include "engine/wait_for_events.hpp"

namespace udperf::engine {
namespace {

// A sleep ends this much late or less, mostly (measured: 32-50 us with the smallest timer slack).
// What is left of a precise wait is spent spinning.
constexpr Duration kSpin = std::chrono::microseconds{70};
// While something is due at once, descriptors are still looked at every so many turns.
constexpr int kTurnsPerPoll = 16;

// When a thread of this process that reads last ran, by core: to spin on such a core holds up what
// is to be measured.
constexpr Duration kCoreIsShared = std::chrono::milliseconds{10};
std::array<std::atomic<std::int64_t>, 256> readers_awake{};

std::atomic<std::int64_t>& core_here(std::array<std::atomic<std::int64_t>, 256>& by_core) {
  return by_core[static_cast<unsigned>(std::max(::sched_getcpu(), 0)) % by_core.size()];
}

void register_fd(int epoll, int fd, void* data) {
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.ptr = data;
  ::epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
}

}  // namespace

Worker::Worker(const Clock& clock, const Settings& settings)
    : clock_(clock),
      settings_(settings),
      // A thread that never sleeps must not go before others.
      scheduling_(settings.urgency,
                  settings.waiting == Waiting::spinning ? Realtime::off : settings.realtime, clock),
      epoll_(::epoll_create1(EPOLL_CLOEXEC)),
      event_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)),
      thread_([this] { run(); }) {}

Worker::~Worker() {
  stop_ = true;
  wake();
  thread_.join();
}

void Worker::add(Task& task) {
  {
    const std::lock_guard lock{mutex_};
    incoming_.push_back(&task);
  }
  load_.fetch_add(1, std::memory_order_relaxed);
  wake();
}

void Worker::wake() {
  all_due_.store(true, std::memory_order_release);
  const std::uint64_t one = 1;
  static_cast<void>(!::write(event_.get(), &one, sizeof one));  // full means awake already
}

void Worker::run() {
  ::prctl(PR_SET_TIMERSLACK, 1UL, 0UL, 0UL, 0UL);
  scheduling_.begin();
  cores_ = allowed_cores();
  register_fd(epoll_.get(), event_.get(), nullptr);
  while (!stop_) {
    take_new();
    const MonoTime now = clock_.now();
    keep_to_budget(now);
    run_due(now);
    drop_finished();
    wait(now);
  }
  take_new();
  for (const Entry& entry : entries_) {
    entry.task->release();
  }
}

void Worker::take_new() {
  if (!all_due_.exchange(false, std::memory_order_acquire)) {
    return;
  }
  const std::lock_guard lock{mutex_};
  for (Task* task : incoming_) {
    entries_.push_back(Entry{task, MonoTime{}, false, false});
    task->on_scheduling(scheduling_.now());
    if (task->read_fd() >= 0) {
      register_fd(epoll_.get(), task->read_fd(), task);
    }
  }
  incoming_.clear();
  for (Entry& entry : entries_) {
    entry.at = MonoTime{};
  }
}

void Worker::keep_to_budget(MonoTime now) {
  if (settings_.urgency == Urgency::arrival) {
    core_here(readers_awake).store(to_ns(now), std::memory_order_relaxed);
  }
  const Scheduling before = scheduling_.now();
  scheduling_.check(now);
  if (scheduling_.now() != before) {
    for (const Entry& entry : entries_) {
      entry.task->on_scheduling(scheduling_.now());
    }
  }
}

void Worker::run_due(MonoTime now) {
  for (Entry& entry : entries_) {
    if (entry.at <= now) {
      if (entry.precise && entry.at != MonoTime{}) {
        spin_.on_wake(now, now - entry.at);
      }
      const Wake wake = step(*entry.task, now);
      entry.at = wake.at;
      entry.precise = wake.precise;
      listen(entry, !wake.deaf);
    }
  }
}

/// A task that no memory is left for ends alone.
Wake Worker::step(Task& task, MonoTime now) {
  try {
    return task.step(now, buffers_);
  } catch (const std::bad_alloc&) {
    task.abandon();
    return Wake{};
  }
}

void Worker::listen(Entry& entry, bool on) {
  const int fd = entry.task->read_fd();
  if (entry.deaf != on || fd < 0) {
    return;
  }
  // Every datagram that arrives would tell epoll; a task that reads by the clock does not ask.
  if (on) {
    register_fd(epoll_.get(), fd, entry.task);
  } else {
    ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, nullptr);
  }
  entry.deaf = !on;
}

void Worker::drop_finished() {
  const auto finished = [this](const Entry& entry) {
    if (!entry.task->over()) {
      return false;
    }
    if (entry.task->read_fd() >= 0) {
      ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, entry.task->read_fd(), nullptr);
    }
    entry.task->release();
    load_.fetch_sub(1, std::memory_order_relaxed);
    return true;
  };
  entries_.erase(std::remove_if(entries_.begin(), entries_.end(), finished), entries_.end());
}

void Worker::wait(MonoTime now) {
  if (settings_.waiting == Waiting::spinning && !entries_.empty()) {
    poll(Duration{0});
    return;
  }
  MonoTime first = kNever;
  bool precise = false;
  bool deaf = false;
  bool any_precise = false;
  for (const Entry& entry : entries_) {
    any_precise = any_precise || entry.precise;
    if (entry.at < first) {
      first = entry.at;
      precise = entry.precise;
      deaf = entry.deaf;
    }
  }
  if (first <= now) {
    if (++turns_ % kTurnsPerPoll == 0) {
      poll(Duration{0});
    }
    return;
  }
  if (deaf && !any_precise) {
    const auto left = std::chrono::nanoseconds{first - now};
    const timespec time{0, left.count()};  // a doze is far below a second
    ::clock_nanosleep(CLOCK_MONOTONIC, 0, &time, nullptr);
    return;
  }
  if (precise && spins(now)) {
    wait_for(first, now);
  } else {
    poll(first == kNever ? Duration::max() : first - now);
  }
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

bool Worker::spins(MonoTime now) const {
  // Who runs before all others wakes up on time anyway.
  return cores_ > 1 && scheduling_.now() != Scheduling::fifo && spin_.pays(now) &&
         now - mono_from_ns(core_here(readers_awake).load(std::memory_order_relaxed)) >
             kCoreIsShared;
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
    const void* const task = events[static_cast<std::size_t>(i)].data.ptr;
    if (task == nullptr) {
      std::uint64_t ignored = 0;
      static_cast<void>(!::read(event_.get(), &ignored, sizeof ignored));
      continue;
    }
    for (Entry& entry : entries_) {
      if (entry.task == task) {
        entry.at = MonoTime{};
      }
    }
  }
}

}  // namespace udperf::engine
