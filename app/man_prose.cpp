#include "app/man_prose.hpp"

#include <array>
#include <utility>

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
    "rates are in bit/s, or in datagrams a second with pps; times take us, ms, s, m and h. The "
    "result, and nothing else, goes to standard output; log, warnings and progress go to standard "
    "error.";

constexpr std::string_view kClient =
    "The client asks the server for a test, sends, receives or does both, and prints the result. "
    "HOST is a name, an IPv4 or an IPv6 address, also a link-local one such as fe80::1%eth0.\n\n"
    "How much is sent is said by one of --size, --duration and --packets; without any, ten seconds "
    "are sent. Without --rate it is sent as fast as this end can, which is a test of the slower of "
    "the two hosts; with --rate it is a test of the network between them.\n\n"
    "The text output is for people. Programs read --json (one document, its schema is installed "
    "with the documentation), --jsonl (one object a line as it happens, the last of them an end or "
    "error event), --csv or --print, which takes dotted paths into the JSON document. Counts are "
    "exact; what was not measured is null, never 0.\n\n"
    "No client runs longer than the time to connect, the test, the drain and 5 seconds, whatever "
    "the network does.";

constexpr std::string_view kServer =
    "The server serves any number of clients at a time within the limits that it is given, and "
    "sends to no address that has not proved to be one. For each finished session it prints its "
    "half of the result, or one line of JSON with --jsonl.\n\n"
    "With --ready-fd a program that starts the server learns when packets can arrive, and at which "
    "port: one line of JSON is written to the descriptor.\n\n"
    "As a service it is run by udperf-server.service, which takes options from "
    "/etc/default/udperf-server.";

constexpr std::string_view kLoopback =
    "Both ends run in one process and talk over the loopback interface. This measures the host, "
    "not "
    "a network: it tells how fast udperf can be here, and whether it works at all.";

constexpr std::string_view kKeygen =
    "The key is 32 random octets. With the same key in a file on both ends the server serves only "
    "clients that know it, and every control message is authenticated. An existing file is never "
    "overwritten.";

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

constexpr auto kEnvironment = std::to_array<Explained>({
    {"NO_COLOR", "When set to anything but nothing, --color auto means never."},
});

constexpr auto kFiles = std::to_array<Explained>({
    {"/etc/default/udperf-server", "Read by the service: OPTIONS=\"--max-rate 1G\"."},
    {"udperf-server.service", "The systemd unit; it is not enabled by installing it."},
});

}  // namespace

std::string_view program_prose() {
  return kProgram;
}

std::string_view command_prose(Command command) {
  constexpr auto kTexts = std::to_array<std::pair<Command, std::string_view>>({
      {Command::client, kClient},
      {Command::server, kServer},
      {Command::loopback, kLoopback},
      {Command::keygen, kKeygen},
  });
  for (const auto& [known, text] : kTexts) {
    if (known == command) {
      return text;
    }
  }
  return {};
}

std::span<const Explained> exit_statuses() {
  return kExitStatuses;
}

std::span<const Explained> exit_statuses(Command command) {
  constexpr std::size_t kWithoutTest = 3;  // success, failure, usage
  return command == Command::keygen ? exit_statuses().first(kWithoutTest) : exit_statuses();
}

std::span<const Explained> environment_variables() {
  return kEnvironment;
}

std::span<const Explained> installed_files() {
  return kFiles;
}

}  // namespace udperf::app
