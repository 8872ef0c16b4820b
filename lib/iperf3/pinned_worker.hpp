#pragma once

#include <cstdint>

#include "engine/worker.hpp"
#include "os/affinity.hpp"

namespace udperf::iperf3 {

/// A thread of its own for the streams of one test, on one CPU.
class PinnedWorker {
 public:
  PinnedWorker(const Clock& clock, std::uint32_t cpu) : pin_(cpu), worker_(clock) {
    worker_.add(pin_);
  }
  PinnedWorker(const PinnedWorker&) = delete;
  PinnedWorker& operator=(const PinnedWorker&) = delete;
  ~PinnedWorker() = default;

  [[nodiscard]] engine::Executor& executor() { return worker_; }

 private:
  /// The thread's first task takes it there.
  class Pin final : public engine::Task {
   public:
    explicit Pin(std::uint32_t cpu) : cpu_(cpu) {}
    engine::Wake step(MonoTime /*now*/, net::ReceiveBuffers& /*buffers*/) override {
      static_cast<void>(os::stay_on_cpu(cpu_));  // it was there when the test was let in
      over_.store(true, std::memory_order_release);
      return {};
    }
    [[nodiscard]] bool over() const override { return over_.load(std::memory_order_acquire); }

   private:
    std::uint32_t cpu_;
    std::atomic<bool> over_{false};
  };

  Pin pin_;
  engine::Worker worker_;  // last: ends before what it runs
};

}  // namespace udperf::iperf3
