#include <algorithm>
#include <array>

#include "app/options/table.hpp"
#include "app/options/values.hpp"

namespace udperf::app {
namespace {

using Text = const std::string&;

/// "48h", "30d" or "2y".
Problem store_age(std::string_view text, Duration& target) {
  using Days = std::chrono::duration<Duration::rep, std::ratio<86400>>;
  constexpr const char* kProblem = "accepted are 1h..87600h, or as many days (d) or years (y)";
  if (text.empty()) {
    return kProblem;
  }
  const Duration unit = text.back() == 'h'   ? Duration{std::chrono::hours{1}}
                        : text.back() == 'd' ? Duration{Days{1}}
                                             : Duration{Days{365}};
  // What is more would not fit when multiplied.
  const auto most = static_cast<std::uint64_t>(Duration{Days{3650}} / unit);
  const auto count = parse_integer(text.substr(0, text.size() - 1), 1, most);
  if (!count || std::string_view{"hdy"}.find(text.back()) == std::string_view::npos) {
    return kProblem;
  }
  target = unit * static_cast<Duration::rep>(*count);
  return std::nullopt;
}

/// One to three times: of rounds, of rows of five minutes, of rows of an hour.
Problem set_retention(Text value, MonitorCommand& command) {
  const std::array<Duration*, 3> parts{&command.retention.rounds, &command.retention.five_minutes,
                                       &command.retention.hours};
  std::size_t start = 0;
  for (Duration* const part : parts) {
    const auto comma = std::min(value.find(',', start), value.size());
    if (Problem problem = store_age(value.substr(start, comma - start), *part)) {
      return problem;
    }
    if (comma == value.size()) {
      return std::nullopt;
    }
    start = comma + 1;
  }
  return "at most three times: of rounds, of 5-minute rows, of hourly rows";
}

/// An option of the client that changes the module `light`; checked when all are known.
Problem for_module(const char* name, Text value, MonitorCommand& command) {
  command.module.push_back({name, value});
  return std::nullopt;
}

constexpr auto kMonitorRows = std::to_array<OptionSpec>({
    {.name = "config",
     .value = "FILE",
     .help = "read targets and modules from this YAML file",
     .brief = "targets and modules, a YAML file",
     .fallback_text = "none",
     .commands = kMonitor,
     .in_config = false,
     .set = [](Text v, MonitorCommand& c) { return store_text(v, "file name", c.config); }},
    {.name = "check-config",
     .help = "say what is wrong with the configuration, then exit",
     .brief = "say what is wrong with it, then exit",
     .commands = kMonitor,
     .in_config = false,
     .set = [](Text, MonitorCommand& c) { return turn_on(c.check_config); }},
    {.name = "once",
     .help = "one round to each target, print a table, then exit",
     .brief = "one round to each target and a table",
     .commands = kMonitor,
     .in_config = false,
     .not_with = "check-config",
     .excluding = "which ends after one round",
     .set = [](Text, MonitorCommand& c) { return turn_on(c.once); }},
    {.name = "json",
     .help = "print one JSON document in place of the table",
     .brief = "print JSON in place of the table",
     .commands = kMonitor,
     .in_config = false,
     .needs = "once",
     .set = [](Text, MonitorCommand& c) { return turn_on(c.json); }},
    {.name = "listen",
     .value = "ADDR:PORT",
     .help = "where page, API and metrics are",
     .brief = "page and metrics (default 127.0.0.1:9555)",
     .fallback = "127.0.0.1:9555",
     .commands = kMonitor,
     .not_with = "once",
     .set = [](Text v, MonitorCommand& c) { return store_listen(v, c.listen); }},
    {.name = "host-name",
     .value = "NAME",
     .help = "what a proxy on this host calls the page by; repeatable",
     .commands = kMonitor,
     .repeatable = true,
     .not_with = "once",
     .set =
         [](Text v, MonitorCommand& c) {
           c.host_names.push_back(v);
           return v.empty() ? Problem{"a name is needed"} : std::nullopt;
         }},
    {.name = "web-config",
     .value = "FILE",
     .help = "TLS and passwords, as Prometheus' exporters have them",
     .fallback_text = "none",
     .commands = kMonitor,
     .not_with = "once",
     .set = [](Text v, MonitorCommand& c) { return store_text(v, "file name", c.web_config); }},
    {.name = "history",
     .value = "FILE",
     .help = "keep the results (SQLite)",
     .brief = "keep results in this SQLite file",
     .fallback_text = "monitor.db in the state directory",
     .commands = kMonitor,
     .set = [](Text v, MonitorCommand& c) { return store_text(v, "file name", c.history); }},
    {.name = "retention",
     .value = "TIMES",
     .help = "keep rounds, 5-minute and hourly sums so long",
     .fallback = "48h,30d,2y",
     .commands = kMonitor,
     .set = set_retention},
    {.name = "jsonl",
     .value = "FILE",
     .help = "a JSON line a round and a change; - is stdout",
     .brief = "a JSON line a round and a change; - is stdout",
     .commands = kMonitor,
     .set = [](Text v, MonitorCommand& c) { return store_text(v, "file name", c.jsonl); }},
    {.name = "exec",
     .value = "PROGRAM",
     .help = "run this at each change, which it gets on its stdin",
     .brief = "run this at each change, told on its stdin",
     .commands = kMonitor,
     .not_with = "once",
     .set = [](Text v, MonitorCommand& c) { return store_text(v, "program", c.exec); }},
    {.letter = 'p',
     .name = "port",
     .value = "PORT",
     .help = "UDP port of targets that name none",
     .brief = "UDP port of targets that name none (default 5555)",
     .fallback_text = "5555",
     .commands = kMonitor,
     .set = [](Text v, MonitorCommand& c) { return for_module("port", v, c); }},
    {.name = "key-file",
     .value = "FILE",
     .help = "shared key of the module light",
     .fallback_text = "none",
     .commands = kMonitor,
     .set = [](Text v, MonitorCommand& c) { return for_module("key-file", v, c); }},
    {.name = "fail-loss",
     .value = "PERCENT",
     .help = "loss of a round above this is told (5% without it); with --once exit 6",
     .brief = "more loss than this is told (--once: exit 6)",
     .commands = kMonitor,
     .set = [](Text v, MonitorCommand& c) { return for_module("fail-loss", v, c); }},
    {.name = "fail-rtt-p99",
     .value = "TIME",
     .help = "told when 1% of a round's round trips take longer; with --once exit 6",
     .commands = kMonitor,
     .set = [](Text v, MonitorCommand& c) { return for_module("fail-rtt-p99", v, c); }},
});

static_assert(all_set(kMonitorRows));

}  // namespace

bool is_module_option(std::string_view name) {
  return name == "port" || name == "key-file" || name == "fail-loss" || name == "fail-rtt-p99";
}

std::span<const OptionSpec> monitor_rows() {
  return kMonitorRows;
}

}  // namespace udperf::app
