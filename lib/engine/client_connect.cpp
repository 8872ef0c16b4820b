#include "engine/client_connect.hpp"

#include <algorithm>
#include <array>
#include <string>

#include "engine/handshakes.hpp"
#include "engine/socket_warnings.hpp"
#include "engine/unreachable.hpp"
#include "session/grant.hpp"
#include "traffic/profiles.hpp"

namespace udperf::engine {
namespace {

using namespace std::chrono_literals;

Error in_phase(Error error, const char* phase, const Endpoint& server) {
  error.phase = phase;
  if (error.os_error == 0) {
    error.what = server.to_string() + ": " + error.what;
  }
  return error;
}

/// The payload that crosses the path unfragmented as far as the route's MTU tells.
std::uint32_t auto_payload(const Endpoint& server, std::optional<std::uint32_t> route_mtu) {
  const IpFamily family = server.address.family;
  const std::uint32_t headers = ip_udp_header_bytes(family);
  const std::uint32_t limit = most_auto_payload(family);
  const std::uint32_t mtu = route_mtu.value_or(limit + headers);
  return std::clamp(mtu > headers ? mtu - headers : 0, kDataHeaderBytes, limit);
}

tl::unexpected<Error> failed(Error error) {
  return tl::unexpected{std::move(error)};
}

/// The parameters as they are asked of a server at this address.
TestParams params_for(const ClientOptions& options, const StreamPorts& ports,
                      const Endpoint& server) {
  TestParams params = ports.params_for(options);
  if (options.auto_packet_size) {
    params.payload_bytes = most_auto_payload(server.address.family);  // what is less is found out
  } else if (options.profile.ip_sizes && server.address.family == IpFamily::v6) {
    traffic::fit_ip_sizes(params, options.profile.header);
  }
  return params;
}

/// Says goodbye to a session that will not be used.
void leave(Connection& connection) {
  Connection::Stream& first = connection.streams.front();
  auto bytes = wire::encode(wire::MessageType::bye, connection.session, 0,
                            wire::Bye{wire::ByeReason::failed});
  first.sealer.seal(bytes);
  first.port->send_control(bytes);
}

}  // namespace

ClientConnect::ClientConnect(Settings settings, const Clock& clock, RandomSource& random)
    : settings_(std::move(settings)),
      clock_(clock),
      random_(random),
      race_(settings_.servers,
            [this](const Endpoint& server, MonoTime now) { return begin(server, now); }),
      server_(settings_.servers.front()) {}

session::ClientHandshake::Settings ClientConnect::handshake_settings(const TestParams& params,
                                                                     MonoTime now) const {
  session::ClientHandshake::Settings settings;
  settings.params = params;
  settings.told_timeout = settings_.options->connect_timeout;
  settings.timeout = std::max(settings_.deadline - now, Duration{1ms});
  settings.capabilities = settings_.options->light ? wire::kCapLight : 0;
  settings.key = settings_.options->key;
  return settings;
}

Result<Pending> ClientConnect::begin(const Endpoint& server, MonoTime now) {
  if (settings_.on_hello) {
    settings_.on_hello(server);
  }
  auto port =
      settings_.open(client_port_options(*settings_.options, server, settings_.ports.of_stream(0)));
  if (!port) {
    return failed(unreachable_from_here(in_phase(port.error(), "connect", server)));
  }
  first_port_ = (*port)->local().port;
  const TestParams params = params_for(*settings_.options, settings_.ports, server);
  if (const auto problem = check_params(params)) {
    return failed(*problem);
  }
  return Pending{*std::move(port),
                 session::ClientHandshake{handshake_settings(params, now), random_, now}};
}

MonoTime ClientConnect::step(net::ReceiveBuffers& buffers, MonoTime now) {
  if (over_) {
    return kNever;
  }
  if (granted_) {
    return step_joins(buffers, now);
  }
  const MonoTime next = race_.step(buffers, now);
  if (race_.over()) {
    on_race_over(clock_.now());
    return now;
  }
  ready_.add(race_.fds());
  return next;
}

void ClientConnect::on_race_over(MonoTime now) {
  AddressRace::Runner* const runner = race_.winner();
  if (runner == nullptr) {
    const Error error = race_.error();
    obstacle_ = race_.obstacle();
    if (first_port_ != 0 && error.code == ErrorCode::unreachable) {
      unheard_.silent.push_back(first_port_);
    }
    end(failed(error));
    return;
  }
  server_ = runner->server;
  client_ = runner->pending.port->local();
  route_mtu_ = runner->pending.port->path_mtu();
  session::ClientHandshake& handshake = runner->pending.handshake;
  if (!handshake.done()) {
    retry_after_ms_ = handshake.retry_after_ms();
    obstacle_ = handshake.obstacle();
    end(failed(in_phase(handshake.error(), "connect", server_)));
    return;
  }
  Connection connection = connection_of(*runner, now);
  if (connection.accept.params.streams == 1) {
    end(std::move(connection));
    return;
  }
  granted_ = std::move(connection);
  if (settings_.time) {
    settings_.deadline = settings_.time->all_by(now);
  }
  begin_joins(now);
}

/// What the handshake that was the first to be done has come to.
Connection ClientConnect::connection_of(AddressRace::Runner& runner, MonoTime now) const {
  session::ClientHandshake& handshake = runner.pending.handshake;
  Connection connection;
  connection.session = handshake.session();
  connection.accept = handshake.accept();
  connection.lowered = session::less_than_asked(
      params_for(*settings_.options, settings_.ports, server_), connection.accept.params);
  connection.accept.params.burst =
      settings_.options->params.burst;  // the server has no say in ours
  connection.accept.params.profile = settings_.options->params.profile;
  connection.rtt = (now - handshake.begun()) / 2;
  connection.buffer_wanted = settings_.options->buffer.value_or(kDefaultBuffer);
  if (settings_.options->auto_packet_size) {
    connection.payload_fallback = auto_payload(server_, route_mtu_);
  }
  connection.streams.push_back({std::move(runner.pending.port), handshake.sealer()});
  return connection;
}

/// Opens the sockets of the streams after the first and joins them to the session. They leave from
/// the first one's address, whatever other ways there are: the server knows the client by it.
void ClientConnect::begin_joins(MonoTime now) {
  ready_.remove(granted_->streams.front().port->fd());  // what comes there waits for the test
  for (std::uint16_t i = 1; i < granted_->accept.params.streams; ++i) {
    auto options = client_port_options(*settings_.options, server_, settings_.ports.of_stream(i));
    options.bind = client_.address;
    auto port = settings_.open(options);
    if (!port) {
      end(failed(in_phase(port.error(), "connect", server_)));
      return;
    }
    auto settings = handshake_settings(granted_->accept.params, now);
    settings.joining = session::ClientHandshake::Settings::Joining{
        granted_->session, static_cast<std::uint8_t>(i), granted_->accept.server_nonce};
    joining_.push_back(Pending{*std::move(port), session::ClientHandshake{settings, random_, now}});
    ready_.add(std::array<int, 1>{joining_.back().port->fd()});
  }
}

void ClientConnect::give_up() {
  if (granted_ && !over_) {
    leave(*granted_);
  }
}

MonoTime ClientConnect::step_joins(net::ReceiveBuffers& buffers, MonoTime now) {
  MonoTime next = kNever;
  bool going_on = false;
  for (Pending& one : joining_) {
    if (!one.handshake.done() && !one.handshake.failed()) {
      next = std::min(next, step_handshake(one, buffers, now));
      if (one.handshake.done() || one.handshake.failed()) {
        ready_.remove(one.port->fd());
      } else {
        going_on = true;
      }
    }
  }
  if (going_on) {
    return next;
  }
  if (const auto error = not_joined()) {
    leave(*granted_);
    end(failed(*error));
    return now;
  }
  for (Pending& one : joining_) {
    granted_->streams.push_back({std::move(one.port), one.handshake.sealer()});
  }
  end(*std::move(granted_));
  return now;
}

/// Why the session is not to be had without those of its streams that were not joined; nothing
/// where all were.
std::optional<Error> ClientConnect::not_joined() {
  std::optional<Error> error;
  unheard_.answered.push_back(client_.port);
  for (const Pending& one : joining_) {
    if (one.handshake.done()) {
      unheard_.answered.push_back(one.port->local().port);
      continue;
    }
    error = in_phase(one.handshake.error(), "connect", server_);
    obstacle_ = one.handshake.obstacle();
    if (error->code != ErrorCode::unreachable) {
      unheard_ = {};
      return error;
    }
    unheard_.silent.push_back(one.port->local().port);
  }
  return error;
}

void ClientConnect::end(Result<Connection> result) {
  result_ = std::move(result);
  over_ = true;
  ready_.close();
}

Result<Connection> ClientConnect::take() {
  return *std::move(result_);
}

void ClientConnect::fill(TestOutcome& outcome) const {
  const ClientOptions& options = *settings_.options;
  outcome.server = server_;
  outcome.params = params_for(options, settings_.ports, server_);
  outcome.client = client_;
  outcome.retry_after_ms = retry_after_ms_;
  outcome.warnings.clear();
  auto warning = fragmentation_warning(server_, outcome.params.payload_bytes, route_mtu_);
  if (warning && !options.auto_packet_size) {
    outcome.warnings.push_back(*std::move(warning));
  }
  if (result_ && *result_) {
    const Connection& granted = **result_;
    outcome.session = granted.session;
    outcome.params = granted.accept.params;
    outcome.client_seen_by_server = granted.accept.client;
    outcome.concurrent_sessions_max = granted.accept.concurrent;
    fill_flows(granted, outcome);
  }
}

void ClientConnect::fill_flows(const Connection& granted, TestOutcome& outcome) const {
  if (!settings_.options->flows) {
    return;
  }
  FlowPorts& flows = outcome.flows.emplace();
  flows.silent = settings_.ports.silent();
  for (const Connection::Stream& stream : granted.streams) {
    flows.of_streams.push_back(stream.port->local().port);
  }
}

}  // namespace udperf::engine
