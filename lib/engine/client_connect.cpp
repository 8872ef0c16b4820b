#include "engine/client_connect.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <string>

#include "engine/address_race.hpp"
#include "engine/client_flows.hpp"
#include "engine/event.hpp"
#include "engine/handshakes.hpp"
#include "engine/server_lookup.hpp"
#include "net/device.hpp"
#include "net/udp_port.hpp"
#include "traffic/profiles.hpp"

namespace udperf::engine {
namespace {

using namespace std::chrono_literals;

net::PortOptions::Offload offload(OffloadMode mode) {
  switch (mode) {
    case OffloadMode::on:
      return net::PortOptions::Offload::on;
    case OffloadMode::off:
      return net::PortOptions::Offload::off;
    case OffloadMode::automatic:
      break;
  }
  return net::PortOptions::Offload::automatic;
}

net::PortOptions port_options(const ClientOptions& options, const Endpoint& server,
                              std::uint16_t local_port) {
  net::PortOptions out;
  out.bind = options.bind;
  out.device = options.bind_device;
  out.local_port = local_port;
  out.remote = server;
  out.buffer_bytes = options.buffer.value_or(kDefaultBuffer);
  out.gso = offload(options.params.gso);
  out.gro = offload(options.params.gro);
  out.tos = static_cast<std::uint8_t>((options.params.dscp << 2U) | options.params.ecn);
  out.dont_fragment = options.params.df == DontFragment::on;
  return out;
}

Error in_phase(Error error, const char* phase, const Endpoint& server) {
  error.phase = phase;
  if (error.os_error == 0) {
    error.what = server.to_string() + ": " + error.what;
  }
  return error;
}

session::ClientHandshake::Settings handshake_settings(const ClientOptions& options,
                                                      const TestParams& params) {
  session::ClientHandshake::Settings settings;
  settings.params = params;
  settings.timeout = options.connect_timeout;
  if (options.key) {
    crypto::Key key{};
    std::transform(options.key->begin(), options.key->end(), key.begin(),
                   [](char c) { return static_cast<std::byte>(c); });
    settings.key = key;
  }
  return settings;
}

/// What `--packet-size auto` asks the server for, and finds out about later.
std::uint32_t largest_auto_payload(const Endpoint& server) {
  return server.address.family == IpFamily::v4 ? kAutoPayloadV4 : kAutoPayloadV6;
}

/// The payload that crosses the path unfragmented as far as the route's MTU tells.
std::uint32_t auto_payload(const net::UdpPort& port) {
  const IpFamily family = port.remote().address.family;
  const std::uint32_t headers = ip_udp_header_bytes(family);
  const std::uint32_t limit = family == IpFamily::v4 ? kAutoPayloadV4 : kAutoPayloadV6;
  const std::uint32_t mtu = port.path_mtu().value_or(limit + headers);
  return std::clamp(mtu > headers ? mtu - headers : 0, kDataHeaderBytes, limit);
}

struct Attempt {
  Result<Connection> connection;
  std::optional<std::uint32_t> retry_after_ms = std::nullopt;
  /// Where it failed for want of an answer: the ports that got none, and those that did.
  std::vector<std::uint16_t> silent = {};
  std::vector<std::uint16_t> answered = {};
};

tl::unexpected<Error> failed(Error error) {
  return tl::unexpected{std::move(error)};
}

/// What stays the same over the attempts of a client to get a session.
struct Attempts {
  const ClientOptions& options;
  const Clock& clock;
  RandomSource& random;
  ClientObserver& observer;
  const StopToken& stop;
  const StreamPorts& ports;

  /// For a handshake that has what is left of the time to connect.
  [[nodiscard]] session::ClientHandshake::Settings settings(const TestParams& params,
                                                            MonoTime deadline) const {
    auto out = handshake_settings(options, params);
    out.told_timeout = out.timeout;
    out.timeout = std::max(deadline - clock.now(), Duration{1ms});
    return out;
  }
};

/// The system's words for a way that is not there, as an error that waiting may mend.
Error unreachable_from_here(Error error) {
  constexpr std::array kNoWay{ENETUNREACH, EHOSTUNREACH, ENETDOWN, ENODEV, EACCES, EINVAL};
  const bool no_way = std::find(kNoWay.begin(), kNoWay.end(), error.os_error) != kNoWay.end();
  if (no_way && error.what.rfind("connect", 0) == 0) {
    error.code = ErrorCode::unreachable;
    if (error.os_error == EACCES) {
      error.what += " (a broadcast address, or a route that prohibits it)";
    }
  }
  return error;
}

/// Says goodbye to a session that will not be used.
void leave(Connection& connection) {
  Connection::Stream& first = connection.streams.front();
  auto bytes = wire::encode(wire::MessageType::bye, connection.session, 0,
                            wire::Bye{wire::ByeReason::failed});
  first.sealer.seal(bytes);
  first.port->send_control(bytes);
}

/// Why the session is not to be had without those of its streams that were not joined.
Attempt not_joined(const std::vector<Pending>& pending, const Connection& connection,
                   const Endpoint& server) {
  Attempt out{failed(interrupted_before_start())};
  out.answered.push_back(connection.streams.front().port->local().port);
  for (const Pending& one : pending) {
    if (one.handshake.done()) {
      out.answered.push_back(one.port->local().port);
    } else if (!one.handshake.failed()) {
      return {failed(interrupted_before_start())};
    } else if (one.handshake.error().code != ErrorCode::unreachable) {
      return {failed(in_phase(one.handshake.error(), "connect", server))};
    } else {
      out.connection = failed(in_phase(one.handshake.error(), "connect", server));
      out.silent.push_back(one.port->local().port);
    }
  }
  return out;
}

/// Opens the sockets of the streams after the first and joins them to the session; nothing where
/// that has worked. They leave from the first one's address, whatever other ways there are: the
/// server knows the client by it.
std::optional<Attempt> join_streams(Connection& connection, const Attempts& all,
                                    const Endpoint& server, MonoTime deadline) {
  std::vector<Pending> pending;
  for (std::uint16_t i = 1; i < connection.accept.params.streams; ++i) {
    auto options = port_options(all.options, server, all.ports.of_stream(i));
    options.bind = connection.streams.front().port->local().address;
    auto port = net::UdpPort::open(options);
    if (!port) {
      return Attempt{failed(in_phase(port.error(), "connect", server))};
    }
    auto settings = all.settings(connection.accept.params, deadline);
    settings.joining = session::ClientHandshake::Settings::Joining{
        connection.session, static_cast<std::uint8_t>(i), connection.accept.server_nonce};
    pending.push_back(
        Pending{*std::move(port), session::ClientHandshake{settings, all.random, all.clock.now()}});
  }
  run_handshakes(pending, all.clock, all.stop);
  if (!std::all_of(pending.begin(), pending.end(),
                   [](const Pending& one) { return one.handshake.done(); })) {
    leave(connection);
    return not_joined(pending, connection, server);
  }
  for (Pending& one : pending) {
    connection.streams.push_back({std::move(one.port), one.handshake.sealer()});
  }
  return std::nullopt;
}

/// The parameters as they are asked of a server at this address.
TestParams params_for(const ClientOptions& options, const StreamPorts& ports,
                      const Endpoint& server) {
  TestParams params = options.params;
  params.streams = ports.streams();
  if (options.auto_packet_size) {
    params.payload_bytes = largest_auto_payload(server);
  } else if (options.profile.ip_sizes && server.address.family == IpFamily::v6) {
    traffic::fit_ip_sizes(params);
  }
  return params;
}

/// `port_used`: the first stream's, in the latest handshake that was begun.
AddressRace::Begin beginner(const Attempts& all, MonoTime deadline, std::uint16_t& port_used) {
  return [&all, &port_used, deadline](const Endpoint& server, MonoTime now) -> Result<Pending> {
    all.observer.on_trace("HELLO", server);
    auto port = net::UdpPort::open(port_options(all.options, server, all.ports.of_stream(0)));
    if (!port) {
      return failed(unreachable_from_here(in_phase(port.error(), "connect", server)));
    }
    port_used = (*port)->local().port;
    const TestParams params = params_for(all.options, all.ports, server);
    if (const auto problem = check_params(params)) {
      return failed(*problem);
    }
    return Pending{*std::move(port),
                   session::ClientHandshake{all.settings(params, deadline), all.random, now}};
  };
}

/// What is known of a server that has answered, or was the last to be asked.
void note_server(const AddressRace::Runner& runner, const ClientOptions& options,
                 const StreamPorts& ports, TestOutcome& outcome) {
  outcome.server = runner.server;
  outcome.params = params_for(options, ports, runner.server);
  outcome.client = runner.pending.port->local();
  outcome.warnings.clear();  // those of an attempt before this one
  const auto& port = dynamic_cast<const net::UdpPort&>(*runner.pending.port);
  if (auto warning =
          fragmentation_warning(runner.server, outcome.params.payload_bytes, port.path_mtu());
      warning && !options.auto_packet_size) {
    outcome.warnings.push_back(*std::move(warning));
  }
}

Attempt attempt(const Attempts& all, TestOutcome& outcome) {
  // Of many flows it need not be the first that answers: others have to have their turn.
  const Duration patience =
      all.options.flows ? all.options.connect_timeout / 3 : all.options.connect_timeout;
  const MonoTime deadline = all.clock.now() + patience;
  auto servers = look_up_server(all.options, all.clock, all.stop, deadline);
  if (!servers) {
    return {failed(servers.error())};
  }
  outcome.server = servers->front();
  outcome.params = params_for(all.options, all.ports, servers->front());
  std::uint16_t port_used = 0;
  AddressRace race{*std::move(servers), beginner(all, deadline, port_used)};
  run_race(race, all.clock, all.stop);
  AddressRace::Runner* const runner = race.winner();
  if (runner == nullptr) {
    if (all.stop.requested()) {
      return {failed(interrupted_before_start())};
    }
    Attempt unheard{failed(race.error())};
    if (port_used != 0 && race.error().code == ErrorCode::unreachable) {
      unheard.silent.push_back(port_used);
    }
    return unheard;
  }
  note_server(*runner, all.options, all.ports, outcome);
  session::ClientHandshake& handshake = runner->pending.handshake;
  if (!handshake.done()) {
    return {failed(handshake.failed() ? in_phase(handshake.error(), "connect", runner->server)
                                      : interrupted_before_start()),
            handshake.retry_after_ms()};
  }
  Connection connection;
  connection.session = handshake.session();
  connection.accept = handshake.accept();
  connection.accept.params.burst = all.options.params.burst;  // the server has no say in ours
  connection.accept.params.profile = all.options.params.profile;
  connection.rtt = (all.clock.now() - handshake.begun()) / 2;
  connection.buffer_wanted = all.options.buffer.value_or(kDefaultBuffer);
  if (all.options.auto_packet_size) {
    connection.payload_fallback =
        auto_payload(dynamic_cast<const net::UdpPort&>(*runner->pending.port));
  }
  connection.streams.push_back({std::move(runner->pending.port), handshake.sealer()});
  const MonoTime join_by =
      all.options.flows ? all.clock.now() + all.options.connect_timeout : deadline;
  if (auto failure = join_streams(connection, all, runner->server, join_by)) {
    return *std::move(failure);
  }
  return {std::move(connection)};
}

void note_flows(const ClientOptions& options, const Connection& connection,
                const StreamPorts& ports, TestOutcome& outcome) {
  if (!options.flows) {
    return;
  }
  FlowPorts& flows = outcome.flows.emplace();
  flows.silent = ports.silent();
  for (const Connection::Stream& stream : connection.streams) {
    flows.of_streams.push_back(stream.port->local().port);
  }
}

/// How long to wait before the next attempt, or nothing when this was the last.
std::optional<Duration> retry_wait(const ClientOptions& options, const Attempt& last,
                                   Duration since_start) {
  const Error& error = last.connection.error();
  if (error.code == ErrorCode::unreachable && since_start < options.wait_server) {
    return 200ms;
  }
  const bool busy = error.code == ErrorCode::refused && last.retry_after_ms.has_value();
  if (busy && since_start < options.retry_busy) {
    return std::clamp<Duration>(std::chrono::milliseconds{*last.retry_after_ms}, 100ms, 2s);
  }
  return std::nullopt;
}

}  // namespace

Result<Connection> connect_client(const ClientOptions& options, const Clock& clock,
                                  RandomSource& random, ClientObserver& observer,
                                  const StopToken& stop, TestOutcome& outcome) {
  const MonoTime begun = clock.now();
  if (const auto known = net::check_device(options.bind_device); !known) {
    return failed(known.error());
  }
  StreamPorts ports{options};
  const Attempts all{options, clock, random, observer, stop, ports};
  while (true) {
    Attempt result = attempt(all, outcome);
    if (result.connection) {
      const Connection& connection = *result.connection;
      outcome.session = connection.session;
      outcome.params = connection.accept.params;
      outcome.client = connection.streams.front().port->local();
      outcome.client_seen_by_server = connection.accept.client;
      outcome.concurrent_sessions_max = connection.accept.concurrent;
      note_flows(options, connection, ports, outcome);
      return std::move(result.connection);
    }
    outcome.retry_after_ms = result.retry_after_ms;
    const auto wait = retry_wait(options, result, clock.now() - begun);
    if (!wait && !stop.requested() && ports.drop(result.silent, result.answered)) {
      continue;
    }
    if (!wait || stop.requested()) {
      return std::move(result.connection);
    }
    const std::array<int, 1> fds{stop.wait_fd()};
    wait_readable(fds, *wait);
  }
}

}  // namespace udperf::engine
