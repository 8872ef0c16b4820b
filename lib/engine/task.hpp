#pragma once

#include <atomic>

#include "base/time.hpp"
#include "engine/thread_scheduling.hpp"
#include "net/receive_buffers.hpp"
#include "sender/sender.hpp"

namespace udperf::engine {

using sender::Wake;

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

  /// Memory ran out in step(): from now on it is over(), and whatever it was part of should end.
  virtual void abandon() noexcept {}

  /// No step() is needed any more; set by step() itself.
  [[nodiscard]] virtual bool over() const = 0;

  /// To be called, too, when this descriptor has something to read; -1 for none.
  [[nodiscard]] virtual int read_fd() const { return -1; }

  /// What it needs of the scheduler.
  [[nodiscard]] virtual Urgency urgency() const { return Urgency::arrival; }

  /// How its thread is scheduled: before the first step(), and when that has changed.
  virtual void on_scheduling(Scheduling /*scheduling*/) {}

  /// The thread that ran it will not touch it again. Set by the worker.
  [[nodiscard]] bool released() const { return released_.load(std::memory_order_acquire); }
  void release() { released_.store(true, std::memory_order_release); }

 private:
  std::atomic<bool> released_{false};
};

}  // namespace udperf::engine
