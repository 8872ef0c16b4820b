#pragma once

#include "engine/control_channel.hpp"

namespace udperf::engine {

/// What only one end, and only its first stream, does: the control of the session as a whole.
class SessionControl {
 public:
  SessionControl() = default;
  SessionControl(const SessionControl&) = delete;
  SessionControl& operator=(const SessionControl&) = delete;
  virtual ~SessionControl() = default;

  /// A control message that is not about one stream.
  virtual void on_message(const ControlMessage& message, ControlChannel& channel) = 0;
  /// A message without a session (HELLO, REQUEST, JOIN) that came to the session's own socket.
  virtual void on_stray(std::span<const std::byte> datagram, ControlChannel& channel) = 0;
  /// Does what is due; returns when something is due next.
  virtual MonoTime on_timer(ControlChannel& channel, MonoTime now) = 0;
  /// The stream's thread ran out of memory: nothing more will be asked of it.
  virtual void abandon() noexcept {}
};

}  // namespace udperf::engine
