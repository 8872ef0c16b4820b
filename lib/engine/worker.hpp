#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <thread>
#include <vector>

#include "clock/clock.hpp"
#include "engine/task.hpp"
#include "engine/thread_scheduling.hpp"
#include "net/fd.hpp"
#include "pacing/spin_policy.hpp"

namespace udperf::engine {

/// A thread that runs tasks: sleeps in the kernel until a descriptor has something to read or a
/// task's time has come. Tasks are the caller's; one that is over is released() and not touched
/// again.
class Worker {
 public:
  /// How it waits while it has tasks: asleep, or looking again and again (--spin).
  enum class Waiting : std::uint8_t { asleep, spinning };

  struct Settings {
    Waiting waiting = Waiting::asleep;
    Urgency urgency = Urgency::arrival;  ///< of the tasks that it will get
    Realtime realtime = Realtime::automatic;
  };

  explicit Worker(const Clock& clock) : Worker(clock, Settings{}) {}
  Worker(const Clock& clock, const Settings& settings);
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;
  /// Tells the thread to end, and waits for it. Tasks that are not over are released.
  ~Worker();

  /// From any thread. The task must live until it is released().
  void add(Task& task);
  /// Runs every task's step() once more, soon: something that they look at has changed.
  void wake();

  [[nodiscard]] std::size_t load() const { return load_.load(std::memory_order_relaxed); }

 private:
  struct Entry {
    Task* task;
    MonoTime at;
    bool precise;
    bool deaf;
  };

  void run();
  void take_new();
  void run_due(MonoTime now);
  Wake step(Task& task, MonoTime now);
  void listen(Entry& entry, bool on);
  void drop_finished();
  void keep_to_budget(MonoTime now);
  void wait(MonoTime now);
  void wait_for(MonoTime first, MonoTime now);
  [[nodiscard]] bool spins(MonoTime now) const;
  void poll(Duration timeout);

  const Clock& clock_;
  Settings settings_;
  ThreadScheduling scheduling_;
  pacing::SpinPolicy spin_;
  unsigned cores_ = 1;
  net::Fd epoll_;
  net::Fd event_;
  std::mutex mutex_;
  std::vector<Task*> incoming_;
  std::atomic<bool> stop_{false};
  std::atomic<bool> all_due_{false};
  std::atomic<std::size_t> load_{0};
  std::vector<Entry> entries_;
  net::ReceiveBuffers buffers_;
  int turns_ = 0;
  std::thread thread_;  // last: starts when everything else is there
};

}  // namespace udperf::engine
