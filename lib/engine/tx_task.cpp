#include "engine/tx_task.hpp"

namespace udperf::engine {

void TxTask::abandon() noexcept {
  over_ = true;
  test_.out_of_memory.store(true, std::memory_order_relaxed);
  endpoint_.notify();
}

Wake TxTask::step(MonoTime now, net::ReceiveBuffers& /*buffers*/) {
  if (test_.quit.load(std::memory_order_acquire)) {
    sender_.stop(test_.stop_sending.get().value_or(TxEnd::interrupted));
  }
  Wake wake = sender_.step(now);
  if (sender_.finished()) {
    over_ = true;
    endpoint_.notify();
    return Wake{};
  }
  constexpr Duration kTogether = std::chrono::milliseconds{1};
  wake.slack = tolerates_delay() ? kTogether : Duration{0};
  return wake;
}

}  // namespace udperf::engine
