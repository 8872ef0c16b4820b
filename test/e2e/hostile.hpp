#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "clock/system_clock.hpp"
#include "crypto/crypto.hpp"
#include "e2e/program.hpp"
#include "engine/client_connect.hpp"
#include "net/receive_buffers.hpp"

namespace udperf::test {

/// A client that keeps to the handshake and to nothing afterwards; weighs what goes out and what
/// comes back.
class HostileClient {
 public:
  /// Fails the test when the server does not grant the session.
  HostileClient(const Endpoint& server, const TestParams& params);

  /// Says GO.
  void go();
  /// From the socket of this stream, as it is.
  void send(std::span<const std::byte> datagram, std::size_t stream = 0);
  /// The same after encoding a message of the session.
  template <typename Message>
  void say(wire::MessageType type, const Message& message, std::size_t stream = 0) {
    send(wire::encode(type, session(), static_cast<std::uint8_t>(stream), message), stream);
  }
  /// A DATA datagram of the agreed size.
  void send_data(std::uint64_t sequence, std::int64_t tx_time_ns, std::size_t stream = 0);
  /// Reads what has come; `on_datagram` sees each.
  void drain(const std::function<void(std::span<const std::byte>)>& on_datagram = {});
  /// Until the time is over, or `done` says so; reads all the while.
  bool drain_until(std::chrono::milliseconds limit, const std::function<bool()>& done);

  [[nodiscard]] std::uint64_t session() const { return connection_.session; }
  [[nodiscard]] const engine::Connection& connection() const { return connection_; }
  [[nodiscard]] const Endpoint local() const { return connection_.streams.front().port->local(); }
  /// Bytes of UDP payload since the handshake.
  [[nodiscard]] std::uint64_t bytes_out() const { return bytes_out_; }
  [[nodiscard]] std::uint64_t bytes_in() const { return bytes_in_; }

 private:
  SystemClock clock_;
  crypto::SystemRandom random_;
  engine::Connection connection_;
  net::ReceiveBuffers buffers_;
  std::uint64_t bytes_out_ = 0;
  std::uint64_t bytes_in_ = 0;
};

/// Resident memory of a process, by /proc.
[[nodiscard]] std::size_t resident_kib(const Process& process);
[[nodiscard]] std::size_t address_space_kib(const Process& process);
[[nodiscard]] std::size_t descriptors_of(const Process& process);
/// The most that it was at any moment.
[[nodiscard]] std::size_t most_resident_kib(const Process& process);
/// CPU time that all threads of a process have used so far.
[[nodiscard]] std::chrono::nanoseconds cpu_time(const Process& process);
/// Datagrams that overflowed the IPv4 sockets with this local port.
[[nodiscard]] std::uint64_t dropped_at_port(std::uint16_t port);
/// Bytes that these sockets hold and that nobody has read yet.
[[nodiscard]] std::uint64_t unread_at_port(std::uint16_t port);
/// The value of a counter in the server's record of counters, which SIGUSR1 asks for.
[[nodiscard]] std::uint64_t counter_of(Server& server, const std::string& name);
/// A test of 200 datagrams through the server, exact to the last one.
void check_serves(const Server& server);

}  // namespace udperf::test
