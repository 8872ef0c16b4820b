#include "engine/client_connect.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <iterator>
#include <string>

#include "engine/event.hpp"
#include "engine/handshakes.hpp"
#include "net/resolver.hpp"
#include "net/udp_port.hpp"

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

Error interrupted_error() {
  return Error{ErrorCode::cut_short, "interrupted before the test started", 0, "connect"};
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

/// Opens the sockets of the streams after the first and joins them to the session.
Result<void> join_streams(Connection& connection, const ClientOptions& options,
                          const Endpoint& server, const Clock& clock, RandomSource& random,
                          const StopToken& stop) {
  std::vector<Pending> pending;
  for (std::uint16_t i = 1; i < connection.accept.params.streams; ++i) {
    auto port = net::UdpPort::open(port_options(options, server, i));
    if (!port) {
      return failed(in_phase(port.error(), "connect", server));
    }
    auto settings = handshake_settings(options, connection.accept.params);
    settings.joining = session::ClientHandshake::Settings::Joining{
        connection.session, static_cast<std::uint8_t>(i), connection.accept.server_nonce};
    pending.push_back(
        Pending{*std::move(port), session::ClientHandshake{settings, random, clock.now()}});
  }
  run_handshakes(pending, clock, stop);
  for (Pending& one : pending) {
    if (!one.handshake.done()) {
      return failed(one.handshake.failed() ? in_phase(one.handshake.error(), "connect", server)
                                           : interrupted_error());
    }
    connection.streams.push_back({std::move(one.port), one.handshake.sealer()});
  }
  return {};
}

Attempt attempt(const ClientOptions& options, const Endpoint& server, const Clock& clock,
                RandomSource& random, const StopToken& stop, TestOutcome& outcome) {
  auto port = net::UdpPort::open(port_options(options, server, 0));
  if (!port) {
    return {failed(in_phase(port.error(), "connect", server)), std::nullopt};
  }
  TestParams params = options.params;
  if (options.auto_packet_size) {
    params.payload_bytes = largest_auto_payload(server);
  }
  if (const auto problem = check_params(params)) {
    return {failed(*problem), std::nullopt};
  }
  outcome.params = params;
  outcome.client = (*port)->local();
  outcome.warnings.clear();  // those of an attempt before this one
  if (auto warning = fragmentation_warning(server, params.payload_bytes, (*port)->path_mtu());
      warning && !options.auto_packet_size) {
    outcome.warnings.push_back(*std::move(warning));
  }
  const std::uint32_t fallback = auto_payload(**port);
  const MonoTime begun = clock.now();
  std::vector<Pending> pending;
  pending.push_back(
      Pending{*std::move(port),
              session::ClientHandshake{handshake_settings(options, params), random, begun}});
  run_handshakes(pending, clock, stop);
  session::ClientHandshake& handshake = pending.front().handshake;
  if (!handshake.done()) {
    return {failed(handshake.failed() ? in_phase(handshake.error(), "connect", server)
                                      : interrupted_error()),
            handshake.retry_after_ms()};
  }
  Connection connection;
  connection.session = handshake.session();
  connection.accept = handshake.accept();
  connection.accept.params.burst = options.params.burst;  // the server has no say in ours
  connection.rtt = (clock.now() - begun) / 2;
  connection.buffer_wanted = options.buffer.value_or(kDefaultBuffer);
  if (options.auto_packet_size) {
    connection.payload_fallback = fallback;
  }
  connection.streams.push_back({std::move(pending.front().port), handshake.sealer()});
  if (auto joined = join_streams(connection, options, server, clock, random, stop); !joined) {
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

std::optional<Warning> fragmentation_warning(const Endpoint& server, std::uint32_t payload_bytes,
                                             std::optional<std::uint32_t> path_mtu) {
  const std::uint32_t headers = ip_udp_header_bytes(server.address.family);
  if (!path_mtu || payload_bytes + headers <= *path_mtu) {
    return std::nullopt;
  }
  return Warning{"fragmentation",
                 "datagrams of " + std::to_string(payload_bytes) +
                     " bytes do not fit the path's MTU of " + std::to_string(*path_mtu) +
                     ": each is sent in fragments, and losing one loses all; --packet-size " +
                     std::to_string(*path_mtu - headers) + " is the largest that fits"};
}

std::optional<Warning> buffer_warning(std::uint32_t wanted, std::uint32_t granted,
                                      const char* which) {
  // Enough for a stall of some milliseconds at gigabits; what is below that loses datagrams here.
  constexpr std::uint32_t kEnough = 4U << 20U;
  if (granted >= std::min(wanted, kEnough)) {
    return std::nullopt;
  }
  const std::string name = std::string{"net.core."} + which;
  return Warning{std::string{which} + "_capped",
                 "the socket buffer is " + std::to_string(granted) + " bytes, " +
                     std::to_string(wanted) + " were asked for; to lift the limit: sysctl -w " +
                     name + "=" + std::to_string(wanted)};
}

Result<Connection> connect_client(const ClientOptions& options, const Clock& clock,
                                  RandomSource& random, ClientObserver& observer,
                                  const StopToken& stop, TestOutcome& outcome) {
  const MonoTime begun = clock.now();
  const auto servers = net::resolve(options.host, options.port, options.family);
  if (!servers) {
    return tl::unexpected{servers.error()};
  }
  const Endpoint server = servers->front();
  outcome.server = server;
  while (true) {
    observer.on_trace("HELLO", server);
    Attempt result = attempt(options, server, clock, random, stop, outcome);
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
