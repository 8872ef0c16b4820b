#include "classic/send_task.hpp"

namespace udperf::classic {

engine::Wake SendTask::step(MonoTime now, net::ReceiveBuffers& /*buffers*/) {
  const engine::Wake wake = sender_.step(now);
  const auto since = sender_.stuck_since();
  if (port_.take_refused()) {
    trouble_ = Trouble::refused;
  } else if (!sender_.finished() && since && now - *since > patience_) {
    trouble_ = Trouble::stuck;
  }
  if (trouble_ != Trouble::none) {
    sender_.stop(TxEnd::failed);
    sender_.step(now);
  }
  if (!sender_.finished()) {
    return wake;
  }
  return end();
}

void SendTask::abandon() noexcept {
  trouble_ = Trouble::no_memory;
  end();
}

engine::Wake SendTask::end() {
  over_ = true;
  done_.raise();
  return engine::Wake{};
}

}  // namespace udperf::classic
