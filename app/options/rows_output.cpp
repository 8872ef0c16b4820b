#include <algorithm>
#include <array>
#include <charconv>

#include "app/options/table.hpp"
#include "app/options/values.hpp"
#include "report/writer.hpp"

namespace udperf::app {
namespace {

using namespace std::chrono_literals;
using Text = const std::string&;

constexpr DurationRange kIntervals{10ms, 1h, "10ms..1h"};
constexpr DurationRange kGaps{1us, 1h, "1us..1h"};
constexpr DurationRange kRoundTrips{1us, 1h, "1us..1h"};

/// One of these says how the result is written.
constexpr std::string_view kFormats = "json jsonl csv print";

/// Keys of a JSON object: two of them must stay different whatever they are escaped to.
bool is_label_key(std::string_view key) {
  return !key.empty() && std::all_of(key.begin(), key.end(), [](char c) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    return letter || (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '.';
  });
}

Problem set_label(Text value, ClientCommand& command) {
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

Problem set_fields(Text value, ClientCommand& command) {
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

Problem set_fail_rtt(Text value, ClientCommand& command) {
  Duration limit{};
  Problem problem = store_duration(value, kRoundTrips, limit);
  command.thresholds.rtt_p99 = limit;
  return problem;
}

Problem set_fail_mos(Text value, ClientCommand& command) {
  double limit = 0;
  const char* const end = value.data() + value.size();
  const auto [rest, problem] = std::from_chars(value.data(), end, limit, std::chars_format::fixed);
  if (problem != std::errc{} || rest != end || !(limit >= 1 && limit <= 4.5)) {
    return "must be 1..4.5, e.g. 4.0";
  }
  command.thresholds.mos = limit;
  return std::nullopt;
}

Problem check_fail_mos(const GivenOption& /*option*/, const ClientCommand& command) {
  const VoiceSetup& voice = command.options.params.voice;
  if (!voice.wanted()) {
    return "needs --voice, or a profile that is a call";
  }
  return voice.codec == VoiceCodec::opus ? Problem{"the E-model has no score of Opus"}
                                         : std::nullopt;
}

Problem set_ready_fd(Text value, ServerCommand& command) {
  int fd = 0;
  Problem problem = store_integer(value, 1, 1'048'575, fd);
  command.ready_fd = fd;
  return problem;
}

Problem set_color(Text value, ClientCommand& command) {
  constexpr std::array<Choice<ColorMode>, 3> kChoices{
      {{"auto", ColorMode::automatic}, {"always", ColorMode::always}, {"never", ColorMode::never}}};
  return store_choice(value, kChoices, command.output.color);
}

Problem set_fail_worse(Text value, CompareCommand& command) {
  return store(compare::parse_limits(value), command.limits);
}

Problem check_details(const GivenOption& /*option*/, const ClientCommand& command) {
  if (command.output.format != OutputFormat::text) {
    return "is for text, not for --json, --jsonl, --csv or --print";
  }
  return std::nullopt;
}

Problem check_page(const GivenOption& option, const ClientCommand& command) {
  if (option.value == "-" && command.output.file.value_or("-") == "-") {
    return "stdout has the result; give the page a file, or the result one with --output";
  }
  return std::nullopt;
}

constexpr auto kOutputRows = std::to_array<OptionSpec>({
    {.name = "json",
     .help = "print one JSON document at the end",
     .brief = "print one JSON document at the end",
     .commands = kClient,
     .one_of = kFormats,
     .set = [](Text, ClientCommand& c) { return put(OutputFormat::json, c.output.format); }},
    {.name = "jsonl",
     .help = "print one JSON object a line, as it happens",
     .commands = kClient,
     .one_of = kFormats,
     .set = [](Text, ClientCommand& c) { return put(OutputFormat::jsonl, c.output.format); }},
    {.name = "csv",
     .help = "print a CSV header, and a row for each run or size",
     .commands = kClient,
     .one_of = kFormats,
     .set = [](Text, ClientCommand& c) { return put(OutputFormat::csv, c.output.format); }},
    {.name = "print",
     .value = "FIELDS",
     .help = "print bare values, e.g. goodput_bps,loss_percent",
     .brief = "print bare values, e.g. goodput_bps",
     .commands = kClient,
     .one_of = kFormats,
     .set = set_fields},
    {.name = "output",
     .value = "FILE",
     .help = "write the result to FILE",
     .fallback_text = "stdout",
     .commands = kClient,
     .set = [](Text v, ClientCommand& c) { return store_text(v, "file name", c.output.file); }},
    {.name = "report",
     .value = "FILE",
     .help = "write a page with charts to FILE (HTML)",
     .brief = "write a page with charts to FILE (HTML)",
     .commands = kClient,
     .set = [](Text v, ClientCommand& c) { return store_text(v, "file name", c.output.page); },
     .check = check_page},
    {.letter = 'o',
     .name = "output",
     .value = "FILE",
     .help = "write the page to FILE",
     .brief = "write the page to FILE (default stdout)",
     .fallback_text = "stdout",
     .commands = kReport,
     .set = [](Text v, ReportCommand& c) { return put(v, c.output); }},
    {.name = "iperf3-json",
     .help = "write the result as iperf3 -J would, in place of a page",
     .brief = "the result in iperf3's JSON form",
     .commands = kReport,
     .set = [](Text, ReportCommand& c) { return turn_on(c.iperf3_json); }},
    {.letter = 'i',
     .name = "interval",
     .value = "TIME",
     .help = "interval length, 10ms..1h; if given, text shows each",
     .brief = "show each interval (default 1s, not shown)",
     .fallback = "1s",
     .commands = kClient,
     .not_with = "find-rate classic",
     .set =
         [](Text v, ClientCommand& c) {
           return store_duration(v, kIntervals, c.options.params.interval);
         }},
    {.name = "gap-threshold",
     .value = "TIME",
     .help = "list silences longer than this, 1us..1h",
     .fallback = "50ms",
     .commands = kClient,
     .not_with = "classic",
     .set =
         [](Text v, ClientCommand& c) {
           return store_duration(v, kGaps, c.options.params.gap_threshold);
         }},
    {.name = "label",
     .value = "K=V",
     .help = "put a label into the result; repeatable",
     .commands = kClient,
     .repeatable = true,
     .set = set_label},
    {.name = "fail-loss",
     .value = "PERCENT",
     .help = "exit 6 when more than this is lost, e.g. 1%",
     .brief = "exit 6 when more than this is lost, e.g. 1%",
     .commands = kClient,
     .not_with = "classic",
     .set = [](Text v,
               ClientCommand& c) { return store(parse_percent(v), c.thresholds.loss_ratio); }},
    {.name = "fail-rate",
     .value = "RATE",
     .help = "exit 6 when less than this bit rate arrives, e.g. 900M",
     .commands = kClient,
     .not_with = "classic",
     .set = [](Text v, ClientCommand& c) { return store_bit_rate(v, c.thresholds.rate); }},
    {.name = "fail-rtt-p99",
     .value = "TIME",
     .help = "exit 6 when 1% of round trips under load take longer, e.g. 20ms",
     .commands = kClient,
     .not_with = "classic",
     .set = set_fail_rtt},
    {.name = "fail-mos",
     .value = "SCORE",
     .help = "exit 6 when any call would sound worse, 1..4.5, e.g. 4.0",
     .commands = kClient,
     .set = set_fail_mos,
     .check = check_fail_mos},
    {.name = "details",
     .help = "add rate and loss over time and the spread of delay to the text",
     .commands = kClient,
     .set = [](Text, ClientCommand& c) { return turn_on(c.output.details); },
     .check = check_details},
    {.letter = 'q',
     .name = "quiet",
     .help = "no progress and no warnings, only the result and errors",
     .commands = kClient,
     .set = [](Text, ClientCommand& c) { return put(Verbosity::quiet, c.output.verbosity); }},
    {.name = "jsonl",
     .value = "FILE",
     .help = "one JSON line a finished session; - is stdout, in place of text",
     .brief = "one JSON line a session; - is stdout",
     .commands = kServer,
     .set = [](Text v, ServerCommand& c) { return store_text(v, "file name", c.jsonl); }},
    {.name = "metrics",
     .value = "ADDR:PORT",
     .help = "answer Prometheus there, on TCP (/metrics)",
     .fallback_text = "no",
     .commands = kServer,
     .set = [](Text v, ServerCommand& c) { return store_listen(v, c.metrics.emplace()); }},
    {.name = "ready-fd",
     .value = "N",
     .help = "write a JSON line to this descriptor when ready",
     .commands = kServer,
     .set = set_ready_fd},
    {.name = "pid-file",
     .value = "FILE",
     .help = "write the process id to FILE while running",
     .commands = kServer,
     .set = [](Text v, ServerCommand& c) { return store_text(v, "file name", c.pid_file); }},
    {.name = "fail-worse",
     .value = "LIST",
     .help = "exit 6 when one got worse by more, e.g. rate:5%,loss:0.1%",
     .brief = "exit 6 when worse by more, e.g. rate:5%,loss:1%",
     .commands = kCompare,
     .set = set_fail_worse},
    {.name = "json",
     .help = "print one JSON document",
     .brief = "print one JSON document",
     .commands = kCompare,
     .set = [](Text, CompareCommand& c) { return turn_on(c.json); }},
    {.name = "json",
     .help = "print one JSON document",
     .brief = "print one JSON document",
     .commands = kProfiles,
     .set = [](Text, ProfilesCommand& c) { return turn_on(c.json); }},
    {.name = "report",
     .value = "FILE",
     .help = "draw both over each other on a page with charts (HTML)",
     .brief = "draw both over each other on a page (HTML)",
     .commands = kCompare,
     .set = [](Text v, CompareCommand& c) { return store_text(v, "file name", c.page); }},
    {.name = "color",
     .value = "WHEN",
     .help = "auto, always or never; NO_COLOR is respected",
     .fallback = "auto",
     .commands = kClient,
     .choices = "auto always never",
     .set = set_color},
});

static_assert(all_set(kOutputRows));

}  // namespace

std::span<const OptionSpec> output_rows() {
  return kOutputRows;
}

}  // namespace udperf::app
