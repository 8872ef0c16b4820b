#include <functional>
#include <set>
#include <string>
#include <vector>

#include "app/cli.hpp"
#include "app/options/table.hpp"
#include "support/catch.hpp"

using namespace std::chrono_literals;
using namespace udperf;
using namespace udperf::app;

namespace {

using Words = std::vector<std::string>;

template <typename T>
T parsed_as(const Words& words) {
  const auto parsed = parse_command_line(words);
  if (const auto* problem = std::get_if<UsageError>(&parsed)) {
    FAIL(problem->message);
  }
  REQUIRE(std::holds_alternative<T>(parsed));
  return std::get<T>(parsed);
}

UsageError refused(const Words& words) {
  const auto parsed = parse_command_line(words);
  REQUIRE(std::holds_alternative<UsageError>(parsed));
  return std::get<UsageError>(parsed);
}

ServerCommand server(Words options) {
  options.insert(options.begin(), "server");
  return parsed_as<ServerCommand>(options);
}

struct Accepted {
  Words options;
  std::function<bool(const ServerCommand&)> holds;
};

using S = const ServerCommand&;

const std::vector<Accepted>& accepted_rows() {
  static const std::vector<Accepted> rows{
      {{"--port", "0"}, [](S s) { return s.options.port == 0; }},
      {{"-p", "7000"}, [](S s) { return s.options.port == 7000; }},
      {{"--bind", "192.0.2.1"},
       [](S s) { return s.options.bind && s.options.bind->to_string() == "192.0.2.1"; }},
      {{"--bind-dev", "lo"}, [](S s) { return s.options.bind_device == "lo"; }},
      {{"--buffer", "1500"}, [](S s) { return s.options.buffer == 1500U; }},
      {{"--key-file", "k"}, [](S s) { return s.key_file == "k"; }},
      {{"--one-off"}, [](S s) { return s.options.one_off; }},
      {{"--classic"}, [](S s) { return s.classic; }},
      {{"--exclusive"}, [](S s) { return s.options.exclusive; }},
      {{"--max-sessions", "2"}, [](S s) { return s.options.max_sessions == 2; }},
      {{"--max-memory", "64MiB"},
       [](S s) { return s.options.max_memory == ByteCount::bytes(64U << 20U); }},
      {{"--max-sessions-per-address", "3"},
       [](S s) { return s.options.max_sessions_per_address == 3; }},
      {{"--max-light-sessions", "0"}, [](S s) { return s.options.max_light_sessions == 0; }},
      {{"--max-rate", "1G"},
       [](S s) { return s.options.max_rate == BitRate::bits_per_second(1'000'000'000); }},
      {{"--max-duration", "1m"}, [](S s) { return s.options.max_duration == Duration{1min}; }},
      {{"--allow", "192.0.2.0/24", "--allow", "::1"},
       [](S s) { return s.options.allow.size() == 2 && s.options.allow[1].length == 128; }},
      {{"--deny", "10.0.0.0/8"},
       [](S s) { return s.options.deny.size() == 1 && s.options.deny[0].length == 8; }},
      {{"--iperf3"}, [](S s) { return s.iperf3_port == 5201; }},
      {{"--metrics", "127.0.0.1:9"}, [](S s) { return s.metrics && s.metrics->port == 9; }},
      {{"--jsonl", "-"}, [](S s) { return s.jsonl == "-"; }},
      {{"--ready-fd", "3"}, [](S s) { return s.ready_fd == 3; }},
      {{"--pid-file", "p"}, [](S s) { return s.pid_file == "p"; }},
      {{"--log-level", "error"}, [](S s) { return s.log.level == LogLevel::error; }},
      {{"--spin"}, [](S s) { return s.options.spin; }},
      {{"--realtime", "off"}, [](S s) { return s.options.realtime == engine::Realtime::off; }},
      {{"--log-format", "json"}, [](S s) { return s.log.format == LogFormat::json; }},
      {{"--log-file", "l"}, [](S s) { return s.log.file == "l"; }},
  };
  return rows;
}

}  // namespace

TEST_CASE("every option of the server does what its help says", "[app]") {
  std::set<std::string> named;
  for (const auto& row : accepted_rows()) {
    CAPTURE(row.options);
    CHECK(row.holds(server(row.options)));
    named.insert(row.options.begin(), row.options.end());
  }
  for (const auto& option : option_table()) {
    if (option.belongs_to(Command::server) && option.name != "help" && option.name != "version") {
      CAPTURE(option.name);
      CHECK(named.count("--" + std::string{option.name}) == 1);
    }
  }
}

TEST_CASE("what the server cannot do is refused in one sentence", "[app]") {
  const std::vector<std::pair<Words, std::string>> rows{
      {{"--port", "65536"}, "--port 65536: must be a whole number from 0 to 65535"},
      {{"--bind", "here"}, "--bind here: not a numeric IPv4 or IPv6 address: here"},
      {{"--max-sessions", "0"}, "--max-sessions 0: must be a whole number from 1 to 65535"},
      {{"--max-memory", "1M"}, "--max-memory 1M: must be at least 16MiB"},
      {{"--max-sessions-per-address", "x"}, "--max-sessions-per-address x: not a number: x"},
      {{"--max-light-sessions", "65536"},
       "--max-light-sessions 65536: must be a whole number from 0 to 65535"},
      {{"--max-rate", "9pps"}, "--max-rate 9pps: a bit rate is needed, e.g. 900M"},
      {{"--max-rate", "unlimited"}, "--max-rate unlimited: a bit rate is needed, e.g. 900M"},
      {{"--max-duration", "0"}, "--max-duration 0: duration must be above zero"},
      {{"--allow", "192.0.2.0/33"},
       "--allow 192.0.2.0/33: prefix length must be 0..32: 192.0.2.0/33; accepted is e.g. "
       "192.0.2.0/24 or 2001:db8::/32"},
      {{"--deny", "all"},
       "--deny all: not a numeric IPv4 or IPv6 address: all; accepted is e.g. 192.0.2.0/24 or "
       "2001:db8::/32"},
      {{"--ready-fd", "0"}, "--ready-fd 0: must be a whole number from 1 to 1048575"},
      {{"--pid-file", ""}, "--pid-file : a file name is needed"},
      {{"--jsonl", ""}, "--jsonl : a file name is needed"},
      {{"--exclusive", "--max-sessions", "3"},
       "--max-sessions 3: cannot be combined with --exclusive; give only one of --exclusive, "
       "--max-sessions"},
      {{"--size", "25"}, "--size: unknown option (udperf client has it); see udperf server --help"},
      {{"somewhere"}, "somewhere: one argument too many; see udperf server --help"},
  };
  for (const auto& [options, message] : rows) {
    CAPTURE(options);
    Words words{"server"};
    words.insert(words.end(), options.begin(), options.end());
    CHECK(refused(words).message == message);
  }
}

TEST_CASE("without options the server serves everybody on port 5555", "[app]") {
  const auto command = server({});
  CHECK(command.options.port == 5555);
  CHECK_FALSE(command.options.bind.has_value());
  CHECK(command.options.allow.empty());
  CHECK(command.log.level == LogLevel::info);
}

TEST_CASE("loopback takes the client's options and a port of its own", "[app]") {
  CHECK(parsed_as<LoopbackCommand>({"loopback"}).server_port == 0);
  const auto command = parsed_as<LoopbackCommand>({"loopback", "-s", "25", "-p", "7000"});
  CHECK(command.server_port == 7000);
  CHECK(command.client.options.params.amount.size_bytes == 25'000'000);
  CHECK(refused({"loopback", "host"}).message ==
        "host: one argument too many; see udperf loopback --help");
}

TEST_CASE("report takes a result's file and where the page goes", "[app]") {
  CHECK(parsed_as<ReportCommand>({"report", "run.json"}).input == "run.json");
  CHECK_FALSE(parsed_as<ReportCommand>({"report", "-"}).output.has_value());
  CHECK(parsed_as<ReportCommand>({"report", "a", "-o", "b"}).output == "b");
  CHECK(refused({"report"}).message.find("FILE is missing") == 0);
  CHECK(refused({"report", "a", "b"}).message ==
        "b: one argument too many; see udperf report --help");
}

TEST_CASE("profiles takes nothing but a format", "[app]") {
  CHECK_FALSE(parsed_as<ProfilesCommand>({"profiles"}).json);
  CHECK(parsed_as<ProfilesCommand>({"profiles", "--json"}).json);
  CHECK(refused({"profiles", "imix"}).message ==
        "imix: one argument too many; see udperf profiles --help");
}

TEST_CASE("keygen takes a file name or none", "[app]") {
  CHECK_FALSE(parsed_as<KeygenCommand>({"keygen"}).file.has_value());
  CHECK(parsed_as<KeygenCommand>({"keygen", "k"}).file == "k");
  CHECK_FALSE(parsed_as<KeygenCommand>({"keygen", "-"}).file.has_value());
  CHECK(refused({"keygen", "a", "b"}).message ==
        "b: one argument too many; see udperf keygen --help");
}

TEST_CASE("help and version are found wherever they stand", "[app]") {
  CHECK_FALSE(parsed_as<HelpRequest>({}).command.has_value());
  CHECK_FALSE(parsed_as<HelpRequest>({"--help"}).command.has_value());
  CHECK_FALSE(parsed_as<HelpRequest>({"-h"}).command.has_value());
  CHECK(parsed_as<HelpRequest>({"--help"}).depth == HelpDepth::full);
  CHECK(parsed_as<HelpRequest>({"-h"}).depth == HelpDepth::brief);
  CHECK(parsed_as<HelpRequest>({"server", "-h"}).depth == HelpDepth::brief);
  CHECK(parsed_as<HelpRequest>({"server", "-h", "--help"}).depth == HelpDepth::full);
  CHECK(parsed_as<HelpRequest>({"client", "--help"}).command == Command::client);
  CHECK(parsed_as<HelpRequest>({"help", "client"}).command == Command::client);
  CHECK(parsed_as<HelpRequest>({"-h", "client"}).command == Command::client);
  CHECK(parsed_as<HelpRequest>({"--help", "client"}).depth == HelpDepth::full);
  CHECK_FALSE(parsed_as<HelpRequest>({"help", "nonsense"}).command.has_value());
  CHECK(parsed_as<HelpRequest>({"server", "--port", "x", "-h"}).command == Command::server);
  (void)parsed_as<VersionRequest>({"--version"});
  (void)parsed_as<VersionRequest>({"-V"});
  (void)parsed_as<VersionRequest>({"loopback", "--version"});
}

TEST_CASE("an unknown command is named with those that there are", "[app]") {
  CHECK(refused({"frobnicate"}).message ==
        "frobnicate: unknown command; accepted is server, client, loopback, keygen, report, "
        "iperf3, compare, profiles or monitor");
}

TEST_CASE("a mistyped command or option gets the nearest one named", "[app]") {
  CHECK(refused({"clinet"}).message.find("clinet: unknown command (did you mean client?); ") == 0);
  CHECK(refused({"sever"}).message.find("(did you mean server?)") != std::string::npos);
  CHECK(refused({"--verison"}).message ==
        "--verison: unknown option (did you mean --version?); see udperf --help");
  CHECK(refused({"--hepl"}).message ==
        "--hepl: unknown option (did you mean --help?); see udperf --help");
  CHECK(refused({"--duration"}).message == "--duration: unknown option; see udperf --help");
  CHECK(refused({"client", "--durration", "3s"}).message ==
        "--durration: unknown option (did you mean --duration?); see udperf client --help");
  CHECK(refused({"client", "--dur", "3s"}).message.find("(did you mean --duration?)") !=
        std::string::npos);
  CHECK(refused({"server", "--maxrate", "1G"}).message.find("(did you mean --max-rate?)") !=
        std::string::npos);
  CHECK(refused({"client", "--one-off"}).message ==
        "--one-off: unknown option (udperf server has it); see udperf client --help");
}

TEST_CASE("a default is what the row says, unless a rule speaks against it", "[app]") {
  const auto amount = [](Words words) {
    words.insert(words.begin(), "client");
    return parsed_as<ClientCommand>(words).options.params.amount;
  };
  CHECK(amount({}) == Amount{0, 0, 10s});
  CHECK(amount({"-n", "7"}) == Amount{0, 7, {}});
  CHECK(amount({"--find-rate"}) == Amount{});
  CHECK(parsed_as<LoopbackCommand>({"loopback"}).client.log.level == LogLevel::warning);
}

TEST_CASE("a usage error knows in which format the caller expects an answer", "[app]") {
  CHECK(refused({"client", "--size", "500"}).format == OutputFormat::text);
  CHECK(refused({"client", "--size", "500", "--json"}).format == OutputFormat::json);
  CHECK(refused({"client", "--json", "--nonsense"}).format == OutputFormat::json);
  CHECK(refused({"loopback", "--jsonl", "--nonsense"}).format == OutputFormat::jsonl);
  CHECK(refused({"server", "--nonsense", "--json"}).format == OutputFormat::text);
  CHECK(refused({"monitor", "--once", "--json", "--nonsense"}).format == OutputFormat::text);
  CHECK(refused({"client", "--nonsense", "--", "--json"}).format == OutputFormat::text);
}

TEST_CASE("a usage error knows the file that the answer is wanted in", "[app]") {
  using Words = std::vector<std::string>;
  const auto file = [](Words words) {
    words.insert(words.begin(), {"client", "--json", "--nonsense"});
    return refused(words).file.value_or("none");
  };
  CHECK(file({}) == "none");
  CHECK(file({"--output", "a.json"}) == "a.json");
  CHECK(file({"--output=b.json"}) == "b.json");
  CHECK(file({"--output", "a.json", "--output=b.json"}) == "b.json");
  CHECK(file({"--output"}) == "none");
  CHECK(file({"--output="}) == "none");
  CHECK(file({"--", "--output=b.json"}) == "none");
  CHECK_FALSE(refused({"server", "--nonsense", "--output=b.json"}).file);
}
