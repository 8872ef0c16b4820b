#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <mutex>
#include <vector>

#include "clock/clock.hpp"
#include "engine/executor.hpp"
#include "engine/thread_scheduling.hpp"
#include "engine/worker.hpp"

namespace udperf::engine {

/// A fixed set of threads for all sessions' tasks, some for each urgency: what has deadlines must
/// not wait for what has none, nor lose its place in the system to the processor time of others.
/// What tolerates delay has threads apart, as there may be very many of it. A task goes to the
/// thread of its kind with the least to do, so that those at full speed share all threads evenly.
class ServerPool final : public Executor {
 public:
  /// As many threads for each urgency as this host has processors, 2..32.
  ServerPool(const Clock& clock, Worker::Waiting waiting, Realtime realtime);

  void add(Task& task) override;
  void wake() override;

  /// Ends the threads: every task is released afterwards, and so is what is added then.
  void stop();

 private:
  using Workers = std::vector<std::unique_ptr<Worker>>;
  static constexpr std::size_t kTolerant = 3;  ///< behind one for each urgency
  using Sets = std::array<Workers, kTolerant + 1>;

  std::array<ThreadScheduling::Group, kTolerant> group_;  ///< outlive the workers
  std::mutex mutex_;
  bool stopped_ = false;
  Sets workers_;
};

}  // namespace udperf::engine
