#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>

#include "app/commands/commands.hpp"
#include "app/commands/measurement.hpp"
#include "app/options/commands.hpp"
#include "app/options/host_hint.hpp"
#include "app/options/rules.hpp"
#include "base/saturating.hpp"
#include "traffic/profiles.hpp"
#include "voice/e_model.hpp"

namespace udperf::app {
namespace {

/// As a call has them, and a flow that nothing else is said of: packets in 1000 s.
constexpr std::uint64_t kPacketEach20Ms = 50'000;

/// Frames have their size from the rate, whatever the path's packet size.
bool has_small_frames(const TestParams& params) {
  const auto small = [&params](Way way) {
    return includes(params.direction, way) && params.shape(way).spacing == Spacing::frames &&
           params.rate(way).kind == SendRate::Kind::bits &&
           params.frame_bytes(way) < kDataHeaderBytes;
  };
  return small(Way::up) || small(Way::down);
}

/// Less than a datagram with the full header on each stream.
bool has_small_amount(const TestParams& params) {
  return params.amount.size_bytes > 0 &&
         params.amount.size_bytes < std::uint64_t{kDataHeaderBytes} * params.streams;
}

/// The header that was asked for, or one that fits the smallest datagrams.
HeaderKind header_for(const ClientCommand& command) {
  const engine::ClientOptions& options = command.options;
  if (!spec_of(command.protocol).chooses_header) {
    return HeaderKind::full;  // its own headers are not ours to choose
  }
  const bool small =
      (!options.auto_packet_size && smallest_length(options.params) < kDataHeaderBytes) ||
      has_small_frames(options.params) || has_small_amount(options.params);
  return command.header.value_or(small ? HeaderKind::compact : HeaderKind::full);
}

/// A light test: what is left open, also by a profile, becomes small and slow, so that it can run
/// beside others.
void make_light(std::span<const GivenOption> given, ClientCommand& command) {
  constexpr std::uint32_t kBytes = 128;
  TestParams& params = command.options.params;
  params.streams = command.flows;
  if (is_given(given, "profile")) {
    for (SendRate* const rate : {&params.rate_up, &params.rate_down}) {
      if (!is_given(given, "rate") && !rate->limited()) {
        *rate =
            SendRate{SendRate::Kind::packets, kPacketEach20Ms};  // of each: a profile's rates are
      }
    }
    return;
  }
  if (!is_given(given, "rate")) {
    params.rate_up = params.rate_down =
        SendRate{SendRate::Kind::packets, kPacketEach20Ms * command.flows};
  }
  if (!is_given(given, "packet-size")) {
    params.payload_bytes = kBytes;
    command.options.auto_packet_size = false;
  }
}

/// Whether the streams are flows to be told apart by their ports. What they send is another matter.
bool are_flows(const ClientCommand& command) {
  const bool own_ports = command.options.last_local_port != 0 && command.options.params.streams > 1;
  return command.flows != 0 ||
         (own_ports && !command.find_rate && spec_of(command.protocol).flows_by_port);
}

/// Whether there is a local port for each stream.
std::optional<std::string> local_port_problem(const ClientCommand& command) {
  constexpr unsigned kHighest = 65535;
  const engine::ClientOptions& options = command.options;
  const unsigned first = options.local_port;
  const unsigned sockets = options.params.direction == Direction::both
                               ? spec_of(command.protocol).sockets_each_both_ways
                               : 1U;
  const unsigned needed = options.params.streams * sockets;
  const unsigned last = options.last_local_port != 0 ? options.last_local_port : kHighest;
  if (options.last_local_port > first && needed == 1) {
    return "--local-port: from " + std::to_string(first) + " to " + std::to_string(last) +
           " is one for each of several streams: give --streams or --flows, or one port";
  }
  if (first == 0 || last - first + 1 >= needed) {
    return std::nullopt;
  }
  return "--local-port: " + std::to_string(needed) + (sockets > 1 ? " sockets" : " streams") +
         " need as many ports, and from " + std::to_string(first) + " to " + std::to_string(last) +
         " there are " + std::to_string(last - first + 1);
}

/// What a profile sends, each stream sends: two streams are two calls.
void send_on_each_stream(TestParams& params) {
  for (SendRate* const rate : {&params.rate_up, &params.rate_down}) {
    rate->value = saturating_mul(rate->value, params.streams);
  }
}

/// A call, as far as the user says nothing else: a packet every 20 ms on each stream.
void send_as_codec(std::span<const GivenOption> given, engine::ClientOptions& options) {
  TestParams& params = options.params;
  if (!is_given(given, "rate")) {
    params.rate_up = SendRate{SendRate::Kind::packets, kPacketEach20Ms * params.streams};
    params.rate_down = params.rate_up;
  }
  if (!is_given(given, "packet-size")) {
    options.auto_packet_size = false;
    params.payload_bytes = voice::figures(params.voice.codec).payload_bytes;
  }
}

/// The server of who names none: this machine, by the IP version that is asked for.
std::string local_host(const engine::ClientOptions& options) {
  const bool v6 =
      options.bind ? options.bind->family == IpFamily::v6 : options.family == IpFamily::v6;
  return IpAddress::loopback(v6 ? IpFamily::v6 : IpFamily::v4).to_string();
}

/// Why an address does not go with the IP version or the local address that is asked for; a name
/// may have others.
std::optional<std::string> family_problem(const engine::ClientOptions& options) {
  const auto address = parse_ip_address(options.host);
  const bool written_v6 = options.host.find(':') != std::string::npos;
  if (!address || written_v6 != (address->family == IpFamily::v6)) {  // v4-mapped: goes with either
    return std::nullopt;
  }
  const std::string is = written_v6 ? "is an IPv6 address" : "is an IPv4 address";
  if (options.family.value_or(address->family) != address->family) {
    return is + (written_v6 ? ", which --ipv4 forbids" : ", which --ipv6 forbids");
  }
  if (options.bind && options.bind->family != address->family) {
    return is + ", and --bind " + options.bind->to_string() + " is not";
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::string> apply_client_options(Command which, std::span<const GivenOption> given,
                                                ClientCommand& command) {
  if (Problem problem = apply_options(which, given, command)) {
    return problem;
  }
  command.output.live_intervals = is_given(given, "interval");
  spec_of(command.protocol).settle(command);
  if (command.flows != 0) {
    make_light(given, command);
  }
  if (are_flows(command)) {
    command.options.flows = {.rate_of_each = !is_given(given, "rate")};
  }
  if (auto problem = local_port_problem(command)) {
    return problem;
  }
  if (is_given(given, "profile") && !is_given(given, "rate")) {
    send_on_each_stream(command.options.params);
  }
  if (command.options.params.voice.wanted() && !is_given(given, "profile")) {
    send_as_codec(given, command.options);
  }
  traffic::settle_sizes(command.options.params);
  command.options.params.header = header_for(command);
  if (!command.trace && spec_of(command.protocol).chooses_header) {
    traffic::settle_offload(command.options.params);
  }
  if (command.trace) {
    command.trace->rate_given = is_given(given, "rate");
    command.trace->amount_given = is_given(given, "duration") || is_given(given, "packets");
  }
  return check_options(which, given, command);
}

Invocation make_client(const Arguments& arguments) {
  ClientCommand command;
  if (!arguments.words.empty()) {
    command.options.host = arguments.words.front();
    if (command.options.host.empty()) {
      return UsageError{"HOST: is empty; accepted is a name or an address"};
    }
    if (const auto problem = host_problem(command.options.host)) {
      return UsageError{"HOST " + command.options.host + ": " + *problem};
    }
  }
  if (auto problem = apply_client_options(Command::client, arguments.options, command)) {
    return UsageError{*std::move(problem)};
  }
  if (arguments.words.empty()) {
    command.options.host = local_host(command.options);
  }
  if (const auto problem = family_problem(command.options)) {
    return UsageError{"HOST " + command.options.host + ": " + *problem};
  }
  return command;
}

int run_command(const ClientCommand& command) {
  const auto run = spec_of(command.protocol).run;
  return run_measurement(command, [run](const TestSetting& setting) {
    return run(setting.options, setting.clock, setting.random, setting.observer, setting.stop);
  });
}

}  // namespace udperf::app
