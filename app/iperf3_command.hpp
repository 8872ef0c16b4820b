#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/endpoint.hpp"
#include "base/time.hpp"
#include "iperf3/parameters.hpp"

namespace udperf::app {

/// A command line of iperf3's own grammar, for UDP: `udperf iperf3 ...`, or the program under the
/// name iperf3.
struct Iperf3Command {
  enum class Role : std::uint8_t { none, client, server };
  enum class Output : std::uint8_t { text, json, json_stream, json_stream_full };

  /// Why it cannot be obeyed, as one line; everything else is void then.
  std::optional<std::string> problem;
  bool help = false;
  bool version = false;

  Role role = Role::none;
  std::string host;
  std::uint16_t port = iperf3::kDefaultPort;
  iperf3::Parameters parameters;  ///< `length` 0: the control connection's segment
  bool udp = false;
  bool amount_given = false;  ///< one of -t, -n, -k
  Output output = Output::text;
  char unit = 'a';                              ///< -f
  Duration interval = std::chrono::seconds{1};  ///< 0: none
  std::optional<IpAddress> bind;
  std::optional<IpFamily> family;
  std::string bind_device;        ///< --bind-dev, -B ADDRESS%DEVICE; empty: any
  std::uint16_t client_port = 0;  ///< --cport
  Duration connect_timeout = std::chrono::seconds{10};
  Duration receive_timeout = std::chrono::seconds{120};  ///< --rcv-timeout
  std::optional<std::string> log_file;
  std::optional<std::string> pid_file;
  std::optional<std::string> timestamps;  ///< strftime(3) format before each line
  bool verbose = false;
  bool daemon = false;
  bool one_off = false;
  std::optional<Duration> idle_timeout;
  std::optional<std::uint64_t> server_limit_bps;
  std::optional<Duration> server_max_duration;
};

/// Reads iperf3's arguments. Touches no file and prints nothing.
[[nodiscard]] Iperf3Command parse_iperf3(std::span<const std::string> arguments);

/// What -h prints.
[[nodiscard]] std::string iperf3_help();

/// "10M", "1.5G" as iperf3 has them: the factor is 1000 for rates, 1024 for bytes and counts.
/// Nothing where it is no number that is not negative, or more than 2^63.
[[nodiscard]] std::optional<std::uint64_t> iperf3_number(const std::string& text,
                                                         std::uint64_t factor);

}  // namespace udperf::app
