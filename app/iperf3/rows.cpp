#include "app/iperf3/rows.hpp"

#include <array>

#include "app/iperf3/values.hpp"
#include "app/options/values.hpp"

namespace udperf::app {
namespace {

using Given = Iperf3Command;
using Text = const std::string&;
using namespace iperf3_values;  // NOLINT(google-build-using-namespace): the table is made of them

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
  {'c', "client", kValueNeeded, kEither, "HOST[%DEV]", "run as a client of this server", set_client},
  {'s', "server", kNoValue, kEither, "", "run as a server", [](Text, Given& c) { return set_role(c, Given::Role::server); }},
  {'u', "udp", kNoValue, kClientOnly, "", "send datagrams: needed, as there is nothing else here", [](Text, Given& c) { return on(c.udp); }},
  {'p', "port", kValueNeeded, kEither, "N", "server port, TCP and UDP (5201)", [](Text v, Given& c) { return from_one(v, 65535, c.port); }},
  {'f', "format", kValueNeeded, kEither, "LETTER", "unit of rates, one of k m g t K M G T: bits (small) or bytes", set_unit},
  {'i', "interval", kValueNeeded, kEither, "SECONDS", "between reports, 0.1..60 or 0 (1)", [](Text v, Given& c) { return set_seconds(v, c.report.interval, 0.1, 60); }},
  {'A', "affinity", kValueNeeded, kEither, "N[,M]", "CPU of this end; of a client: M of the server", set_affinity},
  {'F', "file", kValueNeeded, kEither, "", "", no_file},
  {'B', "bind", kValueNeeded, kEither, "HOST[%DEV]", "local address, or the name that has it", set_bind},
  {0, "bind-dev", kValueNeeded, kEither, "DEV", "send and receive through this network interface only", [](Text v, Given& c) { return store_device(v, c.local.device); }},
  {'V', "verbose", kNoValue, kEither, "", "more detail", [](Text, Given& c) { return on(c.log.verbose); }},
  {'J', "json", kNoValue, kEither, "", "one document in JSON", [](Text, Given& c) { return on(c.report.forms.json); }},
  {0, "json-stream", kNoValue, kEither, "", "a JSON object a line, as it happens", [](Text, Given& c) { return on(c.report.forms.stream); }},
  {0, "json-stream-full-output", kNoValue, kEither, "", "with it: the whole document at the end, too", [](Text, Given& c) { return on(c.report.forms.whole); }},
  {0, "as-version", kValueNeeded, kEither, "VERSION", "whose keys -J has, and whose name: 3.12 or 3.21 (3.12)", set_version},  // of this program alone
  {0, "logfile", kValueNeeded, kEither, "FILE", "append the output to FILE", [](Text v, Given& c) { return put_text(v, c.log.file); }},
  {0, "forceflush", kNoValue, kEither, "", "is done anyhow", always},  // every line is flushed
  {0, "timestamps", kOptional, kEither, "FORMAT", "time before each line, strftime(3)", [](Text v, Given& c) { return put_text(v.empty() ? "%c " : v, c.log.timestamps); }},
  {0, "rcv-timeout", kValueNeeded, kEither, "MS", "end a test in which nothing has come for so long (120000)", set_receive_timeout},
  {0, "snd-timeout", kValueNeeded, kEither, "MS", "of the control connection: data without an answer", [](Text v, Given& c) { return set_milliseconds(v, c.patience.control.unanswered); }},
  {0, "cntl-ka", kOptional, kEither, "IDLE/INTERVAL/COUNT", "of the control connection: whether the peer is there", set_keep_alive},
  {'d', "debug", kOptional, kEither, "LEVEL", "print what is said on the control connection", set_debug},
  {'v', "version", kNoValue, kEither, "", "print the version", [](Text, Given& c) { return on(c.version); }},
  {'h', "help", kNoValue, kEither, "", "print this", [](Text, Given& c) { return on(c.help); }},
  {'4', "version4", kNoValue, kEither, "", "IPv4 only", [](Text, Given& c) -> Problem { c.family = IpFamily::v4; return {}; }},
  {'6', "version6", kNoValue, kEither, "", "IPv6 only", [](Text, Given& c) -> Problem { c.family = IpFamily::v6; return {}; }},
  {'D', "daemon", kNoValue, kServerOnly, "", "run in the background", [](Text, Given& c) { return on(c.service.daemon); }},
  {'I', "pidfile", kValueNeeded, kEither, "FILE", "write the process id", [](Text v, Given& c) { return put_text(v, c.pid_file); }},
  {'1', "one-off", kNoValue, kServerOnly, "", "end after one client", [](Text, Given& c) { return on(c.service.one_off); }},
  {0, "idle-timeout", kValueNeeded, kServerOnly, "SECONDS", "with -1: end when no client comes", [](Text v, Given& c) -> Problem {
     return set_seconds(v, c.service.idle_timeout.emplace(), 1, 86'400) || *c.service.idle_timeout == Duration{0} ? bad(v) : Problem{}; }},
  {0, "server-bitrate-limit", kValueNeeded, kServerOnly, "RATE[/SECONDS]", "of all tests together, looked at over SECONDS (5)", set_limit},
  {0, "server-max-duration", kValueNeeded, kServerOnly, "SECONDS", "refuse longer tests", set_max_duration},
  {'b', "bitrate", kValueNeeded, kClientOnly, "RATE[/N]", "bit/s of each stream, 0 = unlimited (1M); bursts of N", set_bitrate},
  {0, "bandwidth", kValueNeeded, kClientOnly, "", "", set_bitrate},
  {0, "fq-rate", kValueNeeded, kClientOnly, "RATE", "pacing by the kernel, bit/s of each stream", [](Text v, Given& c) { return set_iperf3_rate(v, c.parameters.fq_rate_bps); }},
  {0, "no-fq-socket-pacing", kNoValue, kClientOnly, "", "", [](Text, Given& c) -> Problem { c.parameters.fq_rate_bps = 0; return {}; }},
  {0, "pacing-timer", kValueNeeded, kClientOnly, "US", "is passed on to the server", [](Text v, Given& c) { return whole(v, UINT32_MAX, c.parameters.extras.pacing_timer_us); }},
  {'t', "time", kValueNeeded, kClientOnly, "SECONDS", "length of the test (10), 0 = no end", [](Text v, Given& c) {
     c.duration_given = true;
     return plain(v, iperf3::kMostSeconds, c.parameters.seconds); }},
  {'n', "bytes", kValueNeeded, kClientOnly, "N", "end after so many bytes", [](Text v, Given& c) { return whole(v, UINT64_MAX, c.parameters.bytes); }},
  {'k', "blockcount", kValueNeeded, kClientOnly, "N", "end after so many datagrams", [](Text v, Given& c) { return whole(v, UINT64_MAX, c.parameters.blocks); }},
  {'l', "length", kValueNeeded, kClientOnly, "N", "bytes of each datagram", [](Text v, Given& c) -> Problem {
     auto& length = c.parameters.length;  // 0: as the path has it
     return whole(v, iperf3::kMostLength, length) || (length != 0 && length < iperf3::kLeastLength)
                ? "must be 16..65507: " + v : Problem{}; }},
  {0, "cport", kValueNeeded, kClientOnly, "N", "local port of the first stream", [](Text v, Given& c) { return from_one(v, 65535, c.local.port); }},
  {'P', "parallel", kValueNeeded, kClientOnly, "N", "streams, 1..128", [](Text v, Given& c) { return from_one(v, iperf3::kMostStreams, c.parameters.streams); }},
  {'R', "reverse", kNoValue, kClientOnly, "", "the server sends", [](Text, Given& c) { return on(c.parameters.reverse); }},
  {0, "bidir", kNoValue, kClientOnly, "", "both send", [](Text, Given& c) { return on(c.parameters.bidirectional); }},
  {'w', "window", kValueNeeded, kClientOnly, "N", "socket buffers, in bytes", [](Text v, Given& c) { return whole(v, 512U << 20U, c.parameters.window); }},
  {'O', "omit", kValueNeeded, kClientOnly, "SECONDS", "leave out the beginning", [](Text v, Given& c) { return plain(v, iperf3::kMostOmitSeconds, c.parameters.omit_seconds); }},
  {'S', "tos", kValueNeeded, kClientOnly, "N", "type of service, 0..255", [](Text v, Given& c) { return prefixed(v, 0, 255, c.parameters.ip.tos); }},
  {0, "dscp", kValueNeeded, kClientOnly, "N", "DSCP, 0..63 or a name", set_iperf3_dscp},
  {'L', "flowlabel", kValueNeeded, kClientOnly, "", "", [](Text v, Given& c) -> Problem {
     Problem problem = prefixed(v, 1, 0xFFFFF, c.parameters.ip.flow_label);
     return problem ? problem : of_tcp("-L", c); }},
  {'T', "title", kValueNeeded, kClientOnly, "TEXT", "put before each line, and into JSON", [](Text v, Given& c) { return put_text(v, c.parameters.labels.title); }},
  {0, "extra-data", kValueNeeded, kClientOnly, "TEXT", "put into JSON", [](Text v, Given& c) { return put_text(v, c.parameters.labels.extra_data); }},
  {0, "get-server-output", kNoValue, kClientOnly, "", "print what the server prints, too", [](Text, Given& c) { return on(c.parameters.get_server_output); }},
  {0, "udp-counters-64bit", kNoValue, kClientOnly, "", "is on in any case", [](Text, Given& c) { return on(c.parameters.counters_64bit); }},
  {0, "repeating-payload", kNoValue, kClientOnly, "", "digits in place of random bytes", [](Text, Given& c) { return on(c.parameters.repeating_payload); }},
  {0, "dont-fragment", kNoValue, kClientOnly, "", "forbid fragments (IPv4)", [](Text, Given& c) { return on(c.parameters.ip.dont_fragment); }},
  {0, "gsro", kNoValue, kClientOnly, "", "is passed on to the server", [](Text, Given& c) -> Problem { c.parameters.offload.gso = c.parameters.offload.gro = true; return {}; }},
  {0, "skip-rx-copy", kNoValue, kClientOnly, "", "is passed on to the server", [](Text, Given& c) { return on(c.parameters.extras.skip_rx_copy); }},
  {0, "connect-timeout", kValueNeeded, kClientOnly, "MS", "for all that comes before the data (10000)", set_connect_timeout},
  {0, "username", kValueNeeded, kClientOnly, "NAME", "the password is in IPERF3_PASSWORD, or is asked for", [](Text v, Given& c) { return put_text(v, c.access.user); }},
  {0, "rsa-public-key-path", kValueNeeded, kClientOnly, "FILE", "key of the server, with --username", [](Text v, Given& c) { return put_text(v, c.access.public_key); }},
  {0, "rsa-private-key-path", kValueNeeded, kServerOnly, "FILE", "serve known users only, with this key", [](Text v, Given& c) { return put_text(v, c.access.private_key); }},
  {0, "authorized-users-path", kValueNeeded, kServerOnly, "FILE", "and these are they", [](Text v, Given& c) { return put_text(v, c.access.users); }},
  {0, "time-skew-threshold", kValueNeeded, kServerOnly, "SECONDS", "by which their clocks may differ (10)", [](Text v, Given& c) { return from_one(v, 86'400, c.access.skew_s); }},
  {0, "use-pkcs1-padding", kNoValue, kEither, "", "credentials as iperf3 before 3.17 has them", [](Text, Given& c) -> Problem { c.access.padding = iperf3::Padding::pkcs1; return {}; }},
  {'M', "set-mss", kValueNeeded, kClientOnly, "", "", [](Text, Given& c) { return of_tcp("-M", c); }},
  {'N', "no-delay", kNoValue, kClientOnly, "", "", [](Text, Given& c) { return of_tcp("-N", c); }},
  {'C', "congestion", kValueNeeded, kClientOnly, "", "", [](Text, Given& c) { return of_tcp("-C", c); }},
  {0, "linux-congestion", kValueNeeded, kClientOnly, "", "", [](Text, Given& c) { return of_tcp("-C", c); }},
  {'Z', "zerocopy", kNoValue, kClientOnly, "", "", [](Text, Given& c) { c.parameters.extras.zerocopy = true; return of_tcp("-Z", c); }},
  {'m', "mptcp", kNoValue, kEither, "", "", not_here},
  {0, "sctp", kNoValue, kEither, "", "", not_here},
  {'X', "xbind", kValueNeeded, kEither, "", "", not_here},
  {0, "nstreams", kValueNeeded, kEither, "", "", not_here},
});
// clang-format on

}  // namespace

std::span<const Iperf3Row> iperf3_rows() {
  return kRows;
}

}  // namespace udperf::app
