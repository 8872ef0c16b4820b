#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <thread>
#include <vector>

#include "clock/clock.hpp"
#include "engine/due_queue.hpp"
#include "engine/executor.hpp"
#include "engine/task.hpp"
#include "engine/task_news.hpp"
#include "engine/thread_scheduling.hpp"
#include "os/event.hpp"
#include "os/poller.hpp"
#include "pacing/spin_policy.hpp"

namespace udperf::engine {

/// A thread that runs tasks: sleeps in the kernel until a descriptor has something to read, a
/// task's time has come, or one is notified. Tasks are the caller's; one that is over is released()
/// and not touched again.
class Worker final : public Executor, public TaskHome {
 public:
  /// How it waits while it has tasks: asleep, or looking again and again (--spin).
  enum class Waiting : std::uint8_t { asleep, spinning };

  struct Settings {
    Waiting waiting = Waiting::asleep;
    Urgency urgency = Urgency::arrival;  ///< of the tasks that it will get
    Realtime realtime = Realtime::automatic;
    ThreadScheduling::Group* group = nullptr;  ///< outlive it
  };

  /// The longest that what a task that tolerates_delay() has to read may wait.
  static constexpr Duration kPatience = std::chrono::milliseconds{10};

  explicit Worker(const Clock& clock) : Worker(clock, Settings{}) {}
  Worker(const Clock& clock, const Settings& settings);
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;
  /// As stop().
  ~Worker() override;

  /// From any thread. The task must live until it is released().
  void add(Task& task) override;
  /// Runs every task's step() once more, soon.
  void wake() override;
  void notify(const Task& task) noexcept override;

  /// Tells the thread to end, and waits for it. Tasks that are not over are released. What is
  /// notified afterwards is not run.
  void stop();

  /// Of its tasks, by their weight().
  [[nodiscard]] std::size_t load() const { return load_.load(std::memory_order_relaxed); }

 private:
  struct Entry : DueQueue::Item {
    Task* task = nullptr;
    bool precise = false;
    bool poll_only = false;
  };

  void run();
  void take_news();
  void take_in(Task& task);
  /// Returns the time at its end.
  MonoTime run_due(MonoTime woke);
  void run_one(Entry& entry, MonoTime now);
  Wake step(Task& task, MonoTime now);
  void listen(Entry& entry, bool on);
  void let_go(Entry& entry);
  void keep_to_budget(MonoTime now);
  void wait(MonoTime now);
  void wait_for(MonoTime first, MonoTime now);
  [[nodiscard]] bool spins(MonoTime now) const;
  void poll(Duration timeout);
  void on_event(void* of);
  void look_at_tolerant();
  void listen_to_tolerant(MonoTime now);
  void tell() noexcept;
  [[nodiscard]] const os::Poller& poller_of(const Task& task) const {
    return task.tolerates_delay() ? patience_.poller : poller_;
  }

  const Clock& clock_;
  Settings settings_;
  ThreadScheduling scheduling_;
  pacing::SpinPolicy spin_;
  unsigned cores_ = 1;
  os::Poller poller_;
  os::Event event_;
  struct Patience {
    os::Poller poller;       ///< within poller_: of tasks that tolerate delay
    bool known = false;      ///< there is one
    MonoTime until{kNever};  ///< it is not listened to before; kNever: it is now
  };
  Patience patience_;
  TaskNews news_{*this};
  std::atomic<bool> stop_{false};
  std::atomic<std::size_t> load_{0};
  std::map<const Task*, std::unique_ptr<Entry>> entries_;
  DueQueue queue_;
  std::vector<DueQueue::Item*> due_;
  std::size_t precise_ = 0;  ///< tasks that wait so
  net::ReceiveBuffers buffers_;
  int turns_ = 0;
  std::thread thread_;  // last: starts when everything else is there
};

}  // namespace udperf::engine
