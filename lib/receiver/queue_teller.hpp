#pragma once

#include <cstdint>

#include "base/time.hpp"
#include "net/datagram_port.hpp"
#include "receiver/receiver.hpp"
#include "wire/messages.hpp"

namespace udperf::receiver {

/// Decides when a sender at full speed has to hear of this end's socket, and says how full it is:
/// each time it has read a quarter of what fits in there, each millisecond while more than a
/// quarter waits, and at once when something was dropped. Takes the time as an argument.
class QueueTeller {
 public:
  /// From now on; `payload_bytes`: of a datagram; `streams`: of the session, which share what it
  /// may say.
  void begin(std::uint32_t payload_bytes, std::uint32_t streams) {
    constexpr Duration kClosest = std::chrono::microseconds{100};
    on_ = true;
    payload_bytes_ = payload_bytes;
    spacing_ = kClosest * static_cast<int>(streams);
  }
  /// From begin() on, unless the system tells nothing of its sockets.
  [[nodiscard]] bool on() const { return on_; }

  /// To be asked after each read.
  [[nodiscard]] bool due(net::DatagramPort& port, const Receiver& receiver, MonoTime now);

  /// When it is due although nothing more is read; kNever where that needs more.
  [[nodiscard]] MonoTime next(const Receiver& receiver) const;

  /// What the message says of the queue, whether it was due or not.
  void fill(net::DatagramPort& port, const Receiver& receiver, wire::Feedback& feedback,
            MonoTime now);

 private:
  /// Of the buffer, for 1024 bytes of what was read since last told.
  void learn_cost(const Receiver& receiver);

  bool on_ = false;
  std::uint32_t payload_bytes_ = 1;
  std::uint32_t cost_ = 0;
  std::uint64_t told_next_ = 0;
  std::uint64_t step_ = 0;  ///< datagrams from one message to the next
  std::uint32_t told_drops_ = 0;
  MonoTime looked_{};
  MonoTime told_at_{};
  Duration spacing_{0};
  ReadLog::Sum merged_;
  ReadLog::Sum single_;
};

}  // namespace udperf::receiver
