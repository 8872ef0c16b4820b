#include "engine/client_connect.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <fstream>
#include <iterator>
#include <string>

#include "engine/address_race.hpp"
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
                              std::uint16_t stream) {
  net::PortOptions out;
  out.bind = options.bind;
  out.device = options.bind_device;
  // Each stream has a port of its own; a given one is the first of consecutive ones.
  out.local_port = options.local_port == 0
                       ? std::uint16_t{0}
                       : static_cast<std::uint16_t>(options.local_port + stream);
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
  std::optional<std::uint32_t> retry_after_ms;
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

/// Opens the sockets of the streams after the first and joins them to the session. They leave from
/// the first one's address, whatever other ways there are: the server knows the client by it.
Result<void> join_streams(Connection& connection, const Attempts& all, const Endpoint& server,
                          MonoTime deadline) {
  std::vector<Pending> pending;
  for (std::uint16_t i = 1; i < connection.accept.params.streams; ++i) {
    auto options = port_options(all.options, server, i);
    options.bind = connection.streams.front().port->local().address;
    auto port = net::UdpPort::open(options);
    if (!port) {
      return failed(in_phase(port.error(), "connect", server));
    }
    auto settings = all.settings(connection.accept.params, deadline);
    settings.joining = session::ClientHandshake::Settings::Joining{
        connection.session, static_cast<std::uint8_t>(i), connection.accept.server_nonce};
    pending.push_back(
        Pending{*std::move(port), session::ClientHandshake{settings, all.random, all.clock.now()}});
  }
  run_handshakes(pending, all.clock, all.stop);
  for (Pending& one : pending) {
    if (!one.handshake.done()) {
      return failed(one.handshake.failed() ? in_phase(one.handshake.error(), "connect", server)
                                           : interrupted_before_start());
    }
    connection.streams.push_back({std::move(one.port), one.handshake.sealer()});
  }
  return {};
}

/// The parameters as they are asked of a server at this address.
TestParams params_for(const ClientOptions& options, const Endpoint& server) {
  TestParams params = options.params;
  if (options.auto_packet_size) {
    params.payload_bytes = largest_auto_payload(server);
  } else if (options.profile.ip_sizes && server.address.family == IpFamily::v6) {
    traffic::fit_ip_sizes(params);
  }
  return params;
}

AddressRace::Begin beginner(const Attempts& all, MonoTime deadline) {
  return [&all, deadline](const Endpoint& server, MonoTime now) -> Result<Pending> {
    all.observer.on_trace("HELLO", server);
    auto port = net::UdpPort::open(port_options(all.options, server, 0));
    if (!port) {
      return failed(unreachable_from_here(in_phase(port.error(), "connect", server)));
    }
    const TestParams params = params_for(all.options, server);
    if (const auto problem = check_params(params)) {
      return failed(*problem);
    }
    return Pending{*std::move(port),
                   session::ClientHandshake{all.settings(params, deadline), all.random, now}};
  };
}

/// What is known of a server that has answered, or was the last to be asked.
void note_server(const AddressRace::Runner& runner, const ClientOptions& options,
                 TestOutcome& outcome) {
  outcome.server = runner.server;
  outcome.params = params_for(options, runner.server);
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
  const MonoTime begun = all.clock.now();
  const MonoTime deadline = begun + all.options.connect_timeout;
  auto servers = look_up_server(all.options, all.clock, all.stop, deadline);
  if (!servers) {
    return {failed(servers.error()), std::nullopt};
  }
  outcome.server = servers->front();
  outcome.params = params_for(all.options, servers->front());
  AddressRace race{*std::move(servers), beginner(all, deadline)};
  run_race(race, all.clock, all.stop);
  AddressRace::Runner* const runner = race.winner();
  if (runner == nullptr) {
    return {failed(all.stop.requested() ? interrupted_before_start() : race.error()), std::nullopt};
  }
  note_server(*runner, all.options, outcome);
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
  if (auto joined = join_streams(connection, all, runner->server, deadline); !joined) {
    return {failed(joined.error()), std::nullopt};
  }
  return {std::move(connection), std::nullopt};
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

wire::Digest host_fingerprint() {
  std::ifstream file{"/proc/sys/kernel/random/boot_id"};
  std::string identity{std::istreambuf_iterator<char>{file}, {}};
  if (identity.empty()) {
    // Not to be known: then no two hosts are the same.
    std::array<std::byte, 16> unknown{};
    crypto::SystemRandom{}.fill(unknown);
    std::transform(unknown.begin(), unknown.end(), std::back_inserter(identity),
                   [](std::byte b) { return static_cast<char>(b); });
  }
  struct stat status {};
  if (::stat("/proc/self/ns/time", &status) == 0) {
    identity += std::to_string(status.st_ino);
  }
  return crypto::fingerprint(std::as_bytes(std::span{identity}));
}

Result<Connection> connect_client(const ClientOptions& options, const Clock& clock,
                                  RandomSource& random, ClientObserver& observer,
                                  const StopToken& stop, TestOutcome& outcome) {
  const MonoTime begun = clock.now();
  if (const auto known = net::check_device(options.bind_device); !known) {
    return failed(known.error());
  }
  const Attempts all{options, clock, random, observer, stop};
  while (true) {
    Attempt result = attempt(all, outcome);
    if (result.connection) {
      const Connection& connection = *result.connection;
      outcome.session = connection.session;
      outcome.params = connection.accept.params;
      outcome.client = connection.streams.front().port->local();
      outcome.client_seen_by_server = connection.accept.client;
      outcome.concurrent_sessions_max = connection.accept.concurrent;
      return std::move(result.connection);
    }
    outcome.retry_after_ms = result.retry_after_ms;
    const auto wait = retry_wait(options, result, clock.now() - begun);
    if (!wait || stop.requested()) {
      return std::move(result.connection);
    }
    const std::array<int, 1> fds{stop.wait_fd()};
    wait_readable(fds, *wait);
  }
}

}  // namespace udperf::engine
