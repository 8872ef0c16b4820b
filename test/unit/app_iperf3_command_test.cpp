#include <algorithm>
#include <chrono>
#include <string>
#include <vector>

#include "app/cli.hpp"
#include "app/iperf3/command.hpp"
#include "app/iperf3/rows.hpp"
#include "support/catch.hpp"

using namespace std::chrono_literals;
using namespace udperf;
using namespace udperf::app;

namespace {

Iperf3Command parse(const std::vector<std::string>& arguments) {
  return parse_iperf3(arguments);
}

}  // namespace

TEST_CASE("A client without more has iperf3's defaults") {
  const auto command = parse({"-c", "host", "-u"});
  CHECK_FALSE(command.problem.has_value());
  CHECK(command.role == Iperf3Command::Role::client);
  CHECK(command.host == "host");
  CHECK(command.port == 5201);
  CHECK(command.parameters.rate_bps == 1'048'576);
  CHECK(command.parameters.seconds == 10);
  CHECK(command.parameters.streams == 1);
  CHECK(command.parameters.length == 0);
  CHECK_FALSE(command.parameters.counters_64bit);
  CHECK(command.report.interval == 1s);
}

TEST_CASE("Letters run together, values stand behind or apart, long ones with = or without") {
  const auto command = parse({"-uJRc", "h", "-p7000", "--bitrate=2.5M/10", "--time", "3", "-P", "8",
                              "-l8K", "--dscp", "EF"});
  REQUIRE_FALSE(command.problem.has_value());
  CHECK(command.udp);
  CHECK(command.report.output == Iperf3Command::Output::json);
  CHECK(command.parameters.reverse);
  CHECK(command.port == 7000);
  CHECK(command.parameters.rate_bps == 2'500'000);
  CHECK(command.parameters.burst == 10);
  CHECK(command.parameters.seconds == 3);
  CHECK(command.parameters.streams == 8);
  CHECK(command.parameters.length == 8192);
  CHECK(command.parameters.ip.tos == 46 * 4);
}

TEST_CASE("An interface is named by --bind-dev, or behind the address of -B") {
  CHECK(parse({"-c", "h", "-u", "--bind-dev", "eth0"}).local.device == "eth0");
  CHECK(parse({"-s", "--bind-dev=vrf-blue"}).local.device == "vrf-blue");
  const auto both = parse({"-c", "h", "-u", "-B", "192.0.2.1%eth1"});
  REQUIRE_FALSE(both.problem.has_value());
  CHECK(both.local.device == "eth1");
  CHECK(both.local.address == udperf::parse_ip_address("192.0.2.1").value());
  CHECK(parse({"-c", "h", "-u", "-B", "192.0.2.1"}).local.device.empty());
  const auto named = parse({"-s", "-B", "localhost%lo"});
  REQUIRE_FALSE(named.problem.has_value());
  CHECK(named.local.name == "localhost");
  CHECK_FALSE(named.local.address.has_value());
  CHECK(named.local.device == "lo");
  CHECK(parse({"-s", "-B", ""}).problem.has_value());
  CHECK(parse({"-s", "-B", "1:2"}).problem.has_value());
  for (const char* const bad : {"", "a/b", "sixteen-letters-", ".."}) {
    CHECK(parse({"-c", "h", "-u", "--bind-dev", bad}).problem.has_value());
  }
  CHECK(parse({"-c", "h", "-u", "-B", "192.0.2.1%"}).problem.has_value());
}

TEST_CASE("Bytes and blocks end a test in place of time") {
  const auto bytes = parse({"-c", "h", "-u", "-n", "1M"});
  CHECK(bytes.parameters.bytes == 1'048'576);
  CHECK(bytes.parameters.seconds == 0);
  const auto blocks = parse({"-c", "h", "-u", "-k", "100"});
  CHECK(blocks.parameters.blocks == 100);
  CHECK(parse({"-c", "h", "-u", "-k", "100", "-t", "5"}).problem.has_value());
}

TEST_CASE("Words that are no options are ignored with a note, and so is all behind --") {
  const auto command = parse({"-c", "h", "stray", "-u", "--", "-R"});
  CHECK_FALSE(command.problem.has_value());
  CHECK(command.udp);
  CHECK_FALSE(command.parameters.reverse);
  CHECK(command.notes == std::vector<std::string>{"stray is not an option and is ignored",
                                                  "-R is not an option and is ignored"});
}

TEST_CASE("What is not supported or makes no sense is refused in one line") {
  using Words = std::vector<std::string>;
  for (const Words& words : std::vector<Words>{{},
                                               {"-c", "h"},
                                               {"-c"},
                                               {"-s", "-c", "h", "-u"},
                                               {"-c", "h", "-u", "--sctp"},
                                               {"-c", "h", "-u", "-m"},
                                               {"-c", "h", "-u", "--mptcp"},
                                               {"-c", "h", "-u", "-R", "--bidir"},
                                               {"-c", "h", "-u", "-l", "15"},
                                               {"-c", "h", "-u", "-l", "65508"},
                                               {"-c", "h", "-u", "-P", "129"},
                                               {"-c", "h", "-u", "-P", "0"},
                                               {"-c", "h", "-u", "-O", "601"},
                                               {"-c", "h", "-u", "-i", "0.01"},
                                               {"-c", "h", "-u", "-D"},
                                               {"-c", "h", "-u", "--what"},
                                               {"-c", "h", "-u", "-Y"},
                                               {"-c", "h", "-u", "--json=yes"},
                                               {"-c", "h", "-u", "-F", "file"},
                                               {"-s", "-F", "file"},
                                               {"-s", "-b", "1M"},
                                               {"-s", "-P", "2"},
                                               {"-s", "--username", "me"},
                                               {"-c", "h", "-u", "--one-off"},
                                               {"-c", "h", "-u", "--username", "me"},
                                               {"-s", "--rsa-private-key-path", "key"},
                                               {"-s", "--time-skew-threshold", "0"},
                                               {"-c", "h", "-u", "-b", "1M/0"},
                                               {"-c", "h", "-u", "-b", "1M/1001"},
                                               {"-c", "h", "-u", "-A", "1025"},
                                               {"-c", "h", "-u", "-A", "0,x"},
                                               {"-c", "h", "-u", "-t", "0", "-n", "1M"},
                                               {"-c", "h", "-u", "-n", "1M", "-k", "5"},
                                               {"-c", "h", "-u", "--rcv-timeout", "500"},
                                               {"-c", "h", "-u", "-R", "--rcv-timeout", "99"},
                                               {"-c", "h", "-u", "--cport", "0"},
                                               {"-c", "h", "-u", "--cport", "65535", "-P", "2"},
                                               {"-c", "h", "-u", "--debug=foo"},
                                               {"-s", "-A", "0,1"},
                                               {"-c", "h", "-u", "--dscp", "64"},
                                               {"-c", "h", "-u", "-L", "0"},
                                               {"-c", "h", "-u", "--cntl-ka=5/3/2"},
                                               {"-c", "h", "-u", "--ver"}}) {
    const auto command = parse(words);
    INFO(words.size());
    REQUIRE(command.problem.has_value());
    CHECK(command.problem->find('\n') == std::string::npos);
  }
}

TEST_CASE("A name may be cut as long as it is one option's, and numbers have prefixes") {
  const auto command = parse({"-c", "h", "-u", "--rev", "--len=100", "--dscp", "0x2e"});
  REQUIRE_FALSE(command.problem.has_value());
  CHECK(command.parameters.reverse);
  CHECK(command.parameters.length == 100);
  CHECK(command.parameters.ip.tos == 46 * 4);
  CHECK(parse({"-c", "h", "-u", "--dscp", "056"}).parameters.ip.tos == 46 * 4);
  CHECK(parse({"-c", "h", "-u", "-S", "0x34"}).parameters.ip.tos == 0x34);
  CHECK(parse({"-c", "h", "-u", "-S", "064"}).parameters.ip.tos == 52);
}

TEST_CASE("A mistyped name gets the nearest one named") {
  CHECK(parse({"-c", "h", "--bandwith", "3"}).problem ==
        "--bandwith: unknown option (did you mean --bandwidth?)");
  CHECK(parse({"-c", "h", "--frobnicate"}).problem == "--frobnicate: unknown option");
}

TEST_CASE("CPUs, waiting times and the control connection's own are taken") {
  const auto client = parse({"-c",
                             "192.0.2.1%eth7",
                             "-u",
                             "-R",
                             "-A",
                             "1,0",
                             "--rcv-timeout",
                             "100",
                             "--snd-timeout",
                             "3000",
                             "--cntl-ka=10/2/3",
                             "--skip-rx-copy",
                             "--pacing-timer",
                             "2k",
                             "-d",
                             "--no-fq-socket-pacing",
                             "-l",
                             "0",
                             "-n",
                             "0",
                             "-t",
                             "5"});
  REQUIRE_FALSE(client.problem.has_value());
  CHECK(client.host == "192.0.2.1");
  CHECK(client.local.device == "eth7");
  CHECK(client.local.cpu == 1U);
  CHECK(client.parameters.extras.server_affinity == 0U);
  CHECK(client.patience.data == 100ms);
  CHECK(client.patience.control.unanswered == 3s);
  REQUIRE(client.patience.control.keep_alive.has_value());
  CHECK(client.patience.control.keep_alive->idle_s == 10);
  CHECK(client.patience.control.keep_alive->interval_s == 2);
  CHECK(client.patience.control.keep_alive->count == 3);
  CHECK(client.parameters.extras.skip_rx_copy);
  CHECK(client.parameters.extras.pacing_timer_us == 2048);
  CHECK(client.log.debug);
  CHECK(client.parameters.length == 0);
  CHECK(client.parameters.seconds == 5);
  CHECK(parse({"-s", "-A", "0"}).local.cpu == 0U);
  CHECK(parse({"-c", "h", "-u", "--cntl-ka"}).patience.control.keep_alive.has_value());
}

TEST_CASE("A level of -d stands behind it or is left out, and letters behind it are options") {
  for (const std::vector<std::string>& words : std::vector<std::vector<std::string>>{
           {"-s", "-d"}, {"-s", "-d0"}, {"-s", "-d3"}, {"-s", "-d5"}, {"-s", "--debug=1"}}) {
    const auto command = parse(words);
    CHECK_FALSE(command.problem.has_value());
    CHECK(command.log.debug);
  }
  CHECK(parse({"-s", "-dV"}).log.verbose);
}

TEST_CASE("What has no effect in a UDP test is said, one line for each") {
  const auto command = parse({"-c", "h", "-u", "-Z", "-N", "-M", "1400", "-C", "bbr", "-L", "7"});
  REQUIRE_FALSE(command.problem.has_value());
  CHECK(command.notes.size() == 5);
  CHECK(command.parameters.extras.zerocopy);
  CHECK(command.parameters.ip.flow_label == 7);
  CHECK(parse({"-c", "h", "-u", "--forceflush"}).notes.empty());
}

TEST_CASE("A stream of objects goes before one document, and the whole one needs the stream") {
  using Output = Iperf3Command::Output;
  CHECK(parse({"-s", "-J"}).report.output == Output::json);
  CHECK(parse({"-s", "--json-stream", "-J"}).report.output == Output::json_stream);
  CHECK(parse({"-s", "-J", "--json-stream", "--json-stream-full-output"}).report.output ==
        Output::json_stream_full);
  CHECK(parse({"-s", "--json-stream-full-output"}).report.output == Output::text);
  CHECK(parse({"-s", "-J"}).report.keys == iperf3::KeySet::of_3_12);
  CHECK(parse({"-s", "-J", "--as-version", "3.21"}).report.keys == iperf3::KeySet::of_3_21);
  CHECK(parse({"-s", "-J", "--as-version", "3.20"}).problem.has_value());
}

TEST_CASE("How an error is told can stand behind what is wrong, and one line says it") {
  const auto command = parse({"-c", "h", "word", "-u", "-l", "5", "-P", "0", "-J", "-T", "title"});
  REQUIRE(command.problem.has_value());
  CHECK(command.problem->rfind("-l: ", 0) == 0);
  CHECK(command.report.output == Iperf3Command::Output::json);
  CHECK(command.parameters.labels.title == "title");
  CHECK(command.notes.empty());
}

TEST_CASE("A server takes what is a server's") {
  const auto command = parse({"-s", "-1", "-D", "-I", "pid", "--logfile", "log", "-J",
                              "--server-bitrate-limit", "10M/5", "--server-max-duration", "60"});
  REQUIRE_FALSE(command.problem.has_value());
  CHECK(command.service.one_off);
  CHECK(command.service.daemon);
  CHECK(command.pid_file == "pid");
  CHECK(command.log.file == "log");
  CHECK(command.service.limit_bps == 10'000'000U);
  CHECK(command.service.max_duration == 60s);
  CHECK(command.service.limit_window == 5s);
  CHECK(parse({"-s", "--server-bitrate-limit", "1M/0.5"}).service.limit_window == 500ms);
  CHECK_FALSE(parse({"-s", "--server-max-duration", "0"}).service.max_duration.has_value());
}

TEST_CASE("The program's other name is told from others") {
  CHECK(is_iperf3_name("iperf3"));
  CHECK(is_iperf3_name("/usr/local/bin/iperf3"));
  CHECK_FALSE(is_iperf3_name("/opt/iperf3/udperf"));
  CHECK_FALSE(is_iperf3_name("udperf"));
}

TEST_CASE("the help names the time that a client has to begin with", "[app]") {
  const auto& rows = iperf3_rows();
  const auto row = std::find_if(rows.begin(), rows.end(), [](const Iperf3Row& each) {
    return each.name == "connect-timeout";
  });
  REQUIRE(row != rows.end());
  const auto ms = Iperf3Command{}.patience.connect / std::chrono::milliseconds{1};
  CHECK(row->help.find("(" + std::to_string(ms) + ")") != std::string_view::npos);
}

TEST_CASE("The version has the lines of iperf3's, and says what is not there", "[app]") {
  const std::string text = iperf3_version(iperf3::KeySet::of_3_21);
  CHECK(text.rfind("iperf 3.21 (", 0) == 0);
  CHECK(text.find("\nOptional features available: ") != std::string::npos);
  CHECK((text.find("authentication") != std::string::npos) == iperf3::authentication_is_built_in());
  CHECK(text.find("\nUDP tests only\n") != std::string::npos);
}
