#include "classic/stop_exchange.hpp"

#include "classic/wire.hpp"

namespace udperf::classic {
bool StopExchange::take_stop(MonoTime now) {
  if (over(now) || now < next_stop_) {
    return false;
  }
  next_stop_ = now + kEvery;
  ++stops_;
  return true;
}

void StopExchange::on_datagram(std::span<const std::byte> datagram) {
  if (answer_ || stops_ == 0) {
    return;
  }
  answer_ = read_answer(datagram);
  ignored_ += answer_ ? 0U : 1U;
}

}  // namespace udperf::classic
