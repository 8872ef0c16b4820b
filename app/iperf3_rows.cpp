#include "app/iperf3_rows.hpp"

#include <array>
#include <cmath>
#include <cstdlib>
#include <utility>

#include "app/options/values.hpp"

namespace udperf::app {
namespace {

using Given = Iperf3Command;
using Text = const std::string&;

constexpr std::uint64_t kRate = 1000;
constexpr std::uint64_t kBytes = 1024;

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

template <typename T>
Problem from_one(Text value, std::uint64_t most, T& out) {
  Problem problem = whole(value, most, out);
  return problem || out == 0 ? "must be 1.." + std::to_string(most) + ": " + value : Problem{};
}

/// Decimal, 0x hexadecimal or 0 octal.
template <typename T>
Problem prefixed(Text value, long least, long most, T& out) {
  char* end = nullptr;
  const long number = std::strtol(value.c_str(), &end, 0);
  if (value.empty() || *end != '\0' || number < least || number > most) {
    return "must be " + std::to_string(least) + ".." + std::to_string(most) + ": " + value;
  }
  out = static_cast<T>(number);
  return std::nullopt;
}

Problem set_iperf3_rate(Text value, std::uint64_t& rate) {
  const auto number = iperf3_number(value, kRate);
  rate = number.value_or(0);
  return number ? std::nullopt : bad(value);
}

/// RATE, or RATE/DATAGRAMS.
Problem set_bitrate(Text value, Given& c) {
  const auto slash = value.find('/');
  Problem problem = set_iperf3_rate(value.substr(0, slash), c.parameters.rate_bps);
  return problem || slash == std::string::npos
             ? problem
             : from_one(value.substr(slash + 1), iperf3::kMostBurst, c.parameters.burst);
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

Problem set_receive_timeout(Text value, Given& c) {
  constexpr Duration kLeast = std::chrono::milliseconds{100};
  Problem problem = set_milliseconds(value, c.patience.data.emplace());
  return problem || *c.patience.data < kLeast ? "must be 100..86400000 ms: " + value : Problem{};
}

/// A limit of 0 is none.
Problem set_limit(Text value, Given& c) {
  const auto slash = value.find('/');
  auto& service = c.service;
  Problem problem = set_iperf3_rate(value.substr(0, slash), service.limit_bps.emplace());
  if (!problem && slash != std::string::npos) {
    problem = set_seconds(value.substr(slash + 1), service.limit_window, 0.1, 60);
    if (service.limit_window == Duration{0}) {
      service.limit_window = Given::Service{}.limit_window;
    }
  }
  return problem;
}

Problem set_max_duration(Text value, Given& c) {
  Duration most{0};
  Problem problem = set_seconds(value, most, 1, iperf3::kMostSeconds);
  c.service.max_duration = most > Duration{0} ? std::optional{most} : std::nullopt;
  return problem;
}

Problem set_iperf3_dscp(Text value, Given& c) {
  const auto code = dscp_by_name(value);
  std::uint8_t number = code.value_or(0);
  if (!code && prefixed(value, 0, 63, number)) {
    return "must be 0..63 or a name such as EF or AF41: " + value;
  }
  c.parameters.ip.tos = static_cast<std::uint8_t>(number << 2U);
  return std::nullopt;
}

/// ADDRESS or the name of a host, or one of them and %DEVICE, which of an IPv6 address is its
/// scope, too.
Problem set_bind(Text value, Given& c) {
  const auto percent = value.find('%');
  const bool scoped = value.find(':') != std::string::npos;
  if (percent != std::string::npos) {
    if (Problem problem = store_device(value.substr(percent + 1), c.local.device)) {
      return problem;
    }
  }
  const std::string host = scoped ? value : value.substr(0, percent);
  const auto address = parse_ip_address(host);
  c.local.address = address ? std::optional{*address} : std::nullopt;
  c.local.name = address ? std::string{} : host;
  const bool name = !scoped && !host.empty() && host.find_first_of(" /") == std::string::npos;
  return address || name ? Problem{} : address.error().what;
}

/// Its levels, 1 to 4, have all the same here: what goes over the control connection.
Problem set_debug(Text value, Given& c) {
  constexpr std::uint32_t kMostLevel = 4;
  std::uint32_t level = kMostLevel;
  const Problem problem = value.empty() ? Problem{} : whole(value, kMostLevel, level);
  c.log.debug = true;
  return problem || level == 0 ? bad(value) : Problem{};
}

/// N, or of a client N,M: this end's CPU and the server's.
Problem set_affinity(Text value, Given& c) {
  const auto comma = value.find(',');
  Problem problem = prefixed(value.substr(0, comma), 0, iperf3::kMostCpu, c.local.cpu.emplace());
  if (!problem && comma != std::string::npos) {  // see check_server()
    problem = prefixed(value.substr(comma + 1), 0, iperf3::kMostCpu,
                       c.parameters.extras.server_affinity.emplace());
  }
  return problem;
}

/// IDLE/INTERVAL/COUNT, each of which may be left out.
Problem set_keep_alive(Text value, Given& c) {
  auto& alive = c.patience.control.keep_alive.emplace(net::TcpPatience::KeepAlive{});
  std::string rest = value;
  constexpr std::uint32_t kMost = 32'767;  // of Linux
  for (std::uint32_t* const part : {&alive.idle_s, &alive.interval_s, &alive.count}) {
    const auto slash = rest.find('/');
    const std::string number = rest.substr(0, slash);
    if (!number.empty() && whole(number, kMost, *part)) {
      return bad(value);
    }
    rest = slash == std::string::npos ? std::string{} : rest.substr(slash + 1);
  }
  return alive.idle_s != 0 && alive.idle_s <= alive.interval_s * alive.count
             ? "the first number must be above the product of the others: " + value
             : Problem{};
}

Problem set_unit(Text value, Given& c) {
  // As iperf3 does, of "Mbits" the first letter alone is looked at.
  if (value.empty() || std::string_view{"kmgtKMGT"}.find(value[0]) == std::string::npos) {
    return "must be one of k m g t K M G T: " + value;
  }
  c.report.unit = value[0];
  return std::nullopt;
}

Problem set_role(Given& c, Given::Role role) {
  if (c.role != Given::Role::none && c.role != role) {
    return "cannot be both server and client";
  }
  c.role = role;
  return std::nullopt;
}

/// HOST, or HOST%DEVICE; of an IPv6 address it is its scope, too.
Problem set_client(Text value, Given& c) {
  const auto percent = value.find('%');
  if (percent != std::string::npos) {
    if (Problem problem = store_device(value.substr(percent + 1), c.local.device)) {
      return problem;
    }
  }
  c.host = value.find(':') != std::string::npos ? value : value.substr(0, percent);
  return set_role(c, Given::Role::client);
}

/// Whose keys -J has.
Problem set_version(Text value, Given& c) {
  if (value != "3.12" && value != "3.21") {
    return "must be 3.12 or 3.21: " + value;
  }
  c.report.keys = value == "3.12" ? iperf3::KeySet::of_3_12 : iperf3::KeySet::of_3_21;
  return std::nullopt;
}

Problem not_here(Text /*value*/, Given& /*command*/) {
  return "is not supported: only UDP tests are";
}

Problem no_file(Text /*value*/, Given& /*command*/) {
  return "no file goes over UDP: iperf3 refuses it in UDP tests, too";
}

/// Of TCP alone; iperf3 takes it in a UDP test, too, where it changes nothing.
Problem of_tcp(const char* name, Given& c) {
  c.notes.push_back(std::string{name} + " has no effect in UDP tests");
  return std::nullopt;
}

/// What this program does in any case.
Problem always(Text /*value*/, Given& /*command*/) {
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

constexpr auto kNoValue = Iperf3Row::Value::none;
constexpr auto kValueNeeded = Iperf3Row::Value::needed;
constexpr auto kOptional = Iperf3Row::Value::optional;
constexpr auto kEither = Iperf3Row::Side::any;
constexpr auto kClientOnly = Iperf3Row::Side::client;
constexpr auto kServerOnly = Iperf3Row::Side::server;

// clang-format off
constexpr auto kRows = std::to_array<Iperf3Row>({
  {'c', "client", kValueNeeded, kEither, set_client},
  {'s', "server", kNoValue, kEither, [](Text, Given& c) { return set_role(c, Given::Role::server); }},
  {'u', "udp", kNoValue, kClientOnly, [](Text, Given& c) { return on(c.udp); }},
  {'p', "port", kValueNeeded, kEither, [](Text v, Given& c) { return from_one(v, 65535, c.port); }},
  {'f', "format", kValueNeeded, kEither, set_unit},
  {'i', "interval", kValueNeeded, kEither, [](Text v, Given& c) { return set_seconds(v, c.report.interval, 0.1, 60); }},
  {'A', "affinity", kValueNeeded, kEither, set_affinity},
  {'F', "file", kValueNeeded, kEither, no_file},
  {'B', "bind", kValueNeeded, kEither, set_bind},
  {0, "bind-dev", kValueNeeded, kEither, [](Text v, Given& c) { return store_device(v, c.local.device); }},
  {'V', "verbose", kNoValue, kEither, [](Text, Given& c) { return on(c.log.verbose); }},
  {'J', "json", kNoValue, kEither, [](Text, Given& c) { return on(c.report.forms.json); }},
  {0, "json-stream", kNoValue, kEither, [](Text, Given& c) { return on(c.report.forms.stream); }},
  {0, "json-stream-full-output", kNoValue, kEither, [](Text, Given& c) { return on(c.report.forms.whole); }},
  {0, "as-version", kValueNeeded, kEither, set_version},  // of this program alone
  {0, "logfile", kValueNeeded, kEither, [](Text v, Given& c) { return put_text(v, c.log.file); }},
  {0, "forceflush", kNoValue, kEither, always},  // every line is flushed
  {0, "timestamps", kOptional, kEither, [](Text v, Given& c) { return put_text(v.empty() ? "%c " : v, c.log.timestamps); }},
  {0, "rcv-timeout", kValueNeeded, kEither, set_receive_timeout},
  {0, "snd-timeout", kValueNeeded, kEither, [](Text v, Given& c) { return set_milliseconds(v, c.patience.control.unanswered); }},
  {0, "cntl-ka", kOptional, kEither, set_keep_alive},
  {'d', "debug", kOptional, kEither, set_debug},
  {'v', "version", kNoValue, kEither, [](Text, Given& c) { return on(c.version); }},
  {'h', "help", kNoValue, kEither, [](Text, Given& c) { return on(c.help); }},
  {'4', "version4", kNoValue, kEither, [](Text, Given& c) -> Problem { c.family = IpFamily::v4; return {}; }},
  {'6', "version6", kNoValue, kEither, [](Text, Given& c) -> Problem { c.family = IpFamily::v6; return {}; }},
  {'D', "daemon", kNoValue, kServerOnly, [](Text, Given& c) { return on(c.service.daemon); }},
  {'I', "pidfile", kValueNeeded, kEither, [](Text v, Given& c) { return put_text(v, c.pid_file); }},
  {'1', "one-off", kNoValue, kServerOnly, [](Text, Given& c) { return on(c.service.one_off); }},
  {0, "idle-timeout", kValueNeeded, kServerOnly, [](Text v, Given& c) -> Problem {
     return set_seconds(v, c.service.idle_timeout.emplace(), 1, 86'400) || *c.service.idle_timeout == Duration{0} ? bad(v) : Problem{}; }},
  {0, "server-bitrate-limit", kValueNeeded, kServerOnly, set_limit},
  {0, "server-max-duration", kValueNeeded, kServerOnly, set_max_duration},
  {'b', "bitrate", kValueNeeded, kClientOnly, set_bitrate},
  {0, "bandwidth", kValueNeeded, kClientOnly, set_bitrate},
  {0, "fq-rate", kValueNeeded, kClientOnly, [](Text v, Given& c) { return set_iperf3_rate(v, c.parameters.fq_rate_bps); }},
  {0, "no-fq-socket-pacing", kNoValue, kClientOnly, [](Text, Given& c) -> Problem { c.parameters.fq_rate_bps = 0; return {}; }},
  {0, "pacing-timer", kValueNeeded, kClientOnly, [](Text v, Given& c) { return whole(v, UINT32_MAX, c.parameters.extras.pacing_timer_us); }},
  {'t', "time", kValueNeeded, kClientOnly, [](Text v, Given& c) {
     c.duration_given = true;
     return whole(v, iperf3::kMostSeconds, c.parameters.seconds); }},
  {'n', "bytes", kValueNeeded, kClientOnly, [](Text v, Given& c) { return whole(v, UINT64_MAX, c.parameters.bytes); }},
  {'k', "blockcount", kValueNeeded, kClientOnly, [](Text v, Given& c) { return whole(v, UINT64_MAX, c.parameters.blocks); }},
  {'l', "length", kValueNeeded, kClientOnly, [](Text v, Given& c) -> Problem {
     auto& length = c.parameters.length;  // 0: as the path has it
     return whole(v, iperf3::kMostLength, length) || (length != 0 && length < iperf3::kLeastLength)
                ? "must be 16..65507: " + v : Problem{}; }},
  {0, "cport", kValueNeeded, kClientOnly, [](Text v, Given& c) { return from_one(v, 65535, c.local.port); }},
  {'P', "parallel", kValueNeeded, kClientOnly, [](Text v, Given& c) { return from_one(v, iperf3::kMostStreams, c.parameters.streams); }},
  {'R', "reverse", kNoValue, kClientOnly, [](Text, Given& c) { return on(c.parameters.reverse); }},
  {0, "bidir", kNoValue, kClientOnly, [](Text, Given& c) { return on(c.parameters.bidirectional); }},
  {'w', "window", kValueNeeded, kClientOnly, [](Text v, Given& c) { return whole(v, 512U << 20U, c.parameters.window); }},
  {'O', "omit", kValueNeeded, kClientOnly, [](Text v, Given& c) { return whole(v, iperf3::kMostOmitSeconds, c.parameters.omit_seconds); }},
  {'S', "tos", kValueNeeded, kClientOnly, [](Text v, Given& c) { return prefixed(v, 0, 255, c.parameters.ip.tos); }},
  {0, "dscp", kValueNeeded, kClientOnly, set_iperf3_dscp},
  {'L', "flowlabel", kValueNeeded, kClientOnly, [](Text v, Given& c) -> Problem {
     Problem problem = prefixed(v, 1, 0xFFFFF, c.parameters.ip.flow_label);
     return problem ? problem : of_tcp("-L", c); }},
  {'T', "title", kValueNeeded, kClientOnly, [](Text v, Given& c) { return put_text(v, c.parameters.labels.title); }},
  {0, "extra-data", kValueNeeded, kClientOnly, [](Text v, Given& c) { return put_text(v, c.parameters.labels.extra_data); }},
  {0, "get-server-output", kNoValue, kClientOnly, [](Text, Given& c) { return on(c.parameters.get_server_output); }},
  {0, "udp-counters-64bit", kNoValue, kClientOnly, [](Text, Given& c) { return on(c.parameters.counters_64bit); }},
  {0, "repeating-payload", kNoValue, kClientOnly, [](Text, Given& c) { return on(c.parameters.repeating_payload); }},
  {0, "dont-fragment", kNoValue, kClientOnly, [](Text, Given& c) { return on(c.parameters.ip.dont_fragment); }},
  {0, "gsro", kNoValue, kClientOnly, [](Text, Given& c) -> Problem { c.parameters.offload.gso = c.parameters.offload.gro = true; return {}; }},
  {0, "skip-rx-copy", kNoValue, kClientOnly, [](Text, Given& c) { return on(c.parameters.extras.skip_rx_copy); }},
  {0, "connect-timeout", kValueNeeded, kClientOnly, [](Text v, Given& c) -> Problem {
     return set_milliseconds(v, c.patience.connect) || c.patience.connect == Duration{0} ? bad(v) : Problem{}; }},
  {0, "username", kValueNeeded, kClientOnly, [](Text v, Given& c) { return put_text(v, c.access.user); }},
  {0, "rsa-public-key-path", kValueNeeded, kClientOnly, [](Text v, Given& c) { return put_text(v, c.access.public_key); }},
  {0, "rsa-private-key-path", kValueNeeded, kServerOnly, [](Text v, Given& c) { return put_text(v, c.access.private_key); }},
  {0, "authorized-users-path", kValueNeeded, kServerOnly, [](Text v, Given& c) { return put_text(v, c.access.users); }},
  {0, "time-skew-threshold", kValueNeeded, kServerOnly, [](Text v, Given& c) { return from_one(v, 86'400, c.access.skew_s); }},
  {0, "use-pkcs1-padding", kNoValue, kEither, [](Text, Given& c) -> Problem { c.access.padding = iperf3::Padding::pkcs1; return {}; }},
  {'M', "set-mss", kValueNeeded, kClientOnly, [](Text, Given& c) { return of_tcp("-M", c); }},
  {'N', "no-delay", kNoValue, kClientOnly, [](Text, Given& c) { return of_tcp("-N", c); }},
  {'C', "congestion", kValueNeeded, kClientOnly, [](Text, Given& c) { return of_tcp("-C", c); }},
  {0, "linux-congestion", kValueNeeded, kClientOnly, [](Text, Given& c) { return of_tcp("-C", c); }},
  {'Z', "zerocopy", kNoValue, kClientOnly, [](Text, Given& c) { c.parameters.extras.zerocopy = true; return of_tcp("-Z", c); }},
  {'m', "mptcp", kNoValue, kEither, not_here},
  {0, "sctp", kNoValue, kEither, not_here},
  {'X', "xbind", kValueNeeded, kEither, not_here},
  {0, "nstreams", kValueNeeded, kEither, not_here},
});
// clang-format on

}  // namespace

std::span<const Iperf3Row> iperf3_rows() {
  return kRows;
}

}  // namespace udperf::app
