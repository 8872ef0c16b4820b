#pragma once

#include <atomic>
#include <condition_variable>
#include <csignal>
#include <mutex>
#include <thread>

#include "app/iperf3/printer.hpp"
#include "engine/stop_token.hpp"

namespace udperf::app {

/// Asks the server to stop when no client has been granted a test after a while.
class IdleGuard {
 public:
  IdleGuard(Duration patience, const Iperf3Printer& printer, engine::StopToken& stop)
      : thread_([this, patience, &printer, &stop] {
          std::unique_lock lock{mutex_};
          if (!ended_.wait_for(lock, patience, [this] { return over_; }) &&
              !printer.client_came()) {
            asked_ = true;
            stop.request(SIGTERM);
          }
        }) {}
  ~IdleGuard() {
    {
      const std::lock_guard lock{mutex_};
      over_ = true;
    }
    ended_.notify_all();
    thread_.join();
  }
  IdleGuard(const IdleGuard&) = delete;
  IdleGuard& operator=(const IdleGuard&) = delete;

  /// It has.
  [[nodiscard]] bool asked() const { return asked_.load(); }

 private:
  std::atomic<bool> asked_{false};
  std::mutex mutex_;
  std::condition_variable ended_;
  bool over_ = false;
  std::thread thread_;
};

}  // namespace udperf::app
