#include <string>
#include <vector>

#include "app/iperf3/command.hpp"
#include "support/catch.hpp"

using namespace std::chrono_literals;
using namespace udperf;
using namespace udperf::app;

namespace {

Iperf3Command parse(const std::vector<std::string>& arguments) {
  return parse_iperf3(arguments);
}

}  // namespace

TEST_CASE("Rates are in powers of 1000, bytes and counts in powers of 1024") {
  CHECK(iperf3_number("1k", 1000) == 1000U);
  CHECK(iperf3_number("1K", 1024) == 1024U);
  CHECK(iperf3_number("1.5M", 1024) == 1'572'864U);
  CHECK(iperf3_number("0", 1000) == 0U);
  CHECK(iperf3_number("3T", 1000) == 3'000'000'000'000U);
  for (const char* bad : {"", "x", "-1", "1 M", "nan", "1e400", "9e18k", "9e18kB"}) {
    CHECK_FALSE(iperf3_number(bad, 1000).has_value());
  }
}

TEST_CASE("Of a unit the first letter counts, as with iperf3, and the rest is ignored") {
  CHECK(iperf3_number("10Mbps", 1000) == 10'000'000U);
  CHECK(iperf3_number("1KB", 1024) == 1024U);
  CHECK(iperf3_number("1.5GiB", 1024) == 1'610'612'736U);
  const auto command = parse({"-c", "h", "-u", "-b", "10Mbps/5", "-n", "10MB", "-l", "1KB", "-w",
                              "64KB", "--fq-rate", "1Gbit", "-f", "Mbits"});
  REQUIRE_FALSE(command.problem.has_value());
  CHECK(command.parameters.rate_bps == 10'000'000);
  CHECK(command.parameters.burst == 5);
  CHECK(command.parameters.bytes == 10'485'760);
  CHECK(command.parameters.length == 1024);
  CHECK(command.parameters.window == 65'536);
  CHECK(command.parameters.fq_rate_bps == 1'000'000'000);
  CHECK(command.report.unit == 'M');
  CHECK(parse({"-c", "h", "-u", "-k", "2kilo"}).parameters.blocks == 2048);
  CHECK(parse({"-s", "--server-bitrate-limit", "5Mbit/s/1"}).problem.has_value());
  CHECK(parse({"-s", "--server-bitrate-limit", "5Mbit/1"}).service.limit_bps == 5'000'000U);
  CHECK(parse({"-c", "h", "-u", "-f", "bits"}).problem.has_value());
  CHECK(parse({"-c", "h", "-u", "-f", ""}).problem.has_value());
  CHECK(parse({"-c", "h", "-u", "-b", "10 Mbps"}).problem.has_value());
}

TEST_CASE("What stands behind a number and is no unit says nothing, as with iperf3") {
  CHECK(iperf3_number("1x", 1000) == 1U);
  CHECK(iperf3_number("1000bps", 1000) == 1000U);
  CHECK(iperf3_integer("2s") == 2U);
  CHECK(iperf3_integer("1m") == 1U);
  CHECK_FALSE(iperf3_integer("s2").has_value());
  CHECK_FALSE(iperf3_integer("-1").has_value());
  CHECK_FALSE(iperf3_integer("").has_value());
  const auto client = parse({"-c",
                             "h",
                             "-u",
                             "-b",
                             "1000000bps",
                             "-l",
                             "1400B",
                             "-i",
                             "1s",
                             "-w",
                             "65536B",
                             "-P",
                             "2x",
                             "-O",
                             "1s",
                             "-t",
                             "2s",
                             "-p",
                             "5201a",
                             "--cport",
                             "700x",
                             "-R",
                             "--connect-timeout",
                             "500ms",
                             "--rcv-timeout",
                             "900ms",
                             "--snd-timeout",
                             "3000ms"});
  REQUIRE(client.problem == std::nullopt);
  CHECK(client.parameters.rate_bps == 1'000'000);
  CHECK(client.parameters.length == 1400);
  CHECK(client.report.interval == 1s);
  CHECK(client.parameters.window == 65'536);
  CHECK(client.parameters.streams == 2);
  CHECK(client.parameters.omit_seconds == 1);
  CHECK(client.parameters.seconds == 2);
  CHECK(client.port == 5201);
  CHECK(client.local.port == 700);
  CHECK(client.patience.connect == 500ms);
  CHECK(parse({"-c", "h", "-u", "--connect-timeout", "2K"}).patience.connect == 2048ms);
  CHECK(parse({"-c", "h", "-u", "--connect-timeout", "0"}).patience.connect == 10s);
  CHECK(client.patience.data == 900ms);
  CHECK(client.patience.control.unanswered == 3s);
  CHECK(parse({"-c", "h", "-u", "-n", "1000B"}).parameters.bytes == 1000);
  CHECK(parse({"-c", "h", "-u", "-k", "10p"}).parameters.blocks == 10);
  // What has no units takes none.
  CHECK(parse({"-c", "h", "-u", "-t", "1m"}).parameters.seconds == 1);
  CHECK(parse({"-c", "h", "-u", "-P", "1K"}).parameters.streams == 1);
  for (const char* const letter : {"-b", "-l", "-i", "-n", "-w", "-P", "-O", "-k", "-t", "-p"}) {
    CHECK(parse({"-c", "h", "-u", letter, "s"}).problem.has_value());
  }
}
