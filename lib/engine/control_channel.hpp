#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "base/endpoint.hpp"
#include "base/time.hpp"
#include "clock/clock.hpp"
#include "net/datagram_port.hpp"
#include "wire/messages.hpp"

namespace udperf::engine {

/// When a datagram came, and whether the kernel says so: else it may have waited to be read.
struct Arrival {
  MonoTime at{};
  bool kernel = false;
};

/// An authentic control message.
struct ControlMessage {
  wire::MessageType type{};
  std::span<const std::byte> inner;  ///< the datagram without its trailer
  std::size_t bytes = 0;             ///< of the whole datagram
  Arrival arrival;
};

/// What carries the control messages of a session, and what it knows of the path and the host: the
/// only way from the control of a session to a socket.
class ControlChannel {
 public:
  ControlChannel() = default;
  ControlChannel(const ControlChannel&) = delete;
  ControlChannel& operator=(const ControlChannel&) = delete;
  virtual ~ControlChannel() = default;

  /// Sends an answer or a request, sealed; not at all where the session's budget forbids it:
  /// whoever needs it asks again.
  virtual void send(std::vector<std::byte> datagram) = 0;
  /// Sends a message that must not be fragmented, padded to `bytes` with what sealing adds. The
  /// status says whether this host could.
  virtual net::SendOutcome::Status send_probe(const wire::Probe& probe, std::size_t bytes) = 0;
  /// Sends the probes as one buffer, each padded to `bytes`: what Preflight asks for. False when
  /// the session's budget does not allow that now.
  virtual bool send_merged(const std::vector<wire::Probe>& probes, std::size_t bytes) = 0;
  /// Gives a datagram that is not this session's to whoever accepts new ones, if anybody does.
  virtual void hand_on(std::span<const std::byte> datagram) = 0;

  /// Whether a handshake message that came again is from who holds the session's key.
  [[nodiscard]] virtual bool authentic(std::span<const std::byte> datagram) = 0;
  /// Bytes of control messages that the session's budget holds.
  [[nodiscard]] virtual std::uint64_t affordable() const = 0;
  /// Whether batches of DATA leave as one buffer (UDP_SEGMENT).
  [[nodiscard]] virtual bool merges_sends() const = 0;
  /// What the socket can hold, payload bytes.
  [[nodiscard]] virtual std::uint32_t receive_buffer_bytes() const = 0;
  /// The largest IP packet that the path takes, as ICMP has said since last asked.
  [[nodiscard]] virtual std::optional<std::uint32_t> take_mtu_hint() = 0;
  [[nodiscard]] virtual IpFamily family() const = 0;
  [[nodiscard]] virtual MonoTime clock_now() const = 0;
  /// Both clocks of this host.
  [[nodiscard]] virtual ClockAnchor clock_anchor() const = 0;
};

}  // namespace udperf::engine
