#pragma once

#include <atomic>
#include <chrono>
#include <csignal>
#include <functional>
#include <thread>

#include "engine/stop_token.hpp"

namespace udperf::app {

/// Turns SIGINT and SIGTERM into a stop request for as long as it lives; another one, later
/// than a moment, ends the process at once with 128 + its number. SIGUSR1 calls `on_user_signal`
/// and SIGHUP `on_hangup`, from a thread of its own; without one, SIGHUP changes nothing: a test
/// whose terminal is gone still ends, and its result is written.
///
/// Construct it in main's thread before any other thread exists: the signals are blocked there and
/// in all threads that follow, and one thread waits for them. So no handler runs anywhere, and
/// nothing but ordinary code reacts to a signal. After it SIGINT and SIGTERM are ignored: the work
/// is done, and what ends the process is the status that belongs to it. SIGPIPE is ignored: writing
/// says what went wrong.
class SignalWatcher {
 public:
  /// `stop` must outlive the watcher.
  explicit SignalWatcher(engine::StopToken& stop, std::function<void()> on_user_signal = {},
                         std::function<void()> on_hangup = {});
  SignalWatcher(const SignalWatcher&) = delete;
  SignalWatcher& operator=(const SignalWatcher&) = delete;
  ~SignalWatcher();

 private:
  void watch();

  engine::StopToken& stop_;
  std::function<void()> on_user_signal_;
  std::function<void()> on_hangup_;
  std::atomic<bool> done_{false};
  sigset_t signals_{};
  sigset_t before_{};                                 ///< what was blocked before
  std::chrono::steady_clock::time_point first_at_{};  ///< of the signals that asked to stop
  std::thread thread_;
};

}  // namespace udperf::app
