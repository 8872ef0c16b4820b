#include "app/options/commands.hpp"

#include <algorithm>

namespace udperf::app {
namespace {

constexpr std::string_view kClientProse =
    "The client asks the server for a test, sends, receives or does both, and prints the result. "
    "HOST is a name, an IPv4 or an IPv6 address, also a link-local one such as fe80::1%eth0.\n\n"
    "How much is sent is said by one of --size, --duration and --packets; without any, ten seconds "
    "are sent. Without --rate it is sent as fast as both hosts can, which is a test of the slower "
    "of the two: the receiver tells how full its socket is, and the sender stays below what it "
    "takes; --rate flood sends regardless of that. With a rate it is a test of the network. "
    "--rate is of all --streams together; without it each of them sends what the --profile "
    "says.\n\n"
    "The text output is for people. Programs read --json (one document, its schema is installed "
    "with the documentation), --jsonl (one object a line as it happens, the last of them an end or "
    "error event), --csv or --print, which takes dotted paths into the JSON document. Counts are "
    "exact; what was not measured is null, never 0.\n\n"
    "With --flows many flows are tested side by side, each from a UDP port of its own, and those "
    "that fare worse than the rest are named: networks that balance load by ports hide a bad "
    "member. What is left open is light then: 50 datagrams of 128 bytes a second and flow. Several "
    "--streams from a range of ports, --local-port A-B, are judged as well, whatever they send.\n\n"
    "No client runs longer than the time to connect, the test, the drain and 5 seconds, whatever "
    "the network does. SIGINT and SIGTERM end it early; SIGHUP does not: it goes on when its "
    "terminal is closed.";

constexpr std::string_view kServerProse =
    "The server serves any number of clients at a time within the limits that it is given, and "
    "sends to no address that has not proved to be one. For each finished session it prints its "
    "half of the result, or one line of JSON with --jsonl. Where these are more than 200 a second, "
    "or nobody reads them, some are left out and counted by a line with the event left_out.\n\n"
    "With --ready-fd a program that starts the server learns when packets can arrive, and at which "
    "port: one line of JSON is written to the descriptor.\n\n"
    "As a service it is run by udperf-server.service, which takes options from "
    "/etc/default/udperf-server.";

constexpr std::string_view kLoopbackProse =
    "Both ends run in one process and talk over the loopback interface. This measures the host, "
    "not "
    "a network: it tells how fast udperf can be here, and whether it works at all.";

constexpr std::string_view kKeygenProse =
    "The key is 32 random octets. With the same key in a file on both ends the server serves only "
    "clients that know it, and every control message is authenticated. An existing file is never "
    "overwritten.";

constexpr std::string_view kIperf3Prose =
    "The arguments are iperf3's, as far as they concern UDP, with its units and defaults, and so "
    "are the text, the JSON document of -J and the stream of --json-stream; the exit status is 0 "
    "or 1. udperf iperf3 --help lists them. A link to udperf with the name iperf3 does the same "
    "for programs that run iperf3. The other end may be iperf3 or udperf.\n\n"
    "Counts are udperf's: what was lost is what was sent less what arrived, also where the last "
    "datagrams were lost or copies came.";
constexpr std::string_view kCompareProse =
    "OLD and NEW are results as --json or --jsonl wrote them; each may be of several runs "
    "(--repeat), "
    "whose median counts. With two or more runs on both sides the Mann-Whitney U test says whether "
    "a "
    "change is more than the spread of the runs; loss of single runs is judged by Fisher's exact "
    "test "
    "over datagrams; else the spread is not known.\n\n"
    "--fail-worse takes figures with how much worse each may be: a percentage of the old value (of "
    "loss, percentage points), or an amount with its unit, such as rtt-p99:2ms. It judges the "
    "change itself, whatever the spread. The exit status is 6 when one got worse by more, or is no "
    "longer measured, and 2 when OLD has not measured it.";

constexpr std::string_view kMonitorProse =
    "Each target is a udperf server, as HOST, HOST:PORT or [ADDRESS]:PORT. Every 10 s it gets a "
    "round: an ordinary test of 100 datagrams of 200 bytes in both directions, light enough to run "
    "for ever. What a monitor did not measure, because it slept or was stopped, is a gap and no "
    "loss.\n\n"
    "A page with what is wrong now and what was is at the address of --listen; Prometheus finds "
    "/metrics and /probe there. docs/monitor.md has the configuration file, the metrics and the "
    "API.\n\n"
    "--once measures one round to each target and prints a table; the exit status is 6 where a "
    "threshold is missed, and else tells what went wrong with the first target that failed.\n\n"
    "SIGHUP reads the configuration again, and opens the files of --jsonl and --log-file anew. A "
    "configuration with a mistake is refused as a whole, and the one before stays.";

constexpr auto kCommands = std::to_array<CommandSpec>({
    {.command = Command::server,
     .name = "server",
     .usage = "udperf server [options]",
     .summary = "Serve tests on one UDP port until interrupted.",
     .examples = {"udperf server", "udperf server --port 7000 --one-off",
                  "udperf server --allow 192.0.2.0/24 --key-file udperf.key"},
     .prose = kServerProse,
     .runs_test = true,
     .make = make_server},
    {.command = Command::client,
     .name = "client",
     .usage = "udperf client [HOST] [options]",
     .summary = "Test against the server on HOST (default 127.0.0.1, with -6 ::1).",
     .examples = {"udperf client --size 25",
                  "udperf client server.example --duration 10s --rate 500M",
                  "udperf client server.example --direction both --json > run.json"},
     .prose = kClientProse,
     .words = WordKind::host,
     .most_words = 1,
     .runs_test = true,
     .prints_result = true,
     .make = make_client},
    {.command = Command::loopback,
     .name = "loopback",
     .usage = "udperf loopback [options]",
     .summary = "Run server and client in this process, over 127.0.0.1 (::1 with -6).",
     .examples = {"udperf loopback --size 25", "udperf loopback --duration 2s --rate 100M",
                  "udperf loopback --size 100M --print goodput_bps,loss_percent"},
     .prose = kLoopbackProse,
     .runs_test = true,
     .prints_result = true,
     .make = make_loopback},
    {.command = Command::keygen,
     .name = "keygen",
     .usage = "udperf keygen [FILE]",
     .summary = "Make a key for --key-file: into FILE (owner only), or to stdout.",
     .examples = {"udperf keygen udperf.key", "udperf server --key-file udperf.key",
                  "udperf client server.example --key-file udperf.key"},
     .prose = kKeygenProse,
     .words = WordKind::file,
     .most_words = 1,
     .make = make_keygen},
    {.command = Command::report,
     .name = "report",
     .usage = "udperf report FILE [-o PAGE.html | --iperf3-json]",
     .summary = "Make a page with charts from a JSON result; - is stdin.",
     .examples = {"udperf client --size 25 --json > run.json", "udperf report run.json -o run.html",
                  "udperf client --duration 5s --report run.html"},
     .words = WordKind::file,
     .most_words = 1,
     .make = make_report},
    {.command = Command::iperf3,
     .name = "iperf3",
     .usage = "udperf iperf3 [-s|-c HOST -u] [options]",
     .summary = "Test UDP with iperf3's own command line and output.",
     .examples = {"udperf iperf3 -s", "udperf iperf3 -c server.example -u -b 100M -J",
                  "udperf iperf3 -c server.example -u -b 0 -R -P 4"},
     .prose = kIperf3Prose,
     .make_raw = make_iperf3},
    {.command = Command::compare,
     .name = "compare",
     .usage = "udperf compare OLD NEW [--fail-worse LIST]",
     .summary = "Say what changed between two results, beyond chance or not.",
     .examples = {"udperf compare old.json new.json",
                  "udperf compare old.json new.json --fail-worse rate:5%,loss:0.1%",
                  "udperf compare old.json new.json --report both.html"},
     .prose = kCompareProse,
     .words = WordKind::file,
     .most_words = 2,
     .make = make_compare},
    {.command = Command::profiles,
     .name = "profiles",
     .usage = "udperf profiles [--json]",
     .summary = "List what --profile can send: sizes, rates and times.",
     .examples = {"udperf profiles", "udperf profiles --json",
                  "udperf client server.example --profile voip-g711"},
     .make = make_profiles},
    {.command = Command::monitor,
     .name = "monitor",
     .usage = "udperf monitor [TARGET...] [options]",
     .summary = "Measure servers for ever: page, history, Prometheus.",
     .examples = {"udperf monitor gw.example server.example:7000",
                  "udperf monitor --config /etc/udperf/monitor.yaml",
                  "udperf monitor --once gw.example --fail-loss 1%"},
     .prose = kMonitorProse,
     .words = WordKind::host,
     .most_words = 1000,
     .runs_test = true,
     .make = make_monitor},
});

}  // namespace

std::span<const CommandSpec> command_table() {
  return kCommands;
}

const CommandSpec& spec_of(Command command) {
  const auto* const found =
      std::find_if(kCommands.begin(), kCommands.end(),
                   [command](const CommandSpec& spec) { return spec.command == command; });
  return *found;  // the table has every Command; a test sees to it
}

std::string_view command_name(Command command) {
  return spec_of(command).name;
}

std::optional<Command> find_command(std::string_view name) {
  for (const CommandSpec& spec : kCommands) {
    if (spec.name == name) {
      return spec.command;
    }
  }
  return std::nullopt;
}

std::string see_help(Command command) {
  return "see udperf " + std::string{command_name(command)} + " --help";
}

}  // namespace udperf::app
