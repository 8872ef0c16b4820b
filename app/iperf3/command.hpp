#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/endpoint.hpp"
#include "base/time.hpp"
#include "iperf3/authentication.hpp"
#include "iperf3/key_set.hpp"
#include "iperf3/parameters.hpp"
#include "net/tcp_patience.hpp"

namespace udperf::app {

/// A command line of iperf3's own grammar, for UDP: `udperf iperf3 ...`, or the program under the
/// name iperf3.
struct Iperf3Command {
  enum class Role : std::uint8_t { none, client, server };
  enum class Output : std::uint8_t { text, json, json_stream, json_stream_full };

  /// -J, --json-stream and --json-stream-full-output, as they were given.
  struct Forms {
    bool json = false;
    bool stream = false;
    bool whole = false;  ///< has no effect without `stream`
  };

  /// What is printed, and how.
  struct Report {
    Forms forms;
    Output output = Output::text;                   ///< what comes of them
    iperf3::KeySet keys = iperf3::KeySet::of_3_12;  ///< of -J; a stream's are those of 3.21
    char unit = 'a';                                ///< -f
    Duration interval = std::chrono::seconds{1};    ///< 0: none
  };

  /// Where it is printed, and what beside the report.
  struct Log {
    std::optional<std::string> file;        ///< --logfile
    std::optional<std::string> timestamps;  ///< strftime(3) format before each line
    bool verbose = false;
    bool debug = false;
  };

  /// This end of the test.
  struct Local {
    std::optional<IpAddress> address;  ///< -B
    std::string name;        ///< -B with a host's name, which is to be resolved; else empty
    std::string device;      ///< --bind-dev, -B ADDRESS%DEVICE; empty: any
    std::uint16_t port = 0;  ///< --cport
    std::optional<std::uint32_t> cpu;  ///< -A
  };

  /// How long the other end may take.
  struct Patience {
    Duration connect = std::chrono::seconds{10};  ///< --connect-timeout
    std::optional<Duration> data;                 ///< --rcv-timeout
    net::TcpPatience control;                     ///< --snd-timeout, --cntl-ka
  };

  /// Who a test is for, at either end.
  struct Access {
    std::optional<std::string> user;         ///< --username
    std::optional<std::string> public_key;   ///< --rsa-public-key-path
    std::optional<std::string> private_key;  ///< --rsa-private-key-path
    std::optional<std::string> users;        ///< --authorized-users-path
    std::int64_t skew_s = 0;                 ///< --time-skew-threshold; 0: the default
    iperf3::Padding padding = iperf3::Padding::oaep;
  };

  /// A server's own options.
  struct Service {
    bool daemon = false;
    bool one_off = false;
    std::optional<Duration> idle_timeout;
    std::optional<std::uint64_t> limit_bps;
    Duration limit_window = std::chrono::seconds{5};  ///< that the limit is looked at over
    std::optional<Duration> max_duration;
  };

  /// Why it cannot be obeyed, as one line; everything else is void then.
  std::optional<std::string> problem;
  std::vector<std::string> notes;  ///< what has no effect, each a line for stderr
  bool help = false;
  bool version = false;

  Role role = Role::none;
  std::string host;
  std::uint16_t port = iperf3::kDefaultPort;
  iperf3::Parameters parameters;  ///< `length` 0: the control connection's segment
  bool udp = false;
  bool duration_given = false;  ///< -t
  Report report;
  std::optional<IpFamily> family;
  Local local;
  Patience patience;
  Log log;
  std::optional<std::string> pid_file;
  Access access;
  Service service;
};

/// Reads iperf3's arguments. Touches no file and prints nothing.
[[nodiscard]] Iperf3Command parse_iperf3(std::span<const std::string> arguments);

/// What -h prints.
[[nodiscard]] std::string iperf3_help();
/// What -v prints.
[[nodiscard]] std::string iperf3_version(iperf3::KeySet keys);

/// "10M", "1.5G" as iperf3 has them: the factor is 1000 for rates, 1024 for bytes and counts. What
/// stands behind the letter ("10Mbps", "1KB") says nothing, as there, and what
/// stands there in place of one of k, m, g and t ("1000bps", "1400B") says nothing either. Nothing
/// where it is no number that is not negative, or more than 2^63.
[[nodiscard]] std::optional<std::uint64_t> iperf3_number(const std::string& text,
                                                         std::uint64_t factor);
/// Of a number without units: the digits that it begins with.
[[nodiscard]] std::optional<std::uint64_t> iperf3_integer(const std::string& text);

}  // namespace udperf::app
