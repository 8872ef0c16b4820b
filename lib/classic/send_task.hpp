#pragma once

#include <cstdint>

#include "engine/task.hpp"
#include "net/datagram_port.hpp"
#include "os/event.hpp"
#include "sender/sender.hpp"

namespace udperf::classic {

/// The sending half of a classic test as a task: a Sender, which ends when the system says that
/// nobody listens, or takes nothing for too long.
class SendTask final : public engine::Task {
 public:
  /// Why it had to end, where that is not the Sender's own doing.
  enum class Trouble : std::uint8_t { none, refused, stuck, no_memory };

  /// `patience`: so long the system may take nothing. Raises `done` when it is over.
  SendTask(sender::Sender& sender, net::DatagramPort& port, engine::Urgency urgency,
           Duration patience, const os::Event& done)
      : sender_(sender), port_(port), urgency_(urgency), patience_(patience), done_(done) {}

  engine::Wake step(MonoTime now, net::ReceiveBuffers& buffers) override;
  void abandon() noexcept override;
  [[nodiscard]] bool over() const override { return over_; }
  [[nodiscard]] engine::Urgency urgency() const override { return urgency_; }
  void on_scheduling(Scheduling scheduling) override { sender_.set_scheduling(scheduling); }

  /// Once it is over.
  [[nodiscard]] Trouble trouble() const { return trouble_; }

 private:
  engine::Wake end();

  sender::Sender& sender_;
  net::DatagramPort& port_;
  engine::Urgency urgency_;
  Duration patience_;
  const os::Event& done_;
  Trouble trouble_ = Trouble::none;
  bool over_ = false;
};

}  // namespace udperf::classic
