#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "engine/worker.hpp"

namespace udperf::engine {

/// A fixed number of threads for any number of tests. Which of them a task runs on is said by whom
/// it is added to: all tasks of one test on one of them never wait for each other.
class WorkerPool {
 public:
  WorkerPool(const Clock& clock, std::size_t threads, const Worker::Settings& settings = {}) {
    for (std::size_t i = 0; i < threads; ++i) {
      workers_.push_back(std::make_unique<Worker>(clock, settings));
    }
  }
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;
  ~WorkerPool() { stop(); }

  [[nodiscard]] std::size_t size() const { return workers_.size(); }
  [[nodiscard]] Worker& at(std::size_t i) const { return *workers_[i % workers_.size()]; }
  [[nodiscard]] std::vector<Executor*> executors() const {
    std::vector<Executor*> out;
    out.reserve(workers_.size());
    for (const auto& worker : workers_) {
      out.push_back(worker.get());
    }
    return out;
  }

  /// Ends the threads: every task is released afterwards, and may still be notified.
  void stop() {
    for (const auto& worker : workers_) {
      worker->stop();
    }
  }

 private:
  std::vector<std::unique_ptr<Worker>> workers_;
};

}  // namespace udperf::engine
