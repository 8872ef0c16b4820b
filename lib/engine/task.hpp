#pragma once

#include <atomic>

#include "base/time.hpp"
#include "engine/thread_scheduling.hpp"
#include "net/receive_buffers.hpp"
#include "sender/sender.hpp"

namespace udperf::engine {

using sender::Wake;

class Task;

/// Where a task runs. It outlives whatever notifies its tasks.
class TaskHome {
 public:
  TaskHome() = default;
  TaskHome(const TaskHome&) = delete;
  TaskHome& operator=(const TaskHome&) = delete;

  /// From any thread.
  virtual void notify(const Task& task) noexcept = 0;

 protected:
  ~TaskHome() = default;
};

/// A piece of work that a thread does again and again: step() does what is due and says when it
/// wants to be called next. The same steps run in the simulator, in time order, on one thread.
class Task {
 public:
  Task() = default;
  Task(const Task&) = delete;
  Task& operator=(const Task&) = delete;
  virtual ~Task() = default;

  /// Never blocks, and returns soon.
  virtual Wake step(MonoTime now, net::ReceiveBuffers& buffers) = 0;

  /// Memory ran out in step(): from now on it is over(), and whatever it was part of should end. A
  /// task that is nobody's part may go on: it is stepped again.
  virtual void abandon() noexcept {}

  /// No step() is needed any more; set by step() itself.
  [[nodiscard]] virtual bool over() const = 0;

  /// To be called, too, when this descriptor has something to read; -1 for none.
  [[nodiscard]] virtual int read_fd() const { return -1; }

  /// What it needs of the scheduler.
  [[nodiscard]] virtual Urgency urgency() const { return Urgency::arrival; }

  /// How much of a thread it may use, beside others: as much as there is, or some.
  [[nodiscard]] virtual std::size_t weight() const { return 1; }
  static constexpr std::size_t kAllThereIs = 64;

  /// What arrives may wait some milliseconds: it is few, and the kernel has noted when it came.
  [[nodiscard]] virtual bool tolerates_delay() const { return false; }

  /// How its thread is scheduled: before the first step(), and when that has changed.
  virtual void on_scheduling(Scheduling /*scheduling*/) {}

  /// Has it stepped once more, soon: something that it looks at has changed. From any thread; does
  /// nothing where it has no home.
  void notify() const noexcept {
    if (TaskHome* const home = home_.load(std::memory_order_acquire)) {
      home->notify(*this);
    }
  }
  [[nodiscard]] TaskHome* home() const { return home_.load(std::memory_order_acquire); }
  /// Set by whoever runs it.
  void set_home(TaskHome* home) { home_.store(home, std::memory_order_release); }

  /// The thread that ran it will not touch it again. Set by the worker.
  [[nodiscard]] bool released() const { return released_.load(std::memory_order_acquire); }
  void release() { released_.store(true, std::memory_order_release); }

 private:
  std::atomic<TaskHome*> home_{nullptr};
  std::atomic<bool> released_{false};
};

}  // namespace udperf::engine
