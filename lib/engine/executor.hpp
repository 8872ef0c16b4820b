#pragma once

#include "engine/task.hpp"

namespace udperf::engine {

/// Runs tasks somewhere: worker threads in the program, one loop in the simulator.
class Executor {
 public:
  Executor() = default;
  Executor(const Executor&) = delete;
  Executor& operator=(const Executor&) = delete;
  virtual ~Executor() = default;

  /// From any thread. The task must live until it is released().
  virtual void add(Task& task) = 0;
  /// Every task is to be stepped once more, soon. To tell one: Task::notify().
  virtual void wake() = 0;
};

}  // namespace udperf::engine
