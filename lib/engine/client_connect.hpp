#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "engine/address_race.hpp"
#include "engine/client_flows.hpp"
#include "engine/client_run.hpp"
#include "engine/port_options.hpp"
#include "net/datagram_port.hpp"
#include "os/ready_set.hpp"
#include "session/sealer.hpp"
#include "wire/messages.hpp"

namespace udperf::engine {

/// A session that the server has granted, with a socket for each stream.
struct Connection {
  struct Stream {
    std::unique_ptr<net::DatagramPort> port;
    session::Sealer sealer;
  };
  std::uint64_t session = 0;
  wire::Accept accept;
  std::vector<Warning> lowered;  ///< of what was asked for
  Duration rtt{0};               ///< of the handshake
  std::vector<Stream> streams;
  std::uint32_t buffer_wanted = 0;  ///< payload bytes asked of each socket
  /// The path is to be asked for its packet size; this is what its route's MTU suggests.
  std::optional<std::uint32_t> payload_fallback;
};

/// A client's way to a session, never waiting: shakes hands with the addresses of a host, side by
/// side, and brings the streams.
class ClientConnect {
 public:
  struct Settings {
    const ClientOptions* options = nullptr;
    std::vector<Endpoint> servers;  ///< in the order of preference; at least one
    StreamPorts ports;              ///< that the streams leave from
    MonoTime deadline = kNever;     ///< of the first stream; of all, where nothing else is said
    OpenPort open = open_system_port;
    /// Told of each address that is asked; may be empty.
    std::function<void(const Endpoint& server)> on_hello = {};
    /// Of many flows that are tried more than once: how the time is shared.
    std::optional<ConnectTime> time = std::nullopt;
  };

  ClientConnect(Settings settings, const Clock& clock, RandomSource& random);

  /// Does what is due; returns when something is due next.
  MonoTime step(net::ReceiveBuffers& buffers, MonoTime now);
  /// Nobody wants it any more: says goodbye where a session is granted already.
  void give_up();
  /// Readable when step() has something to read.
  [[nodiscard]] int fd() const { return ready_.fd(); }

  [[nodiscard]] bool over() const { return over_; }
  /// After over(), once: the session, or why there is none.
  [[nodiscard]] Result<Connection> take();
  [[nodiscard]] std::optional<std::uint32_t> retry_after_ms() const { return retry_after_ms_; }
  /// Why there is no session, in one word.
  [[nodiscard]] session::Obstacle obstacle() const { return obstacle_; }
  /// Where it failed for want of an answer: the ports that got none, and those that did.
  struct Unheard {
    std::vector<std::uint16_t> silent;
    std::vector<std::uint16_t> answered;
  };
  [[nodiscard]] const Unheard& unheard() const { return unheard_; }
  /// Writes down what is known by now: server, parameters, own address, warnings.
  void fill(TestOutcome& outcome) const;

 private:
  Result<Pending> begin(const Endpoint& server, MonoTime now);
  void on_race_over(MonoTime now);
  [[nodiscard]] Connection connection_of(AddressRace::Runner& runner, MonoTime now) const;
  void begin_joins(MonoTime now);
  MonoTime step_joins(net::ReceiveBuffers& buffers, MonoTime now);
  [[nodiscard]] std::optional<Error> not_joined();
  void fill_flows(const Connection& granted, TestOutcome& outcome) const;
  void end(Result<Connection> result);
  [[nodiscard]] session::ClientHandshake::Settings handshake_settings(const TestParams& params,
                                                                      MonoTime now) const;

  Settings settings_;
  const Clock& clock_;
  RandomSource& random_;
  os::ReadySet ready_;
  AddressRace race_;
  Endpoint server_;  ///< that answered; before that, the first to be asked
  Endpoint client_;
  std::optional<std::uint32_t> route_mtu_;
  std::optional<Connection> granted_;  ///< its streams are still to be joined
  std::vector<Pending> joining_;
  std::optional<std::uint32_t> retry_after_ms_;
  session::Obstacle obstacle_ = session::Obstacle::other;
  std::uint16_t first_port_ = 0;  ///< of the handshake that was begun last
  Unheard unheard_;
  std::optional<Result<Connection>> result_;
  bool over_ = false;
};

}  // namespace udperf::engine
