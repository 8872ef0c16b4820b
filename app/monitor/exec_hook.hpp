#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <thread>

#include "base/result.hpp"
#include "base/time.hpp"

namespace udperf::app {

/// Runs a program for each event, which it gets on its stdin as a JSON line: one at a time, each
/// for a limited time. What does not fit into the queue is left out and counted.
class ExecHook {
 public:
  /// `say` is told of each run that failed; from another thread.
  ExecHook(std::string program, std::function<void(const std::string& text)> say,
           Duration deadline = std::chrono::seconds{30},
           Duration patience = std::chrono::seconds{5});
  ExecHook(const ExecHook&) = delete;
  ExecHook& operator=(const ExecHook&) = delete;
  /// What runs and waits has `patience` more; the rest is ended, said and counted.
  ~ExecHook();

  /// Whether there is such a file to run, by its path or in PATH.
  [[nodiscard]] static bool is_program(const std::string& program);
  /// What to say where there is not.
  [[nodiscard]] static Error no_program(const std::string& program);

  /// Never blocks.
  void put(std::string event);

  [[nodiscard]] std::uint64_t runs() const { return runs_.load(); }
  [[nodiscard]] std::uint64_t failures() const { return failures_.load(); }

 private:
  static constexpr std::size_t kMostWaiting = 1000;

  void work();
  void leave_out(std::size_t runs);
  /// Why it did not do what it should; empty where it did.
  [[nodiscard]] std::string run(const std::string& event);
  [[nodiscard]] std::string wait_for(int pid);

  std::string program_;
  std::function<void(const std::string& text)> say_;
  Duration deadline_;
  std::atomic<std::uint64_t> runs_{0};
  std::atomic<std::uint64_t> failures_{0};
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::string> waiting_;
  std::atomic<bool> ending_{false};
  Duration patience_;  ///< the thread's own: what is left of it
  std::thread thread_;
};

}  // namespace udperf::app
