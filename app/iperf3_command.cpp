#include "app/iperf3_command.hpp"

#include <array>
#include <cmath>
#include <cstdlib>

#include "app/options/values.hpp"

namespace udperf::app {
namespace {

using Command = Iperf3Command;
using Text = const std::string&;

constexpr std::uint64_t kRate = 1000;
constexpr std::uint64_t kBytes = 1024;

/// One option: what it does with its value, or what is wrong with it.
struct Row {
  char letter;
  std::string_view name;
  enum class Value : std::uint8_t { none, needed, optional } value;
  Problem (*apply)(Text value, Command& command);
};

Problem bad(Text value) {
  return "bad value: " + value;
}

template <typename T>
Problem whole(Text value, std::uint64_t most, T& out) {
  const auto number = iperf3_number(value, kBytes);
  if (!number || *number > most) {
    return bad(value);
  }
  out = static_cast<T>(*number);
  return std::nullopt;
}

Problem set_rate(Text value, std::uint64_t& rate, std::uint32_t* burst) {
  const auto slash = value.find('/');
  const auto number = iperf3_number(value.substr(0, slash), kRate);
  if (!number || (slash != std::string::npos && burst == nullptr)) {
    return bad(value);
  }
  rate = *number;
  return slash == std::string::npos ? std::nullopt : whole(value.substr(slash + 1), 1000, *burst);
}

Problem set_seconds(Text value, Duration& out, double least, double most) {
  char* end = nullptr;
  const double seconds = std::strtod(value.c_str(), &end);
  if (value.empty() || *end != '\0' || !std::isfinite(seconds) ||
      (seconds != 0 && (seconds < least || seconds > most))) {
    return bad(value);
  }
  out = std::chrono::duration_cast<Duration>(std::chrono::duration<double>(seconds));
  return std::nullopt;
}

Problem set_milliseconds(Text value, Duration& out) {
  std::uint32_t ms = 0;
  Problem problem = whole(value, 86'400'000, ms);
  out = std::chrono::milliseconds{ms};
  return problem;
}

Problem set_amount(Command& command, Problem problem) {
  if (!problem && std::exchange(command.amount_given, true)) {
    return "only one of -t, -n and -k can end a test";
  }
  return problem;
}

/// Decimal, 0x hexadecimal or 0 octal, as iperf3 has -S.
Problem set_tos(Text value, Command& c) {
  char* end = nullptr;
  const long tos = std::strtol(value.c_str(), &end, 0);
  if (value.empty() || *end != '\0' || tos < 0 || tos > 255) {
    return "must be 0..255: " + value;
  }
  c.parameters.tos = static_cast<std::uint8_t>(tos);
  return std::nullopt;
}

Problem set_dscp(Text value, Command& c) {
  const auto code = dscp_by_name(value);
  std::uint8_t number = 0;
  if (!code && whole(value, 63, number)) {
    return "must be 0..63 or a name such as EF or AF41: " + value;
  }
  c.parameters.tos = static_cast<std::uint8_t>(code.value_or(number) << 2U);
  return std::nullopt;
}

/// ADDRESS, or ADDRESS%DEVICE, which of an IPv6 address is its scope, too.
Problem set_bind(Text value, Command& c) {
  const auto percent = value.find('%');
  const bool scoped = value.find(':') != std::string::npos;
  if (percent != std::string::npos) {
    if (Problem problem = store_device(value.substr(percent + 1), c.bind_device)) {
      return problem;
    }
  }
  const auto address = parse_ip_address(scoped ? value : value.substr(0, percent));
  if (!address) {
    return address.error().what;
  }
  c.bind = *address;
  return std::nullopt;
}

Problem set_unit(Text value, Command& c) {
  if (value.size() != 1 || std::string_view{"kmgtKMGT"}.find(value[0]) == std::string::npos) {
    return "must be one of k m g t K M G T: " + value;
  }
  c.unit = value[0];
  return std::nullopt;
}

Problem set_role(Command& c, Command::Role role) {
  if (c.role != Command::Role::none && c.role != role) {
    return "cannot be both server and client";
  }
  c.role = role;
  return std::nullopt;
}

Problem not_here(Text /*value*/, Command& /*command*/) {
  return "is not supported: only UDP tests without authentication are";
}

/// Of TCP alone; iperf3 takes it in a UDP test, too, where it changes nothing.
Problem of_tcp(Text /*value*/, Command& /*command*/) {
  return std::nullopt;
}

Problem on(bool& flag) {
  flag = true;
  return std::nullopt;
}

Problem put_text(Text value, std::optional<std::string>& out) {
  out = value;
  return std::nullopt;
}

constexpr auto kNone = Row::Value::none;
constexpr auto kNeeded = Row::Value::needed;
constexpr auto kOptional = Row::Value::optional;

// clang-format off
constexpr auto kRows = std::to_array<Row>({
  {'c', "client", kNeeded, [](Text v, Command& c) { c.host = v; return set_role(c, Command::Role::client); }},
  {'s', "server", kNone, [](Text, Command& c) { return set_role(c, Command::Role::server); }},
  {'u', "udp", kNone, [](Text, Command& c) { return on(c.udp); }},
  {'p', "port", kNeeded, [](Text v, Command& c) -> Problem { return whole(v, 65535, c.port) || c.port == 0 ? bad(v) : std::nullopt; }},
  {'f', "format", kNeeded, set_unit},
  {'i', "interval", kNeeded, [](Text v, Command& c) { return set_seconds(v, c.interval, 0.1, 60); }},
  {'B', "bind", kNeeded, set_bind},
  {0, "bind-dev", kNeeded, [](Text v, Command& c) { return store_device(v, c.bind_device); }},
  {'V', "verbose", kNone, [](Text, Command& c) { return on(c.verbose); }},
  {'J', "json", kNone, [](Text, Command& c) -> Problem { c.output = Command::Output::json; return {}; }},
  {0, "json-stream", kNone, [](Text, Command& c) -> Problem {
     c.output = c.output == Command::Output::json_stream_full ? c.output : Command::Output::json_stream; return {}; }},
  {0, "json-stream-full-output", kNone, [](Text, Command& c) -> Problem { c.output = Command::Output::json_stream_full; return {}; }},
  {0, "logfile", kNeeded, [](Text v, Command& c) { return put_text(v, c.log_file); }},
  {0, "forceflush", kNone, of_tcp},  // every line is flushed anyhow
  {0, "timestamps", kOptional, [](Text v, Command& c) { return put_text(v.empty() ? "%c " : v, c.timestamps); }},
  {0, "rcv-timeout", kNeeded, [](Text v, Command& c) { return set_milliseconds(v, c.receive_timeout); }},
  {'v', "version", kNone, [](Text, Command& c) { return on(c.version); }},
  {'h', "help", kNone, [](Text, Command& c) { return on(c.help); }},
  {'4', "version4", kNone, [](Text, Command& c) -> Problem { c.family = IpFamily::v4; return {}; }},
  {'6', "version6", kNone, [](Text, Command& c) -> Problem { c.family = IpFamily::v6; return {}; }},
  {'D', "daemon", kNone, [](Text, Command& c) { return on(c.daemon); }},
  {'I', "pidfile", kNeeded, [](Text v, Command& c) { return put_text(v, c.pid_file); }},
  {'1', "one-off", kNone, [](Text, Command& c) { return on(c.one_off); }},
  {0, "idle-timeout", kNeeded, [](Text v, Command& c) { return set_seconds(v, c.idle_timeout.emplace(), 1, 86'400); }},
  {0, "server-bitrate-limit", kNeeded, [](Text v, Command& c) -> Problem {  // [/SECONDS]: always over five
     const auto rate = iperf3_number(v.substr(0, v.find('/')), kRate);
     c.server_limit_bps = rate;
     return rate ? std::nullopt : bad(v); }},
  {0, "server-max-duration", kNeeded, [](Text v, Command& c) { return set_seconds(v, c.server_max_duration.emplace(), 1, 86'400); }},
  {'b', "bitrate", kNeeded, [](Text v, Command& c) { return set_rate(v, c.parameters.rate_bps, &c.parameters.burst); }},
  {0, "bandwidth", kNeeded, [](Text v, Command& c) { return set_rate(v, c.parameters.rate_bps, &c.parameters.burst); }},
  {0, "fq-rate", kNeeded, [](Text v, Command& c) { return set_rate(v, c.parameters.fq_rate_bps, nullptr); }},
  {0, "pacing-timer", kNeeded, of_tcp},  // unused where there is nanosleep, as iperf3 says itself
  {'t', "time", kNeeded, [](Text v, Command& c) { return set_amount(c, whole(v, iperf3::kMostSeconds, c.parameters.seconds)); }},
  {'n', "bytes", kNeeded, [](Text v, Command& c) { return set_amount(c, whole(v, UINT64_MAX, c.parameters.bytes)); }},
  {'k', "blockcount", kNeeded, [](Text v, Command& c) { return set_amount(c, whole(v, UINT64_MAX, c.parameters.blocks)); }},
  {'l', "length", kNeeded, [](Text v, Command& c) -> Problem {
     return whole(v, iperf3::kMostLength, c.parameters.length) || c.parameters.length < iperf3::kLeastLength
                ? "must be 16..65507: " + v : Problem{}; }},
  {0, "cport", kNeeded, [](Text v, Command& c) { return whole(v, 65535, c.client_port); }},
  {'P', "parallel", kNeeded, [](Text v, Command& c) -> Problem {
     return whole(v, iperf3::kMostStreams, c.parameters.streams) || c.parameters.streams == 0 ? "must be 1..128: " + v : Problem{}; }},
  {'R', "reverse", kNone, [](Text, Command& c) { return on(c.parameters.reverse); }},
  {0, "bidir", kNone, [](Text, Command& c) { return on(c.parameters.bidirectional); }},
  {'w', "window", kNeeded, [](Text v, Command& c) { return whole(v, 512U << 20U, c.parameters.window); }},
  {'O', "omit", kNeeded, [](Text v, Command& c) { return whole(v, iperf3::kMostOmitSeconds, c.parameters.omit_seconds); }},
  {'S', "tos", kNeeded, set_tos},
  {0, "dscp", kNeeded, set_dscp},
  {'L', "flowlabel", kNeeded, [](Text v, Command& c) { return whole(v, 0xFFFFF, c.parameters.flow_label); }},
  {'T', "title", kNeeded, [](Text v, Command& c) { return put_text(v, c.parameters.title); }},
  {0, "extra-data", kNeeded, [](Text v, Command& c) { return put_text(v, c.parameters.extra_data); }},
  {0, "get-server-output", kNone, [](Text, Command& c) { return on(c.parameters.get_server_output); }},
  {0, "udp-counters-64bit", kNone, [](Text, Command& c) { return on(c.parameters.counters_64bit); }},
  {0, "repeating-payload", kNone, [](Text, Command& c) { return on(c.parameters.repeating_payload); }},
  {0, "dont-fragment", kNone, [](Text, Command& c) { return on(c.parameters.dont_fragment); }},
  {0, "gsro", kNone, [](Text, Command& c) -> Problem { c.parameters.gso = c.parameters.gro = true; return {}; }},
  {0, "connect-timeout", kNeeded, [](Text v, Command& c) { return set_milliseconds(v, c.connect_timeout); }},
  {'M', "set-mss", kNeeded, of_tcp},
  {'N', "no-delay", kNone, of_tcp},
  {'C', "congestion", kNeeded, of_tcp},
  {'Z', "zerocopy", kNone, of_tcp},
  {0, "snd-timeout", kNeeded, of_tcp},
  {0, "cntl-ka", kOptional, of_tcp},  // always on
  {'m', "mptcp", kNone, not_here},
  {0, "sctp", kNone, not_here},
  {'X', "xbind", kNeeded, not_here},
  {0, "nstreams", kNeeded, not_here},
  {'F', "file", kNeeded, not_here},
  {'A', "affinity", kNeeded, not_here},
  {0, "username", kNeeded, not_here},
  {0, "rsa-public-key-path", kNeeded, not_here},
  {0, "rsa-private-key-path", kNeeded, not_here},
  {0, "authorized-users-path", kNeeded, not_here},
});
// clang-format on

const Row* find_row(std::string_view name) {
  for (const Row& row : kRows) {
    if (row.name == name) {
      return &row;
    }
  }
  return nullptr;
}

const Row* find_row(char letter) {
  for (const Row& row : kRows) {
    if (row.letter == letter) {
      return &row;
    }
  }
  return nullptr;
}

/// Walks over the arguments as getopt_long(3) does.
class Walk {
 public:
  explicit Walk(std::span<const std::string> arguments) : rest_(arguments) {}

  Problem run(Command& command) {
    while (!rest_.empty()) {
      const std::string& word = rest_.front();
      rest_ = rest_.subspan(1);
      Problem problem = word.starts_with("--")              ? long_option(word.substr(2), command)
                        : word.size() > 1 && word[0] == '-' ? letters(word, command)
                                                            : word + ": is no option";
      if (problem) {
        return problem;
      }
    }
    return std::nullopt;
  }

 private:
  Problem long_option(const std::string& word, Command& command) {
    const auto equals = word.find('=');
    const std::string name = word.substr(0, equals);
    const Row* const row = find_row(name);
    if (row == nullptr) {
      return "--" + name + ": unknown option";
    }
    std::optional<std::string> value;
    if (equals != std::string::npos) {
      value = word.substr(equals + 1);
    }
    return apply(*row, "--" + name, std::move(value), command);
  }

  Problem letters(const std::string& word, Command& command) {
    for (std::size_t i = 1; i < word.size(); ++i) {
      const Row* const row = find_row(word[i]);
      if (row == nullptr) {
        return std::string{"-"} + word[i] + ": unknown option";
      }
      std::optional<std::string> value;
      if (row->value == kNeeded && i + 1 < word.size()) {
        value = word.substr(i + 1);
      }
      if (Problem problem = apply(*row, std::string{"-"} + word[i], value, command)) {
        return problem;
      }
      if (row->value == kNeeded) {
        break;
      }
    }
    return std::nullopt;
  }

  Problem apply(const Row& row, const std::string& name, std::optional<std::string> value,
                Command& command) {
    if (row.value == kNone && value) {
      return name + ": takes no value";
    }
    if (row.value == kNeeded && !value) {
      if (rest_.empty()) {
        return name + ": a value is missing";
      }
      value = rest_.front();
      rest_ = rest_.subspan(1);
    }
    const Problem problem = row.apply(value.value_or(""), command);
    return problem ? Problem{name + ": " + *problem} : std::nullopt;
  }

  std::span<const std::string> rest_;
};

Problem check_client(Command& c) {
  if (!c.udp) {
    return "only UDP tests are possible here: give -u (TCP, SCTP and MPTCP are not supported)";
  }
  if (c.parameters.reverse && c.parameters.bidirectional) {
    return "-R and --bidir exclude each other";
  }
  if (c.daemon || c.one_off || c.idle_timeout || c.server_limit_bps || c.server_max_duration) {
    return "-D, -1, --idle-timeout, --server-bitrate-limit and --server-max-duration are a "
           "server's";
  }
  if (c.parameters.bytes != 0 || c.parameters.blocks != 0) {
    c.parameters.seconds = 0;
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::uint64_t> iperf3_number(const std::string& text, std::uint64_t factor) {
  char* end = nullptr;
  double value = std::strtod(text.c_str(), &end);
  if (end == text.c_str() || !std::isfinite(value) || value < 0) {
    return std::nullopt;
  }
  constexpr std::string_view kUnits = "kmgt";
  if (*end != '\0') {
    const auto power =
        kUnits.find(static_cast<char>(std::tolower(static_cast<unsigned char>(*end))));
    if (power == std::string::npos || end[1] != '\0') {
      return std::nullopt;
    }
    value *= std::pow(static_cast<double>(factor), static_cast<double>(power + 1));
  }
  constexpr double kMost = 9.2e18;
  return value <= kMost ? std::optional{static_cast<std::uint64_t>(value)} : std::nullopt;
}

Iperf3Command parse_iperf3(std::span<const std::string> arguments) {
  constexpr std::uint64_t kDefaultRate = 1'048'576;
  Iperf3Command command;
  command.parameters.length = 0;
  command.parameters.rate_bps = kDefaultRate;
  command.problem = Walk{arguments}.run(command);
  if (command.problem || command.help || command.version) {
    return command;
  }
  if (command.role == Iperf3Command::Role::none) {
    command.problem = "must either be a client (-c) or server (-s)";
  } else if (command.role == Iperf3Command::Role::client) {
    command.problem = check_client(command);
  }
  return command;
}

std::string iperf3_help() {
  return "Usage: udperf iperf3 [-s|-c host] [options]\n"
         "iperf3's own command line for UDP tests, with right numbers; docs/iperf3.md says what "
         "differs.\n"
         "Server or client:\n"
         "  -p, --port N              server port, TCP and UDP (5201)\n"
         "  -f, --format [kmgtKMGT]   unit of rates: bits (small) or bytes\n"
         "  -i, --interval SECONDS    between reports, 0.1..60 or 0 (1)\n"
         "  -I, --pidfile FILE        write the process id\n"
         "  -B, --bind ADDRESS[%DEV]  local address\n"
         "      --bind-dev DEV        send and receive through this network interface only\n"
         "  -V, --verbose             more detail\n"
         "  -J, --json                one document in JSON\n"
         "      --json-stream         a JSON object a line, as it happens\n"
         "      --json-stream-full-output   and the whole document at the end\n"
         "      --logfile FILE        append the output to FILE\n"
         "      --timestamps[=FORMAT] time before each line, strftime(3)\n"
         "  -4, -6                    IPv4 or IPv6 only\n"
         "  -v, --version  -h, --help\n"
         "Server:\n"
         "  -s, --server  -D, --daemon  -1, --one-off\n"
         "      --idle-timeout SECONDS       with -1: end when no client comes\n"
         "      --server-bitrate-limit RATE  of all tests together\n"
         "      --server-max-duration SECONDS\n"
         "Client:\n"
         "  -c, --client HOST         and -u, --udp, which is needed\n"
         "  -b, --bitrate RATE[/N]    bit/s of each stream, 0 = unlimited (1M); bursts of N\n"
         "  -t, --time SECONDS (10)   -n, --bytes N   -k, --blockcount N   what ends the test\n"
         "  -l, --length N            of each datagram\n"
         "  -P, --parallel N          streams, 1..128\n"
         "  -R, --reverse             the server sends;  --bidir: both do\n"
         "  -O, --omit SECONDS        leave out the beginning\n"
         "  -w, --window N   -S, --tos N   --dscp N   -L, --flowlabel N   --fq-rate RATE\n"
         "      --cport N   --connect-timeout MS   --rcv-timeout MS\n"
         "  -T, --title TEXT   --extra-data TEXT   --get-server-output\n"
         "      --udp-counters-64bit   --repeating-payload   --dont-fragment   --gsro\n"
         "K, M, G and T are powers of 1000 in rates and of 1024 in bytes.\n";
}

}  // namespace udperf::app
