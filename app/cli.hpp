#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "app/iperf3/command.hpp"
#include "app/monitor/command.hpp"
#include "app/options/help.hpp"
#include "app/options/option.hpp"
#include "app/protocols.hpp"
#include "base/units.hpp"
#include "compare/limits.hpp"
#include "engine/client_run.hpp"
#include "engine/server_run.hpp"
#include "search/answer.hpp"

namespace udperf::app {

enum class OutputFormat : std::uint8_t { text, json, jsonl, csv, print };
enum class ColorMode : std::uint8_t { automatic, always, never };
enum class Verbosity : std::uint8_t { normal, quiet };

struct OutputOptions {
  OutputFormat format = OutputFormat::text;
  std::vector<std::string> fields;  ///< of --print, as written
  std::optional<std::string> file;  ///< absent: stdout
  std::optional<std::string> page;  ///< --report: a page with charts
  Verbosity verbosity = Verbosity::normal;
  ColorMode color = ColorMode::automatic;
  bool details = false;         ///< --details: curves and a histogram in the text
  bool live_intervals = false;  ///< --interval was given: text output shows each as it ends
};

/// What makes the exit status 6.
struct Thresholds {
  std::optional<double> loss_ratio;  ///< --fail-loss, 0..1
  std::optional<BitRate> rate;       ///< --fail-rate
  std::optional<Duration> rtt_p99;   ///< --fail-rtt-p99, of round trips under load
  std::optional<double> mos;         ///< --fail-mos, 1..4.5, of the worse direction
};

/// --find-rate and what belongs to it.
struct SearchOptions {
  search::Algorithm algorithm = search::Algorithm::udperf;
  std::optional<double> max_loss;  ///< 0..1; absent: as the algorithm has it
  std::optional<BitRate> max_rate;
  std::optional<BitRate> min_rate;
  Duration time = std::chrono::seconds{15};  ///< of each direction, and of each size
  std::vector<std::uint32_t> sizes;          ///< --sizes: UDP payload over IPv4; empty: one size
};

/// --profile trace:FILE, as it was given: the file is read later.
struct TraceOption {
  std::string file;
  bool loop = false;
  bool rate_given = false;    ///< --rate stretches it
  bool amount_given = false;  ///< else all of it is sent once, or for the default time in a loop
};

struct ClientCommand {
  engine::ClientOptions options;  ///< the key is read later, from key_file
  std::optional<std::string> key_file;
  OutputOptions output;
  LogOptions log;
  Thresholds thresholds;
  std::uint16_t flows = 0;                 ///< --flows, 2..128; 0 = not given
  std::uint32_t repeat = 1;                ///< --repeat, 1..10000
  Duration gap = std::chrono::seconds{1};  ///< --gap: between two runs
  Protocol protocol = Protocol::native;    ///< --classic, --iperf3
  bool find_rate = false;                  ///< --find-rate: search in place of one test
  SearchOptions search;
  std::optional<HeaderKind> header;  ///< --header; absent: as the size of the datagrams asks for
  std::optional<TraceOption> trace;
};

struct ServerCommand {
  engine::ServerOptions options;  ///< the key is read later, from key_file
  std::optional<std::string> key_file;
  std::optional<int> ready_fd;
  std::optional<std::string> pid_file;
  std::optional<std::string> jsonl;          ///< "-" is stdout
  bool classic = false;                      ///< --classic: serve its clients on the same port
  std::optional<std::uint16_t> iperf3_port;  ///< --iperf3; 0: any
  std::optional<Endpoint> metrics;           ///< --metrics
  LogOptions log;
};

struct LoopbackCommand {
  ClientCommand client;
  std::uint16_t server_port = 0;  ///< 0: any
};

struct KeygenCommand {
  std::optional<std::string> file;  ///< absent: stdout
};

struct ReportCommand {
  std::string input;                  ///< a file, or "-" for stdin
  std::optional<std::string> output;  ///< absent: stdout
  bool iperf3_json = false;           ///< --iperf3-json: iperf3's document in place of a page
};

struct CompareCommand {
  std::string before;  ///< a file, or "-" for stdin
  std::string after;
  std::vector<compare::Limit> limits;  ///< --fail-worse
  bool json = false;
  std::optional<std::string> page;  ///< --report
};

struct ProfilesCommand {
  bool json = false;
};

struct HelpRequest {
  std::optional<Command> command;  ///< absent: of the program
  HelpDepth depth = HelpDepth::brief;
};
struct VersionRequest {};

/// Why the command line cannot be obeyed, as one sentence that names the option, the value and
/// what is accepted.
struct UsageError {
  std::string message;
  /// json or jsonl when one of them was recognisably asked for: stdout gets the error, too.
  OutputFormat format = OutputFormat::text;
  std::optional<std::string> file = std::nullopt;  ///< the --output that goes with it
};

using Invocation = std::variant<ClientCommand, ServerCommand, LoopbackCommand, KeygenCommand,
                                ReportCommand, CompareCommand, ProfilesCommand, MonitorCommand,
                                Iperf3Command, HelpRequest, VersionRequest, UsageError>;

/// Whether the program was started under the name iperf3, by whatever path.
[[nodiscard]] bool is_iperf3_name(std::string_view program);

/// Reads the arguments that follow the program's name. Touches no file and prints nothing.
[[nodiscard]] Invocation parse_command_line(std::span<const std::string> arguments);

}  // namespace udperf::app
