#pragma once

#include "engine/task.hpp"
#include "engine/test_state.hpp"

namespace udperf::engine {

/// The transmit loop of a stream as a task.
class TxTask final : public Task {
 public:
  /// `endpoint` is notified at its end. All outlive it.
  TxTask(sender::Sender& sender, TestState& test, Urgency urgency, const Task& endpoint)
      : sender_(sender), test_(test), urgency_(urgency), endpoint_(endpoint) {}

  Wake step(MonoTime now, net::ReceiveBuffers& buffers) override;
  void abandon() noexcept override;
  [[nodiscard]] bool over() const override { return over_; }
  [[nodiscard]] Urgency urgency() const override { return urgency_; }
  [[nodiscard]] bool tolerates_delay() const override { return endpoint_.tolerates_delay(); }
  void on_scheduling(Scheduling scheduling) override { sender_.set_scheduling(scheduling); }

 private:
  sender::Sender& sender_;
  TestState& test_;
  Urgency urgency_;
  const Task& endpoint_;
  bool over_ = false;
};

}  // namespace udperf::engine
