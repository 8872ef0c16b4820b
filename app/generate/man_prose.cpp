#include "app/generate/man_prose.hpp"

#include <array>

#include "app/options/commands.hpp"

namespace udperf::app {
namespace {

constexpr std::string_view kProgram =
    "udperf measures what a network does to UDP: how much arrives, how much is lost and where, "
    "what "
    "comes twice or out of order, and how evenly. Every datagram is accounted for by its number, "
    "both ends count, and the books must balance before a result is printed.\n\n"
    "A server listens on one UDP port, by default 5555. Everything goes over this port: control "
    "and "
    "data, both directions, all streams and all clients. There is no TCP connection.\n\n"
    "Sizes, rates and times take units: K, M and G are powers of 1000, KiB, MiB and GiB of 1024; "
    "rates are in bit/s (k, m and g will do), or in datagrams a second with pps; times take us, "
    "ms, s, m and h. The "
    "result, and nothing else, goes to standard output; log, warnings and progress go to standard "
    "error.\n\n"
    "Where other work holds a sender up, what became due meanwhile follows at up to 25 % above the "
    "rate, 50 ms' worth at most; older deadlines are given up and counted. Threads that receive, "
    "or "
    "send at a rate, ask to run before other work (SCHED_FIFO: root, CAP_SYS_NICE or "
    "RLIMIT_RTPRIO) "
    "and keep to half of a core; without that right they ask for short slices. --realtime off "
    "forbids both, --burst sets how much may leave at once.";

constexpr auto kOutputLines = std::to_array<Explained>({
    {"agreed",
     "The rate, streams and amount that the server granted, where a rate or several streams were "
     "asked for."},
    {"sent, received", "Payload, with udperf's own headers, and datagrams; copies count once."},
    {"throughput",
     "All that was received over the time from the first to the last arrival in kB/s, as classic "
     "scripts have it; then goodput in bit/s, without the first datagram, which ends no time."},
    {"lost",
     "What was sent and did not arrive. where: in the network, in the receiving host since its "
     "socket was full, or in the sending host. pattern: how many gaps, and how long."},
    {"duplicated, reordered, late, foreign",
     "Further copies; what came after a later one; what came 3 s or more after a later one, which "
     "counts as lost; what belongs to no stream of the test."},
    {"jitter, delay variation",
     "The RFC 3550 estimate at the end; how much longer than the fastest datagram the others "
     "took."},
    {"voice", "How a call would have sounded: MOS, R, what was lost and what came too late."},
    {"pacing", "How well the sender kept its rate, and the gaps between what it sent."},
    {"nothing sent, skipped",
     "For how long and why the sender stood still; what was due then and was given up."},
    {"silences", "Pauses of the receiver that are longer than --gap-threshold."},
    {"round trip", "Of probes: idle before the test, loaded while data flows."},
    {"bufferbloat",
     "The delay that the load adds, by the probes or the data themselves; grade A+ below 5 ms, A "
     "below 30, B below 60, C below 200, D below 400, else F."},
    {"shared", "Other tests ran at the server at the same time."},
    {"verdict", "What kept more from arriving, and what can be done."},
});

constexpr auto kExitStatuses = std::to_array<Explained>({
    {"0", "Done: the test was completed."},
    {"1", "Internal error, or the system failed to give what is needed."},
    {"2", "Usage error: one line names the option, the value and what is accepted."},
    {"3", "The server could not be reached."},
    {"4", "The server refused: it is busy, its policy forbids the test, or the key is wrong."},
    {"5", "The test had started and was cut short; the partial result is printed."},
    {"6", "The test was completed, and the result misses a threshold of a --fail option."},
    {"130, 143", "Interrupted by SIGINT or SIGTERM; the partial result is printed."},
});

constexpr auto kCompareStatuses = std::to_array<Explained>({
    {"0", "Compared, and nothing is worse by more than --fail-worse allows."},
    kExitStatuses[1],
    {"2",
     "The command line is wrong, a file has no result, or OLD has not what --fail-worse names."},
    {"6", "A figure is worse by more than --fail-worse allows, or no longer measured."},
});

constexpr auto kIperf3Statuses = std::to_array<Explained>({
    {"0", "Done: the test was completed, or SIGINT, SIGTERM or SIGHUP ended it."},
    {"1", "Anything else: what is wrong on the command line, too."},
    {"130, 143", "Ended at once by a second SIGINT or SIGTERM."},
});

/// Of what makes no test.
constexpr auto kPlainStatuses = std::to_array<Explained>({
    {"0", "Done."},
    kExitStatuses[1],
    kExitStatuses[2],
});

struct Variable {
  Explained row;
  bool (*read_by)(Command command);
};

bool reads_keys(Command command) {
  return spec_of(command).runs_test;
}

bool makes_results(Command command) {
  return spec_of(command).prints_result;
}

bool is_monitor(Command command) {
  return command == Command::monitor;
}

bool is_iperf3(Command command) {
  return command == Command::iperf3;
}

constexpr auto kEnvironment = std::to_array<Variable>({
    {{"NO_COLOR", "When set to anything but nothing, --color auto means never."}, makes_results},
    {{"TERM", "When it is dumb, or not set, likewise."}, makes_results},
    {{"COLUMNS", "How wide the output may be where the terminal does not say (80)."},
     makes_results},
    {{"LC_ALL, LC_CTYPE, LANG",
      "The first of them that is set says whether the output may have more than ASCII (UTF-8)."},
     makes_results},
    {{"CREDENTIALS_DIRECTORY",
      "Where systemd puts credentials (LoadCredential=): a --key-file in it may be readable for "
      "its "
      "group."},
     reads_keys},
    {{"STATE_DIRECTORY, XDG_STATE_HOME, HOME",
      "Where the history is without --history, the first of them that is set."},
     is_monitor},
    {{"PATH", "Where the program of --exec is looked for."}, is_monitor},
    {{"IPERF3_PASSWORD", "The password of --username."}, is_iperf3},
});

constexpr auto kFiles = std::to_array<Explained>({
    {"/etc/default/udperf-server", "Read by the service: OPTIONS=\"--max-rate 1G\"."},
    {"udperf-server.service",
     "The systemd unit; it is not enabled by installing it. Reloading it (SIGHUP) opens the files "
     "of "
     "--jsonl and --log-file anew."},
    {"/etc/udperf/monitor.yaml",
     "Read by the monitor's service; an example is in /usr/share/udperf."},
    {"udperf-monitor.service",
     "The monitor's systemd unit; its history is in /var/lib/udperf. Reloading it reads the "
     "configuration again."},
    {"/usr/share/udperf/prometheus", "Scrape examples, rules and a Grafana dashboard."},
});

}  // namespace

std::string_view program_prose() {
  return kProgram;
}

std::span<const Explained> output_lines() {
  return kOutputLines;
}

std::span<const Explained> exit_statuses() {
  return kExitStatuses;
}

std::span<const Explained> exit_statuses(Command command) {
  if (command == Command::compare) {
    return kCompareStatuses;
  }
  if (command == Command::iperf3) {
    return kIperf3Statuses;
  }
  return spec_of(command).runs_test ? exit_statuses() : kPlainStatuses;
}

std::vector<Explained> environment_variables() {
  std::vector<Explained> rows;
  rows.reserve(kEnvironment.size());
  for (const Variable& variable : kEnvironment) {
    rows.push_back(variable.row);
  }
  return rows;
}

std::vector<Explained> environment_variables(Command command) {
  std::vector<Explained> rows;
  for (const Variable& variable : kEnvironment) {
    if (variable.read_by(command)) {
      rows.push_back(variable.row);
    }
  }
  return rows;
}

std::span<const Explained> installed_files() {
  return kFiles;
}

}  // namespace udperf::app
