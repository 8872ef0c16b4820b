#pragma once

#include <algorithm>
#include <atomic>
#include <mutex>
#include <new>
#include <utility>
#include <vector>

#include "engine/task.hpp"

namespace udperf::engine {

/// What other threads have told a worker of tasks, until it looks. All but take() and withdraw()
/// may be called from any thread.
class TaskNews {
 public:
  struct Items {
    std::vector<Task*> added;
    std::vector<const Task*> notified;
    bool all = false;  ///< every task is notified
  };

  /// `home`: whose tasks they are.
  explicit TaskNews(TaskHome& home) : home_(home) {}

  void add(Task& task) {
    const std::lock_guard lock{mutex_};
    items_.added.push_back(&task);
    task.set_home(&home_);
  }
  void notify_all() noexcept {
    const std::lock_guard lock{mutex_};
    items_.all = true;
  }
  /// False where the task has been released meanwhile.
  [[nodiscard]] bool notify(const Task& task) noexcept {
    const std::lock_guard lock{mutex_};
    if (task.home() != &home_) {
      return false;
    }
    try {
      items_.notified.push_back(&task);
    } catch (const std::bad_alloc&) {
      items_.all = true;
    }
    return true;
  }

  /// There is something to look for: after the above, and where the worker has to look anyway.
  void announce() noexcept { waiting_.store(true, std::memory_order_release); }
  [[nodiscard]] bool waiting() const noexcept { return waiting_.load(std::memory_order_relaxed); }

  /// All that was told since it was last asked; empty where nothing was announced.
  [[nodiscard]] Items take() {
    Items items;
    if (waiting_.exchange(false, std::memory_order_acquire)) {
      const std::lock_guard lock{mutex_};
      std::swap(items, items_);
    }
    return items;
  }
  /// The task has no home any more, and is not spoken of: who has seen its home may just have been
  /// about to name it.
  void withdraw(const Task& task) noexcept {
    const std::lock_guard lock{mutex_};
    auto& notified = items_.notified;
    notified.erase(std::remove(notified.begin(), notified.end(), &task), notified.end());
  }
  /// The same of all tasks.
  void withdraw_all() noexcept {
    const std::lock_guard lock{mutex_};
    items_.notified.clear();
  }

 private:
  TaskHome& home_;
  std::mutex mutex_;
  Items items_;
  std::atomic<bool> waiting_{false};
};

}  // namespace udperf::engine
