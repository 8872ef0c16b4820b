#include "engine/server_pool.hpp"

#include <algorithm>
#include <thread>

namespace udperf::engine {
namespace {

std::size_t threads_of_each() {
  constexpr std::size_t kLeast = 2;  // one may be busy with a sender at full speed
  constexpr std::size_t kMost = 32;
  return std::clamp<std::size_t>(std::thread::hardware_concurrency(), kLeast, kMost);
}

}  // namespace

ServerPool::ServerPool(const Clock& clock, Worker::Waiting waiting, Realtime realtime) {
  const std::size_t threads = threads_of_each();
  for (const Urgency urgency : {Urgency::bulk, Urgency::arrival, Urgency::deadline}) {
    const auto set = static_cast<std::size_t>(urgency);
    for (std::size_t i = 0; i < threads; ++i) {
      workers_[set].push_back(std::make_unique<Worker>(
          clock, Worker::Settings{waiting, urgency, realtime, &group_[set]}));
    }
  }
  constexpr std::size_t kMostTolerant = 4;
  for (std::size_t i = 0; i < std::min(threads / 2, kMostTolerant); ++i) {
    workers_[kTolerant].push_back(std::make_unique<Worker>(
        clock, Worker::Settings{Worker::Waiting::asleep, Urgency::arrival, realtime}));
  }
}

void ServerPool::add(Task& task) {
  const std::lock_guard lock{mutex_};
  if (stopped_) {
    task.release();
    return;
  }
  Workers& workers =
      workers_[task.tolerates_delay() ? kTolerant : static_cast<std::size_t>(task.urgency())];
  const auto least =
      std::min_element(workers.begin(), workers.end(),
                       [](const auto& a, const auto& b) { return a->load() < b->load(); });
  (*least)->add(task);
}

void ServerPool::stop() {
  Sets ended;  // outlives the lock: tasks that still run may ask for it
  {
    const std::lock_guard lock{mutex_};
    stopped_ = true;
    ended.swap(workers_);
  }
  for (const Workers& workers : ended) {  // all before any is gone: tasks notify each other
    for (const auto& worker : workers) {
      worker->stop();
    }
  }
}

void ServerPool::wake() {
  const std::lock_guard lock{mutex_};
  for (const Workers& workers : workers_) {
    for (const auto& worker : workers) {
      worker->wake();
    }
  }
}

}  // namespace udperf::engine
