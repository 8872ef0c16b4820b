#include "engine/worker.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <exception>
#include <new>

#include "os/thread.hpp"

namespace udperf::engine {
namespace {

// When a thread of this process that reads last ran, by core: to spin on such a core holds up what
// is to be measured.
constexpr Duration kCoreIsShared = std::chrono::milliseconds{10};
std::array<std::atomic<std::int64_t>, 256> readers_awake{};

std::atomic<std::int64_t>& core_here(std::array<std::atomic<std::int64_t>, 256>& by_core) {
  return by_core[os::current_core() % by_core.size()];
}

// Of this thread, where it is one.
thread_local const Worker* this_worker = nullptr;

/// Later than `at` by less than `slack`, and the same moment for all that are due in it.
MonoTime together(MonoTime at, Duration slack) {
  if (slack <= Duration{0} || at >= kNever - slack) {
    return at;
  }
  const Duration since = at.time_since_epoch();
  return MonoTime{(since + slack - Duration{1}) / slack * slack};
}

}  // namespace

Worker::Worker(const Clock& clock, const Settings& settings)
    : clock_(clock),
      settings_(settings),
      // A thread that never sleeps must not go before others.
      scheduling_(settings.urgency,
                  settings.waiting == Waiting::spinning ? Realtime::off : settings.realtime, clock,
                  settings.group),
      thread_([this] { run(); }) {}

Worker::~Worker() {
  stop();
}

void Worker::stop() {
  if (thread_.joinable()) {
    stop_ = true;
    tell();
    thread_.join();
  }
}

void Worker::add(Task& task) {
  news_.add(task);
  load_.fetch_add(task.weight(), std::memory_order_relaxed);
  tell();
}

void Worker::wake() {
  news_.notify_all();
  tell();
}

void Worker::notify(const Task& task) noexcept {
  if (news_.notify(task)) {
    tell();
  }
}

void Worker::tell() noexcept {
  news_.announce();
  if (this_worker != this) {
    event_.raise();
  }
}

void Worker::run() {
  this_worker = this;
  os::ask_for_exact_sleeps();
  scheduling_.begin();
  cores_ = os::allowed_cores();
  poller_.add(event_.fd(), nullptr);
  while (!stop_) {
    take_news();
    const MonoTime now = clock_.now();
    keep_to_budget(now);
    wait(run_due(now));
  }
  take_news();
  for (const auto& [task, entry] : entries_) {
    entry->task->set_home(nullptr);
  }
  news_.withdraw_all();
  for (const auto& [task, entry] : entries_) {
    entry->task->release();
  }
}

void Worker::take_news() {
  const TaskNews::Items news = news_.take();
  for (Task* const task : news.added) {
    take_in(*task);
  }
  for (const Task* const task : news.notified) {
    if (const auto found = entries_.find(task); found != entries_.end()) {
      queue_.move(*found->second, MonoTime{});
    }
  }
  if (news.all) {
    for (const auto& [task, entry] : entries_) {
      queue_.move(*entry, MonoTime{});
    }
  }
}

/// A task that no memory is left for ends alone.
void Worker::take_in(Task& task) {
  try {
    auto entry = std::make_unique<Entry>();
    entry->task = &task;
    Entry& kept = *entries_.emplace(&task, std::move(entry)).first->second;
    if (due_.capacity() < entries_.size()) {
      due_.reserve(2 * entries_.size());  // run_due() must not need any
    }
    queue_.add(kept);
    task.on_scheduling(scheduling_.now());
    if (task.read_fd() >= 0) {
      poller_of(task).add(task.read_fd(), &kept);
    }
    if (task.tolerates_delay() && !patience_.known) {
      patience_.known = true;
      poller_.add(patience_.poller.fd(), &patience_);
    }
  } catch (const std::bad_alloc&) {
    entries_.erase(&task);
    task.set_home(nullptr);
    task.abandon();
    load_.fetch_sub(task.weight(), std::memory_order_relaxed);
    task.release();  // its owner may do away with it now
  }
}

void Worker::keep_to_budget(MonoTime now) {
  if (settings_.urgency == Urgency::arrival) {
    core_here(readers_awake).store(to_ns(now), std::memory_order_relaxed);
  }
  const Scheduling before = scheduling_.now();
  scheduling_.check(now);
  if (scheduling_.now() != before) {
    for (const auto& [task, entry] : entries_) {
      entry->task->on_scheduling(scheduling_.now());
    }
  }
}

/// What one of them takes must not be in the times of the others.
MonoTime Worker::run_due(MonoTime woke) {
  due_.clear();
  queue_.append_due(woke, due_);
  MonoTime now = woke;
  for (DueQueue::Item* const item : due_) {
    auto& entry = static_cast<Entry&>(*item);
    if (entry.precise && entry.at != MonoTime{}) {
      spin_.on_wake(woke, woke - entry.at);
    }
    run_one(entry, now);
    now = clock_.now();
  }
  return now;
}

void Worker::run_one(Entry& entry, MonoTime now) {
  const Wake wake = step(*entry.task, now);
  precise_ += wake.precise ? 1U : 0U;
  precise_ -= entry.precise ? 1U : 0U;
  entry.precise = wake.precise;
  if (entry.task->over()) {
    let_go(entry);
    return;
  }
  queue_.move(entry, together(wake.at, wake.slack));
  listen(entry, !wake.poll_only);
}

/// A task that no memory is left for ends alone, or is tried again where it has no end.
Wake Worker::step(Task& task, MonoTime now) {
  constexpr Duration kAgain = std::chrono::milliseconds{100};
  try {
    return task.step(now, buffers_);
  } catch (const std::exception&) {  // no memory, or no thread
    task.abandon();
    return Wake{now + kAgain};  // unless it is over
  }
}

void Worker::listen(Entry& entry, bool on) {
  const int fd = entry.task->read_fd();
  if (entry.poll_only != on || fd < 0) {
    return;
  }
  // Every datagram that arrives would tell epoll; a task that reads by the clock does not ask.
  if (on) {
    poller_of(*entry.task).add(fd, &entry);
  } else {
    poller_of(*entry.task).remove(fd);
  }
  entry.poll_only = !on;
}

void Worker::let_go(Entry& entry) {
  Task& task = *entry.task;
  precise_ -= entry.precise ? 1U : 0U;
  if (task.read_fd() >= 0) {
    poller_of(task).remove(task.read_fd());
  }
  queue_.remove(entry);
  task.set_home(nullptr);
  news_.withdraw(task);
  entries_.erase(&task);
  load_.fetch_sub(task.weight(), std::memory_order_relaxed);
  task.release();
}

bool Worker::spins(MonoTime now) const {
  // Who runs before all others wakes up on time anyway.
  return cores_ > 1 && scheduling_.now() != Scheduling::fifo && spin_.pays(now) &&
         now - mono_from_ns(core_here(readers_awake).load(std::memory_order_relaxed)) >
             kCoreIsShared;
}

}  // namespace udperf::engine
