#include "app/option_table.hpp"

#include <array>
#include <vector>

namespace udperf::app {
namespace {

constexpr unsigned kClient =
    static_cast<unsigned>(Command::client) | static_cast<unsigned>(Command::loopback);
constexpr unsigned kRemote = static_cast<unsigned>(Command::client);
constexpr unsigned kServer = static_cast<unsigned>(Command::server);
constexpr unsigned kKeygen = static_cast<unsigned>(Command::keygen);
constexpr unsigned kReport = static_cast<unsigned>(Command::report);
constexpr unsigned kBoth = kClient | kServer;

using Group = OptionGroup;

constexpr std::array kOptions = std::to_array<OptionSpec>({
    // One of these ends a test; with none, --duration 10s does.
    {'s', "size", "N", "payload bytes: 25..200 (MB), or any size with a unit, e.g. 10M",
     Group::amount, kClient},
    {'t', "duration", "TIME", "how long to send, e.g. 10s, 500ms, 2m (default 10s)", Group::amount,
     kClient},
    {'n', "packets", "N", "how many datagrams to send", Group::amount, kClient},

    {0, "repeat", "N", "run the test N times, 1..10000, and sum up (default 1)", Group::amount,
     kClient},
    {0, "gap", "TIME", "pause between repeated tests, 0s..1h (default 1s)", Group::amount, kClient},

    {0, "find-rate", "METHOD", "search the path's highest rate; by udperf (default) or rfc9097",
     Group::amount, kClient, false, "udperf rfc9097", "udperf"},
    {0, "max-loss", "PERCENT",
     "with --find-rate: what may be lost, e.g. 0.1% (default 0, rfc9097 all)", Group::amount,
     kClient},
    {0, "max-rate", "RATE", "with --find-rate: try nothing faster (default no limit)",
     Group::amount, kClient},
    {0, "min-rate", "RATE", "with --find-rate: begin here, try nothing slower (default 1M)",
     Group::amount, kClient},
    {0, "search-time", "TIME", "with --find-rate: 6s..10m for each direction (default 15s)",
     Group::amount, kClient},

    {'b', "rate", "RATE", "payload bit/s or pps in all, or UP/DOWN (default unlimited)",
     Group::traffic, kClient},
    {'l', "packet-size", "BYTES",
     "UDP payload, 40..65507; auto: the most that stays whole (default auto)", Group::traffic,
     kClient},
    {0, "direction", "WAY", "up, down or both, seen from the client (default up)", Group::traffic,
     kClient, false, "up down both"},
    {'R', "reverse", "", "the same as --direction down", Group::traffic, kClient},
    {0, "bidir", "", "the same as --direction both", Group::traffic, kClient},
    {'P', "streams", "N", "parallel streams, 1..128 (default 1)", Group::traffic, kClient},
    {0, "payload", "KIND", "random, alphabet or zero (default random)", Group::traffic, kClient,
     false, "random alphabet zero"},
    {0, "dscp", "CODE", "0..63 or a name such as EF or AF41 (default 0)", Group::traffic, kClient},
    {0, "ecn", "MARK", "not-ect, ect0, ect1 or ce, or 0..3 (default not-ect)", Group::traffic,
     kClient, false, "not-ect ect0 ect1 ce"},
    {0, "df", "", "forbid fragmentation (default: leave it to the system)", Group::traffic,
     kClient},
    {0, "gso", "MODE", "send in large buffers: auto, on or off (default auto)", Group::traffic,
     kClient, false, "auto on off"},
    {0, "gro", "MODE", "receive in large buffers: auto, on or off (default auto)", Group::traffic,
     kClient, false, "auto on off"},

    {0, "classic", "", "the START/STOP test of old scripts, up only (default no)", Group::traffic,
     kRemote},

    {'p', "port", "PORT", "UDP port of the server (default 5555; loopback: any)", Group::connection,
     kClient},
    {'p', "port", "PORT", "UDP port to serve on, 0 = any free one (default 5555)",
     Group::connection, kServer},
    {'4', "ipv4", "", "use IPv4 only", Group::connection, kClient},
    {'6', "ipv6", "", "use IPv6 only", Group::connection, kClient},
    {0, "bind", "ADDR", "local address to send from (default: the system chooses)",
     Group::connection, kClient},
    {0, "bind", "ADDR", "local address to serve on (default: all, IPv4 and IPv6)",
     Group::connection, kServer},
    {0, "local-port", "PORT", "local UDP port, 0 = any (default 0)", Group::connection, kClient},
    {0, "buffer", "SIZE", "socket buffers of this end, payload bytes (default: large)",
     Group::connection, kBoth},
    {0, "spin", "", "never sleep during a test: costs whole cores (default off)", Group::connection,
     kBoth},
    {0, "connect-timeout", "TIME", "give up when nothing answers for so long (default 5s)",
     Group::connection, kClient},
    {0, "wait-server", "TIME", "keep trying so long while no server is there (default no)",
     Group::connection, kClient},
    {0, "retry-busy", "TIME", "keep trying so long while the server is busy (default no)",
     Group::connection, kClient},
    {0, "key-file", "FILE", "shared key, as udperf keygen writes it (default none)",
     Group::connection, kBoth},

    {0, "one-off", "", "serve one session, then exit", Group::policy, kServer},
    {0, "classic", "", "serve the START/STOP test of old scripts, too (default no)", Group::policy,
     kServer},
    {0, "exclusive", "", "serve one session at a time", Group::policy, kServer},
    {0, "max-sessions", "N", "sessions at a time, 1..65535 (default 64)", Group::policy, kServer},
    {0, "max-sessions-per-address", "N", "sessions at a time of one address (default 8)",
     Group::policy, kServer},
    {0, "max-rate", "RATE", "payload bit/s of all sessions together (default no limit)",
     Group::policy, kServer},
    {0, "max-duration", "TIME", "longest test that is accepted (default no limit)", Group::policy,
     kServer},
    {0, "allow", "CIDR", "serve these addresses only; repeatable (default all)", Group::policy,
     kServer, true},
    {0, "deny", "CIDR", "do not serve these addresses; repeatable", Group::policy, kServer, true},

    {0, "json", "", "print one JSON document at the end", Group::output, kClient},
    {0, "jsonl", "", "print one JSON object a line, as it happens", Group::output, kClient},
    {0, "csv", "", "print a CSV header and one row", Group::output, kClient},
    {0, "print", "FIELDS", "print bare values, e.g. goodput_bps,loss_percent", Group::output,
     kClient},
    {0, "output", "FILE", "write the result to FILE (default: stdout)", Group::output, kClient},
    {0, "report", "FILE", "write a page with charts to FILE (HTML)", Group::output, kClient},
    {'o', "output", "FILE", "write the page to FILE (default: stdout)", Group::output, kReport},
    {'i', "interval", "TIME", "interval length, 10ms..1h (default 1s); if given, text shows each",
     Group::output, kClient},
    {0, "gap-threshold", "TIME", "list silences longer than this, 1us..1h (default 50ms)",
     Group::output, kClient},
    {0, "label", "K=V", "put a label into the result; repeatable", Group::output, kClient, true},
    {0, "fail-loss", "PERCENT", "exit 6 when more than this is lost, e.g. 1%", Group::output,
     kClient},
    {0, "fail-rate", "RATE", "exit 6 when less than this bit rate arrives, e.g. 900M",
     Group::output, kClient},
    {0, "fail-rtt-p99", "TIME", "exit 6 when 1% of round trips under load take longer, e.g. 20ms",
     Group::output, kClient},
    {0, "details", "", "add rate and loss over time and the spread of delay to the text",
     Group::output, kClient},
    {'q', "quiet", "", "no progress and no warnings, only the result and errors", Group::output,
     kClient},
    {0, "jsonl", "FILE", "one JSON line a finished session; - is stdout, in place of text",
     Group::output, kServer},
    {0, "ready-fd", "N", "write a JSON line to this descriptor when ready", Group::output, kServer},
    {0, "pid-file", "FILE", "write the process id to FILE while running", Group::output, kServer},
    {0, "color", "WHEN", "auto, always or never; NO_COLOR is respected (default auto)",
     Group::output, kClient, false, "auto always never"},

    {0, "log-level", "LEVEL",
     "error, warning, info or debug (default: client warning, server info)", Group::logging, kBoth,
     false, "error warning info debug"},
    {0, "log-format", "FORMAT", "text or json (default text)", Group::logging, kBoth, false,
     "text json"},
    {0, "log-file", "FILE", "append the log to FILE (default: stderr)", Group::logging, kBoth},
    {'h', "help", "", "print this help and exit", Group::logging, kBoth | kKeygen | kReport},
    {'V', "version", "", "print the version and exit", Group::logging, kBoth | kKeygen | kReport},
});

constexpr std::array<CommandText, 5> kCommands{
    {{Command::server,
      "server",
      "udperf server [options]",
      "Serve tests on one UDP port until interrupted.",
      {"udperf server", "udperf server --port 7000 --one-off",
       "udperf server --allow 192.0.2.0/24 --key-file udperf.key"}},
     {Command::client,
      "client",
      "udperf client [HOST] [options]",
      "Run one test against the server on HOST (default 127.0.0.1).",
      {"udperf client --size 25", "udperf client server.example --duration 10s --rate 500M",
       "udperf client server.example --direction both --json > run.json"}},
     {Command::loopback,
      "loopback",
      "udperf loopback [options]",
      "Run server and client in this process, over 127.0.0.1 (::1 with -6).",
      {"udperf loopback --size 25", "udperf loopback --duration 2s --rate 100M",
       "udperf loopback --size 100M --print goodput_bps,loss_percent"}},
     {Command::keygen,
      "keygen",
      "udperf keygen [FILE]",
      "Make a key for --key-file: into FILE, readable by its owner only, or to stdout.",
      {"udperf keygen udperf.key", "udperf server --key-file udperf.key",
       "udperf client server.example --key-file udperf.key"}},
     {Command::report,
      "report",
      "udperf report FILE [-o PAGE.html]",
      "Make a page with charts from a result: what --json or --jsonl wrote; - is stdin.",
      {"udperf client --size 25 --json > run.json && udperf report run.json -o run.html",
       "udperf report run.jsonl > run.html", "udperf client --duration 5s --report run.html"}}}};

constexpr std::array<GroupText, 6> kGroups{{{OptionGroup::amount, "What to send (one of)"},
                                            {OptionGroup::traffic, "How to send"},
                                            {OptionGroup::connection, "Connection"},
                                            {OptionGroup::policy, "Who is served"},
                                            {OptionGroup::output, "Output"},
                                            {OptionGroup::logging, "Log and help"}}};

const CommandText& text_of(Command command) {
  for (const CommandText& text : kCommands) {
    if (text.command == command) {
      return text;
    }
  }
  return kCommands.front();  // not reached: the array has every Command
}

/// "  -s, --size N" filled up to the column of the help sentence.
std::string option_head(const OptionSpec& option) {
  constexpr std::size_t kColumn = 30;
  std::string head = "  ";
  head += option.short_name != 0 ? std::string{'-', option.short_name, ',', ' '} : "    ";
  head += "--" + std::string{option.long_name};
  if (!option.value_name.empty()) {
    const auto name = std::string{option.value_name};
    head += option.takes_bare() ? "[=" + name + "]" : " " + name;
  }
  head.append(head.size() + 2 > kColumn ? 2 : kColumn - head.size(), ' ');
  return head;
}

std::string options_of_group(Command command, const GroupText& group) {
  std::string lines;
  for (const OptionSpec& option : kOptions) {
    if (option.group == group.group && option.belongs_to(command)) {
      lines += option_head(option) + std::string{option.help} + "\n";
    }
  }
  return lines.empty() ? lines : std::string{group.heading} + ":\n" + lines;
}

std::string example_lines(const std::array<std::string_view, 3>& examples) {
  std::string lines;
  for (const std::string_view example : examples) {
    lines += "  " + std::string{example} + "\n";
  }
  return lines;
}

}  // namespace

std::string_view command_name(Command command) {
  return text_of(command).name;
}

std::optional<Command> find_command(std::string_view name) {
  for (const CommandText& text : kCommands) {
    if (text.name == name) {
      return text.command;
    }
  }
  return std::nullopt;
}

std::span<const OptionSpec> option_table() {
  return kOptions;
}

std::span<const CommandText> command_texts() {
  return kCommands;
}

std::span<const GroupText> option_groups() {
  return kGroups;
}

const OptionSpec* find_option(Command command, std::string_view long_name) {
  for (const OptionSpec& option : kOptions) {
    if (option.long_name == long_name && option.belongs_to(command)) {
      return &option;
    }
  }
  return nullptr;
}

std::string short_help() {
  std::string text =
      "udperf measures what a network does to UDP, exactly.\n\n"
      "Usage: udperf COMMAND [options]\n\nExamples:\n" +
      example_lines({"udperf server", "udperf client server.example --size 25",
                     "udperf loopback --duration 2s --json"}) +
      "\nCommands:\n";
  for (const CommandText& command : kCommands) {
    constexpr std::size_t kColumn = 10;
    text += "  " + std::string{command.name};
    text.append(kColumn - command.name.size(), ' ');
    text += std::string{command.summary} + "\n";
  }
  return text + "\nudperf COMMAND --help lists the options; udperf --version says what this is.\n";
}

std::string command_help(Command command) {
  const CommandText& texts = text_of(command);
  std::string text = "Usage: " + std::string{texts.usage} + "\n" + std::string{texts.summary} +
                     "\nExamples:\n" + example_lines(texts.examples);
  for (const GroupText& group : kGroups) {
    text += options_of_group(command, group);
  }
  return text;
}

}  // namespace udperf::app
