#include <algorithm>
#include <cctype>

#include "app/cli_values.hpp"
#include "report/writer.hpp"

namespace udperf::app {
namespace {

using namespace std::chrono_literals;

constexpr DurationRange kWaits{1ms, 24h, "1ms..24h"};
constexpr DurationRange kIntervals{10ms, 1h, "10ms..1h"};
constexpr DurationRange kPauses{0ns, 1h, "0s..1h"};
constexpr DurationRange kRoundTrips{1us, 1h, "1us..1h"};
constexpr DurationRange kGaps{1us, 1h, "1us..1h"};
constexpr DurationRange kSearchTimes{6s, 10min, "6s..10m"};
constexpr Duration kDefaultDuration = 10s;
/// The classic test's datagrams, whatever the path's packet size.
constexpr std::uint32_t kClassicBytes = 1500;

Problem set_packet_size(const std::string& value, ClientCommand& command) {
  command.options.auto_packet_size = value == "auto";
  if (command.options.auto_packet_size) {
    return std::nullopt;
  }
  const auto size = parse_byte_count(value, BareNumber::bytes);
  if (!size || size->count() < kDataHeaderBytes || size->count() > kMaxPayloadBytes) {
    return "must be auto or " + std::to_string(kDataHeaderBytes) + ".." +
           std::to_string(kMaxPayloadBytes) + " (bytes)";
  }
  command.options.params.payload_bytes = static_cast<std::uint32_t>(size->count());
  return std::nullopt;
}

/// "100M" for either way, "100M/20M" for up and down.
Problem set_rate(const std::string& value, ClientCommand& command) {
  const auto slash = value.find('/');
  const std::string up = value.substr(0, slash);
  const std::string down = slash == std::string::npos ? up : value.substr(slash + 1);
  if (Problem problem = store(parse_send_rate(up), command.options.params.rate_up)) {
    return problem;
  }
  return store(parse_send_rate(down), command.options.params.rate_down);
}

/// Class selectors (RFC 2474), assured and expedited forwarding (RFC 2597, RFC 3246), voice-admit
/// (RFC 5865) and lower effort (RFC 8622).
std::optional<std::uint8_t> dscp_by_name(std::string name) {
  std::transform(name.begin(), name.end(), name.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  constexpr std::array<Choice<std::uint8_t>, 3> kNames{{{"ef", 46}, {"le", 1}, {"va", 44}}};
  for (const auto& [word, code] : kNames) {
    if (name == word) {
      return code;
    }
  }
  const auto digit = [&name](std::size_t at, char low, char high) {
    return name[at] >= low && name[at] <= high;
  };
  if (name.size() == 3 && name.starts_with("cs") && digit(2, '0', '7')) {
    return static_cast<std::uint8_t>(8 * (name[2] - '0'));
  }
  if (name.size() == 4 && name.starts_with("af") && digit(2, '1', '4') && digit(3, '1', '3')) {
    return static_cast<std::uint8_t>(8 * (name[2] - '0') + 2 * (name[3] - '0'));
  }
  return std::nullopt;
}

Problem set_dscp(const std::string& value, ClientCommand& command) {
  if (const auto code = dscp_by_name(value)) {
    command.options.params.dscp = *code;
    return std::nullopt;
  }
  if (store_integer(value, 0, 63, command.options.params.dscp)) {
    return "must be 0..63 or one of EF, VA, LE, CS0..CS7, AF11..AF43";
  }
  return std::nullopt;
}

/// The code points of RFC 3168 s5, by name or number.
Problem set_ecn(const std::string& value, ClientCommand& command) {
  constexpr std::array<Choice<std::uint8_t>, 8> kMarks{{{"not-ect", 0},
                                                        {"ect1", 1},
                                                        {"ect0", 2},
                                                        {"ce", 3},
                                                        {"0", 0},
                                                        {"1", 1},
                                                        {"2", 2},
                                                        {"3", 3}}};
  return store_choice(value, kMarks, command.options.params.ecn);
}

Problem set_offload(const std::string& value, OffloadMode& mode) {
  constexpr std::array<Choice<OffloadMode>, 3> kModes{
      {{"auto", OffloadMode::automatic}, {"on", OffloadMode::on}, {"off", OffloadMode::off}}};
  return store_choice(value, kModes, mode);
}

Problem set_direction(const std::string& value, ClientCommand& command) {
  constexpr std::array<Choice<Direction>, 3> kWays{
      {{"up", Direction::up}, {"down", Direction::down}, {"both", Direction::both}}};
  return store_choice(value, kWays, command.options.params.direction);
}

Problem set_payload(const std::string& value, ClientCommand& command) {
  constexpr std::array<Choice<PayloadKind>, 3> kKinds{{{"random", PayloadKind::random},
                                                       {"alphabet", PayloadKind::alphabet},
                                                       {"zero", PayloadKind::zero}}};
  return store_choice(value, kKinds, command.options.params.payload);
}

Problem set_search(const std::string& value, ClientCommand& command) {
  constexpr std::array<Choice<search::Algorithm>, 2> kAlgorithms{
      {{"udperf", search::Algorithm::udperf}, {"rfc9097", search::Algorithm::rfc9097}}};
  command.find_rate = true;
  return store_choice(value, kAlgorithms, command.search.algorithm);
}

/// Keys of a JSON object: two of them must stay different whatever they are escaped to.
bool is_label_key(std::string_view key) {
  return !key.empty() && std::all_of(key.begin(), key.end(), [](char c) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    return letter || (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '.';
  });
}

Problem set_label(const std::string& value, ClientCommand& command) {
  const auto equals = value.find('=');
  std::string key = value.substr(0, equals);
  if (equals == std::string::npos || !is_label_key(key)) {
    return "must be KEY=VALUE, e.g. site=lab, with a key of letters, digits, _ - and .";
  }
  for (const auto& label : command.options.labels) {
    if (label.first == key) {
      return "the label " + key + " is given twice";
    }
  }
  command.options.labels.emplace_back(std::move(key), value.substr(equals + 1));
  return std::nullopt;
}

Problem set_fields(const std::string& value, ClientCommand& command) {
  command.output.format = OutputFormat::print;
  std::size_t start = 0;
  while (start <= value.size()) {
    const auto comma = std::min(value.find(',', start), value.size());
    if (comma == start) {
      return "field names separated by commas are needed, e.g. goodput_bps,loss_percent";
    }
    command.output.fields.push_back(value.substr(start, comma - start));
    start = comma + 1;
  }
  return report::check_fields(command.output.fields);
}

Problem set_gap(const std::string& value, ClientCommand& command) {
  if (value == "0" || value == "0s") {  // no pause; elsewhere a time of zero makes no sense
    command.gap = Duration{0};
    return std::nullopt;
  }
  return store_duration(value, kPauses, command.gap);
}

Problem set_fail_loss(const std::string& value, ClientCommand& command) {
  return store(parse_percent(value), command.thresholds.loss_ratio);
}

using ClientSetter = Setter<ClientCommand>;
using Text = const std::string&;

constexpr std::array kSetters = std::to_array<ClientSetter>({
  {"size", [](Text v, ClientCommand& c) -> Problem {
     const auto size = parse_test_size(v);
     c.options.params.amount.size_bytes = size ? size->count() : 0;
     return size ? Problem{} : Problem{size.error().what}; }},
  {"duration", [](Text v, ClientCommand& c) { return store(parse_duration(v), c.options.params.amount.duration); }},
  {"packets", [](Text v, ClientCommand& c) { return store_integer(v, 1, std::uint64_t{1} << 60U, c.options.params.amount.packets); }},
  {"rate", set_rate},
  {"packet-size", set_packet_size},
  {"classic", [](Text, ClientCommand& c) -> Problem { c.options.classic = true; return {}; }},
  {"direction", set_direction},
  {"reverse", [](Text, ClientCommand& c) -> Problem { c.options.params.direction = Direction::down; return {}; }},
  {"bidir", [](Text, ClientCommand& c) -> Problem { c.options.params.direction = Direction::both; return {}; }},
  {"streams", [](Text v, ClientCommand& c) { return store_integer(v, 1, kMaxStreams, c.options.params.streams); }},
  {"payload", set_payload},
  {"dscp", set_dscp},
  {"ecn", set_ecn},
  {"df", [](Text, ClientCommand& c) -> Problem { c.options.params.df = DontFragment::on; return {}; }},
  {"gso", [](Text v, ClientCommand& c) { return set_offload(v, c.options.params.gso); }},
  {"gro", [](Text v, ClientCommand& c) { return set_offload(v, c.options.params.gro); }},
  {"port", [](Text v, ClientCommand& c) { return store_integer(v, 1, 65535, c.options.port); }},
  {"ipv4", [](Text, ClientCommand& c) -> Problem { c.options.family = IpFamily::v4; return {}; }},
  {"ipv6", [](Text, ClientCommand& c) -> Problem { c.options.family = IpFamily::v6; return {}; }},
  {"bind", [](Text v, ClientCommand& c) { return store(parse_ip_address(v), c.options.bind); }},
  {"local-port", [](Text v, ClientCommand& c) { return store_integer(v, 0, 65535, c.options.local_port); }},
  {"spin", [](Text, ClientCommand& c) -> Problem { c.options.spin = true; return {}; }},
  {"buffer", [](Text v, ClientCommand& c) { return store_buffer(v, c.options.buffer); }},
  {"connect-timeout", [](Text v, ClientCommand& c) { return store_duration(v, kWaits, c.options.connect_timeout); }},
  {"wait-server", [](Text v, ClientCommand& c) { return store_duration(v, kWaits, c.options.wait_server); }},
  {"retry-busy", [](Text v, ClientCommand& c) { return store_duration(v, kWaits, c.options.retry_busy); }},
  {"key-file", [](Text v, ClientCommand& c) { return store_text(v, "file name", c.key_file); }},
  {"json", [](Text, ClientCommand& c) -> Problem { c.output.format = OutputFormat::json; return {}; }},
  {"jsonl", [](Text, ClientCommand& c) -> Problem { c.output.format = OutputFormat::jsonl; return {}; }},
  {"csv", [](Text, ClientCommand& c) -> Problem { c.output.format = OutputFormat::csv; return {}; }},
  {"print", set_fields},
  {"output", [](Text v, ClientCommand& c) { return store_text(v, "file name", c.output.file); }},
  {"report", [](Text v, ClientCommand& c) { return store_text(v, "file name", c.output.page); }},
  {"interval", [](Text v, ClientCommand& c) {
     c.output.live_intervals = true;
     return store_duration(v, kIntervals, c.options.params.interval); }},
  {"gap-threshold", [](Text v, ClientCommand& c) { return store_duration(v, kGaps, c.options.params.gap_threshold); }},
  {"label", set_label},
  {"repeat", [](Text v, ClientCommand& c) { return store_integer(v, 1, 10000, c.repeat); }},
  {"gap", set_gap},
  {"find-rate", [](Text v, ClientCommand& c) { return set_search(v, c); }},
  {"max-loss", [](Text v, ClientCommand& c) { return store(parse_percent(v), c.search.max_loss.emplace()); }},
  {"max-rate", [](Text v, ClientCommand& c) { return store_bit_rate(v, c.search.max_rate); }},
  {"min-rate", [](Text v, ClientCommand& c) { return store_bit_rate(v, c.search.min_rate); }},
  {"search-time", [](Text v, ClientCommand& c) { return store_duration(v, kSearchTimes, c.search.time); }},
  {"fail-loss", set_fail_loss},
  {"fail-rate", [](Text v, ClientCommand& c) { return store_bit_rate(v, c.thresholds.rate); }},
  {"fail-rtt-p99", [](Text v, ClientCommand& c) {
     Duration limit{};
     Problem problem = store_duration(v, kRoundTrips, limit);
     c.thresholds.rtt_p99 = limit;
     return problem; }},
  {"details", [](Text, ClientCommand& c) -> Problem { c.output.details = true; return {}; }},
  {"quiet", [](Text, ClientCommand& c) -> Problem { c.output.verbosity = Verbosity::quiet; return {}; }},
  {"color", [](Text v, ClientCommand& c) { return store_color(v, c.output.color); }},
});

constexpr std::array<std::string_view, 3> kAmounts{"size", "duration", "packets"};
constexpr std::array<std::string_view, 4> kFormats{"json", "jsonl", "csv", "print"};
constexpr std::array<std::string_view, 3> kDirections{"direction", "reverse", "bidir"};
constexpr std::array<std::string_view, 2> kFamilies{"ipv4", "ipv6"};

Problem check_contradictions(std::span<const GivenOption> given) {
  for (const std::span<const std::string_view> names :
       {std::span<const std::string_view>{kAmounts}, std::span<const std::string_view>{kFormats},
        std::span<const std::string_view>{kDirections},
        std::span<const std::string_view>{kFamilies}}) {
    if (Problem problem = check_exclusive(given, names)) {
      return problem;
    }
  }
  return std::nullopt;
}

/// What goes with a search only, and what does not go with one.
Problem check_search(const GivenOption& option, const ClientCommand& command) {
  constexpr std::array<std::string_view, 4> kOfSearch{"max-loss", "max-rate", "min-rate",
                                                      "search-time"};
  constexpr std::array<std::string_view, 6> kOfOneTest{"size", "duration", "packets",
                                                       "rate", "interval", "repeat"};
  const auto is_in = [&option](std::span<const std::string_view> names) {
    return std::find(names.begin(), names.end(), option.name) != names.end();
  };
  if (!command.find_rate && is_in(kOfSearch)) {
    return "needs --find-rate";
  }
  if (command.find_rate && is_in(kOfOneTest)) {
    return "does not go with --find-rate, which chooses it for each trial";
  }
  const SearchOptions& search = command.search;
  if (option.name == "min-rate" && search.max_rate && *search.min_rate > *search.max_rate) {
    return "is above --max-rate";
  }
  if (search.algorithm != search::Algorithm::rfc9097) {
    return std::nullopt;
  }
  if (option.name == "min-rate") {
    return "does not go with --find-rate=rfc9097, whose table begins at 0.5 Mb/s";
  }
  // Five seconds are the shortest test interval (RFC 9097 s4), five more verify the answer.
  if (option.name == "search-time" && search.time < std::chrono::seconds{10}) {
    return "is too short for --find-rate=rfc9097; accepted is 10s..10m";
  }
  return std::nullopt;
}

/// What the classic test has no means for: it knows one way, one stream, and no figure of its own.
constexpr std::array<std::string_view, 16> kNotClassic{
    "direction", "reverse",   "bidir",        "streams",    "payload",  "gro",
    "spin",      "key-file",  "wait-server",  "retry-busy", "interval", "gap-threshold",
    "fail-loss", "fail-rate", "fail-rtt-p99", "find-rate"};

/// The same option values that a classic test has anyhow do no harm.
bool is_classic_anyhow(const GivenOption& option, const TestParams& params) {
  return (option.name == "direction" && params.direction == Direction::up) ||
         (option.name == "streams" && params.streams == 1) ||
         (option.name == "payload" && option.value == "alphabet");
}

Problem check_classic(const GivenOption& option, const ClientCommand& command) {
  const bool excluded =
      std::find(kNotClassic.begin(), kNotClassic.end(), option.name) != kNotClassic.end();
  if (command.options.classic && excluded && !is_classic_anyhow(option, command.options.params)) {
    return "is not possible with --classic, which sends letters one way and learns one figure";
  }
  return std::nullopt;
}

/// What only the whole command can show to be impossible, blamed on the option that it hangs on.
Problem check_combination(const GivenOption& option, const ClientCommand& command) {
  if (Problem problem = check_search(option, command)) {
    return problem;
  }
  const TestParams& params = command.options.params;
  if (Problem problem = check_classic(option, command)) {
    return problem;
  }
  if (option.name == "rate" && option.value.find('/') != std::string::npos &&
      params.direction != Direction::both) {
    return "an up and a down rate need --direction both";
  }
  if (option.name == "bind" && command.options.family &&
      command.options.bind->family != *command.options.family) {
    return "is of the other address family than -4 or -6 asks for";
  }
  if (option.name == "details" && command.output.format != OutputFormat::text) {
    return "is for text, not for --json, --jsonl, --csv or --print";
  }
  if (option.name == "report" && option.value == "-" && command.output.file.value_or("-") == "-") {
    return "stdout has the result; give the page a file, or the result one with --output";
  }
  if (option.name == "gap" && command.repeat == 1) {
    return "needs --repeat with more than one run";
  }
  if (option.name == "size" || option.name == "packets" || option.name == "duration") {
    const auto problem = check_params(params);
    return problem ? Problem{problem->what} : std::nullopt;
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::string> apply_client_options(std::span<const GivenOption> given,
                                                ClientCommand& command) {
  if (Problem problem = check_contradictions(given)) {
    return problem;
  }
  if (Problem problem = apply_setters<ClientCommand>(given, kSetters, command)) {
    return problem;
  }
  Amount& amount = command.options.params.amount;
  if (amount == Amount{} && !command.find_rate) {
    amount.duration = kDefaultDuration;
  }
  if (command.options.classic) {
    TestParams& params = command.options.params;
    params.payload = PayloadKind::alphabet;
    params.payload_bytes = command.options.auto_packet_size ? kClassicBytes : params.payload_bytes;
  }
  for (const GivenOption& option : given) {
    if (Problem problem = check_combination(option, command)) {
      return option_problem(option, *problem);
    }
  }
  return std::nullopt;
}

}  // namespace udperf::app
