#include "model/forever.hpp"
#include "model/session_text.hpp"
#include "report/fields/parts.hpp"
#include "voice/e_model.hpp"

namespace udperf::report {
namespace {

template <typename T>
std::optional<T> unless_zero(T value) {
  return value != 0 ? std::optional{value} : std::nullopt;
}

double seconds(Duration time) {
  return static_cast<double>(time.count()) / 1e9;
}

std::optional<double> duration_s(const Amount& amount) {
  const bool bounded = amount.duration != Duration{0} && amount.duration != kForever;
  return bounded ? std::optional{seconds(amount.duration)} : std::nullopt;
}

/// The asked payload rate in bit/s over the ways that run; nothing as fast as it goes and where the
/// rate is adjusted.
std::optional<double> rate_target(const TestParams& params) {
  double sum = 0;
  for (const Way way : {Way::up, Way::down}) {
    const SendRate& rate = params.rate(way);
    if (!includes(params.direction, way)) {
      continue;
    }
    if (!rate.limited() || rate.adjusted()) {
      return std::nullopt;
    }
    const MeanLength mean = params.mean_length(way);
    sum += rate.kind == SendRate::Kind::bits
               ? static_cast<double>(rate.value)
               : static_cast<double>(rate.value) / 1000.0 * 8.0 *
                     (static_cast<double>(mean.bytes) / static_cast<double>(mean.packets));
  }
  return sum;
}

/// What the ways that run have in common, or "UP/DOWN" where they differ.
template <typename Text>
std::string of_ways(const TestParams& params, Text text) {
  const std::string up = text(params.shape_up);
  const std::string down = text(params.shape_down);
  if (params.direction != Direction::both || up == down) {
    return params.direction == Direction::down ? down : up;
  }
  return up + "/" + down;
}

std::optional<std::string> sizes(const TestParams& params) {
  const auto text = of_ways(params, sizes_text);
  return text.empty() ? std::nullopt : std::optional{text};
}

std::optional<double> omit_s(const TestParams& params) {
  return params.omit > Duration{0} ? std::optional{seconds(params.omit)} : std::nullopt;
}

std::optional<std::string> header_name(const TestOutcome& t) {
  if (t.classic || t.iperf3) {
    return std::nullopt;
  }
  return t.params.header == HeaderKind::compact ? "compact" : "full";
}

std::optional<std::string> codec_name(const VoiceSetup& voice) {
  return voice.wanted() ? std::optional{std::string{voice::figures(voice.codec).name}}
                        : std::nullopt;
}

std::optional<std::int64_t> fixed_buffer_ns(const VoiceSetup& voice) {
  return voice.wanted() && !voice.adaptive() ? std::optional{std::int64_t{voice.buffer.count()}}
                                             : std::nullopt;
}

std::optional<Endpoint> client(const TestOutcome& t) {
  return t.client.port != 0 ? std::optional{t.client} : std::nullopt;
}
std::optional<std::string> address(const std::optional<Endpoint>& endpoint) {
  return endpoint ? std::optional{endpoint->address.to_string()} : std::nullopt;
}
std::optional<std::uint16_t> port(const std::optional<Endpoint>& endpoint) {
  return endpoint ? std::optional{endpoint->port} : std::nullopt;
}
std::optional<std::string> family(const TestOutcome& t) {
  if (!t.server) {
    return std::nullopt;
  }
  return t.server->address.family == IpFamily::v4 ? "ipv4" : "ipv6";
}

/// Keys that differ only in their bad bytes would come out as the same key twice.
std::string valid_utf8(const std::string& text) {
  const std::string quoted = Json(text).dump(-1, ' ', false, Json::error_handler_t::replace);
  return Json::parse(quoted).get<std::string>();
}

/// The user's own keys.
Access<TestOutcome> labels() {
  return {{FieldKind::labels}, {}, {}, [](const TestOutcome& t) {
            Json tree = Json::object();
            for (const auto& [key, text] : t.labels) {
              tree[valid_utf8(key)] = text;
            }
            return tree;
          }};
}

}  // namespace

// NOLINTNEXTLINE(readability-function-size): the rows of a table
const Fields<TestOutcome>& test_fields() {
  static const Fields<TestOutcome> fields{
      {"id",
       [](const TestOutcome& t) {
         return t.session ? std::optional{session_text(*t.session)} : std::nullopt;
       },
       {"Session id, 16 hex digits.", "", "", "no session was made", "", 1}},
      {"start_unix_ns",
       [](const TestOutcome& t) { return to_ns(t.start); },
       {"When the client began, by its clock.", "ns since 1970, UTC", "", "", "", 2}},
      {"end_unix_ns",
       [](const TestOutcome& t) { return to_ns(t.end); },
       {"When it was done.", "ns since 1970, UTC"}},
      {"direction",
       [](const TestOutcome& t) { return std::string{direction_name(t.params.direction)}; },
       {"`up` is from the client to the server.", "", "", "", "up down both", 7}},
      {"streams",
       [](const TestOutcome& t) { return t.params.streams; },
       {"Streams in each direction that runs.", "", "", "", "", 8}},
      {"payload_bytes",
       [](const TestOutcome& t) { return t.params.payload_bytes; },
       {"UDP payload of each datagram, udperf's header included, or the largest of a mix; the last "
        "of a test may be shorter.",
        "B", "", "", "", 9}},
      {"rate_target_bps",
       [](const TestOutcome& t) { return rate_target(t.params); },
       {"Payload rate that was asked for, over all streams, summed over the directions that run. A "
        "rate in packets is converted with the mean datagram.",
        "bit/s", "", "a direction runs as fast as it can, or as the feedback says (rfc9097)", "",
        10}},
      {"size_bytes",
       [](const TestOutcome& t) { return unless_zero(t.params.amount.size_bytes); },
       {"Payload to send in each direction.", "B", "", "the test is not limited by size"}},
      {"packets",
       [](const TestOutcome& t) { return unless_zero(t.params.amount.packets); },
       {"Datagrams to send in each direction.", "", "", "the test is not limited by packets"}},
      {"duration_s",
       [](const TestOutcome& t) { return duration_s(t.params.amount); },
       {"How long to send.", "s", "",
        "the test is not limited by time, or goes on until it is interrupted (`--duration "
        "forever`)"}},
      {"interval_s",
       [](const TestOutcome& t) {
         return t.classic ? std::nullopt : std::optional{seconds(t.params.interval)};
       },
       {"Length of a row of `intervals`.", "s", "", "a classic test has none"}},
      {"client_address",
       [](const TestOutcome& t) { return address(client(t)); },
       {"The client's address as it sees it itself.", "", "", "no socket was opened", "", 3}},
      {"client_port",
       [](const TestOutcome& t) { return port(client(t)); },
       {"The client's UDP port.", "", "", "no socket was opened", "", 4}},
      {"client_address_seen_by_server",
       [](const TestOutcome& t) { return address(t.client_seen_by_server); },
       {"The client's address as the server sees it: another one behind NAT.", "", "",
        "the server did not answer"}},
      {"client_port_seen_by_server",
       [](const TestOutcome& t) { return port(t.client_seen_by_server); },
       {"The client's port as the server sees it.", "", "", "the server did not answer"}},
      {"server_address",
       [](const TestOutcome& t) { return address(t.server); },
       {"The server's address.", "", "", "its name was not resolved", "", 5}},
      {"server_port",
       [](const TestOutcome& t) { return port(t.server); },
       {"The server's UDP port.", "", "", "its name was not resolved", "", 6}},
      {"family",
       [](const TestOutcome& t) { return family(t); },
       {"IP version of the test.", "", "", "the server's name was not resolved", "ipv4 ipv6"}},
      {"dscp",
       [](const TestOutcome& t) { return t.params.dscp; },
       {"DSCP asked for, 0..63.", "", "RFC 2474"}},
      {"ecn_sent",
       [](const TestOutcome& t) { return t.params.ecn; },
       {"ECN code point asked for: 0 not-ECT, 1 ECT(1), 2 ECT(0), 3 CE.", "", "RFC 3168 s5"}},
      {"df",
       [](const TestOutcome& t) { return t.params.df == DontFragment::on; },
       {"Whether datagrams may not be fragmented on the way (--df)."}},
      {"auth", &TestOutcome::authenticated, {"Whether both ends proved that they know the key."}},
      {"concurrent_sessions_max",
       [](const TestOutcome& t) { return unless_zero(t.concurrent_sessions_max); },
       {"Most sessions that the server ran at once during the test, this one included: more than 1 "
        "means that tests shared the path.",
        "", "", "the server did not say"}},
      {"profile",
       [](const TestOutcome& t) {
         const auto name = profile_name(t.params.profile);
         return name.empty() ? std::nullopt : std::optional{std::string{name}};
       },
       {"Name of the traffic that was asked for (`udperf profiles`).", "", "", "none was"}},
      {"spacing",
       [](const TestOutcome& t) { return of_ways(t.params, spacing_text); },
       {"When datagrams were due: `even`, `poisson`, `burst:N`, `frames:N` with N frames a second, "
        "or at the times of a `trace`; `UP/DOWN` where the directions differ.",
        "", "RFC 2330 s11.1"}},
      {"sizes",
       [](const TestOutcome& t) { return sizes(t.params); },
       {"Lengths of UDP payload and their weights, as `--packet-size` takes them; `UP/DOWN` where "
        "the directions differ.",
        "", "", "every datagram has `payload_bytes`"}},
      {"seed",
       [](const TestOutcome& t) { return unless_zero(t.params.seed); },
       {"What lengths and gaps were drawn by: `--seed` with it sends the same again.", "", "",
        "nothing was drawn at random"}},
      {"header",
       [](const TestOutcome& t) { return header_name(t); },
       {"The head of each DATA datagram: 40 bytes, or 16 where they are small or `--header "
        "compact` "
        "was given.",
        "", "", "the test was by another protocol", "full compact"}},
      {"omit_s",
       [](const TestOutcome& t) { return omit_s(t.params); },
       {"Warm-up before the test, which the figures leave out (`--omit`).", "s", "",
        "there was none"}},
      {"voice",
       [](const TestOutcome& t) { return codec_name(t.params.voice); },
       {"Codec of the listener (`--voice`); the figures are in `voice` of each direction.", "", "",
        "nobody listened", "g711 g711-plc g729 opus"}},
      {"jitter_buffer_ns",
       [](const TestOutcome& t) { return fixed_buffer_ns(t.params.voice); },
       {"Delay of the listener's de-jitter buffer that was asked for (`--jitter-buffer`).", "ns",
        "", "it adapts itself, or nobody listened"}},
      {"labels",
       labels(),
       {"The user's `--label` pairs; `test.labels.KEY` can be printed.", "", "", "", "", 55}},
  };
  return fields;
}

}  // namespace udperf::report
