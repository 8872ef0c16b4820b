#include <functional>
#include <set>
#include <string>
#include <vector>

#include "app/cli.hpp"
#include "app/options/table.hpp"
#include "model/forever.hpp"
#include "support/catch.hpp"

using namespace std::chrono_literals;
using namespace udperf;
using namespace udperf::app;

namespace {

using Words = std::vector<std::string>;

ClientCommand client(Words options) {
  options.insert(options.begin(), "client");
  const auto parsed = parse_command_line(options);
  if (const auto* problem = std::get_if<UsageError>(&parsed)) {
    FAIL(problem->message);
  }
  REQUIRE(std::holds_alternative<ClientCommand>(parsed));
  return std::get<ClientCommand>(parsed);
}

struct Accepted {
  Words options;
  std::function<bool(const ClientCommand&)> holds;
};

using C = const ClientCommand&;

/// One row or more for every option of the table; see the last test.
// NOLINTNEXTLINE(readability-function-size): a table
const std::vector<Accepted>& accepted_rows() {
  static const std::vector<Accepted> rows{
      {{"--size", "25"}, [](C c) { return c.options.params.amount.size_bytes == 25'000'000; }},
      {{"-s", "10M"}, [](C c) { return c.options.params.amount.size_bytes == 10'000'000; }},
      {{"--size=64KiB"}, [](C c) { return c.options.params.amount.size_bytes == 65'536; }},
      {{"--duration", "2.5s"}, [](C c) { return c.options.params.amount.duration == 2500ms; }},
      {{"-t", "3"}, [](C c) { return c.options.params.amount.duration == 3s; }},
      {{"-t0.5s"}, [](C c) { return c.options.params.amount.duration == 500ms; }},
      {{"--duration", "forever"}, [](C c) { return c.options.params.amount.duration == kForever; }},
      {{"--packets", "7"}, [](C c) { return c.options.params.amount.packets == 7; }},
      {{"-n", "1"}, [](C c) { return c.options.params.amount.packets == 1; }},
      {{"--rate", "100M"},
       [](C c) {
         const SendRate rate{SendRate::Kind::bits, 100'000'000};
         return c.options.params.rate_up == rate && c.options.params.rate_down == rate;
       }},
      {{"-b", "1000pps"},
       [](C c) {
         return c.options.params.rate_up == SendRate{SendRate::Kind::packets, 1'000'000};
       }},
      {{"--rate", "100M/20M", "--bidir"},
       [](C c) {
         return c.options.params.rate_up == SendRate{SendRate::Kind::bits, 100'000'000} &&
                c.options.params.rate_down == SendRate{SendRate::Kind::bits, 20'000'000};
       }},
      {{"-b", "unlimited/9600", "--direction", "both"},
       [](C c) {
         return !c.options.params.rate_up.limited() && c.options.params.rate_down.value == 9600;
       }},
      {{"--packet-size", "40"},
       [](C c) { return c.options.params.payload_bytes == 40 && !c.options.auto_packet_size; }},
      {{"-l", "65507"}, [](C c) { return c.options.params.payload_bytes == 65507; }},
      {{"-l", "auto"}, [](C c) { return c.options.auto_packet_size; }},
      {{"-l", "64:7,570:4,1K"},
       [](C c) {
         const TestParams& p = c.options.params;
         const std::array<SizeShare, kMostSizes> sizes{{{64, 7}, {570, 4}, {1000, 1}}};
         return p.payload_bytes == 1000 && !c.options.auto_packet_size &&
                p.shape_up.sizes == sizes && !p.shape_down.mixed();  // which does not run
       }},
      {{"-l", "900:3"},
       [](C c) { return c.options.params.payload_bytes == 900 && !c.options.params.shaped(); }},
      {{"--spacing", "poisson", "-b", "50pps"},
       [](C c) {
         return c.options.params.shape_up.spacing == Spacing::poisson &&
                c.options.params.shape_down.spacing == Spacing::poisson;
       }},
      {{"--spacing", "burst:8", "-b", "1M"},
       [](C c) {
         return c.options.params.shape_up.spacing == Spacing::burst &&
                c.options.params.shape_down.burst_packets == 8;
       }},
      {{"-l", "18"}, [](C c) { return c.options.params.header == HeaderKind::compact; }},
      {{"-l", "18,64"}, [](C c) { return c.options.params.header == HeaderKind::compact; }},
      {{"-l", "40"}, [](C c) { return c.options.params.header == HeaderKind::full; }},
      {{"--header", "compact"}, [](C c) { return c.options.params.header == HeaderKind::compact; }},
      {{"--header", "full"}, [](C c) { return c.options.params.header == HeaderKind::full; }},
      {{"--find-rate", "--sizes", "rfc2544"},
       [](C c) {
         return c.search.sizes == std::vector<std::uint32_t>{18, 82, 210, 466, 978, 1234, 1472};
       }},
      {{"--find-rate", "--sizes", "64,1K"},
       [](C c) {
         return c.search.sizes == std::vector<std::uint32_t>{64, 1000};
       }},
      {{"--profile", "gaming"},
       [](C c) {
         const TestParams& p = c.options.params;
         return p.profile == Profile::gaming && p.direction == Direction::both &&
                p.shape_up.sizes.front().bytes == 90 && p.shape_down.sizes.front().bytes == 250 &&
                p.rate_up.value == 60'000 && p.rate_down.value == 30'000;
       }},
      {{"--profile", "voip-g711", "-P", "30"},
       [](C c) {
         const SendRate calls{SendRate::Kind::packets, 1'500'000};
         return c.options.params.rate_up == calls && c.options.params.rate_down == calls;
       }},
      {{"-P", "30", "--profile", "voip-g711", "--rate", "100pps"},
       [](C c) {
         return c.options.params.rate_up == SendRate{SendRate::Kind::packets, 100'000};
       }},
      {{"-P", "4", "--profile", "video-5M"},
       [](C c) {
         const TestParams& p = c.options.params;
         return p.rate_up == SendRate{SendRate::Kind::bits, 20'000'000} &&
                p.frame_bytes(Way::up) == 20'833;
       }},
      {{"--flows", "8", "--profile", "voip-opus"},
       [](C c) {
         return c.options.params.rate_up == SendRate{SendRate::Kind::packets, 400'000};
       }},
      {{"--profile", "voip-g729"},
       [](C c) { return c.options.params.header == HeaderKind::compact; }},
      {{"--rate", "1M", "-R", "-l", "500", "--profile", "video-5M"},
       [](C c) {
         const TestParams& p = c.options.params;
         return p.direction == Direction::down && p.rate_down.value == 1'000'000 &&
                p.payload_bytes == 500 && p.shape_down.frames.per_1000_s == 30'000;
       }},
      {{"--profile", "isochronous:60:20M,2M"},
       [](C c) { return c.options.auto_packet_size && c.options.params.shape_up.drawn(); }},
      {{"--spacing", "even"}, [](C c) { return !c.options.params.shaped(); }},
      {{"--seed", "77", "-l", "64,128"}, [](C c) { return c.options.params.seed == 77; }},
      {{"--direction", "down"}, [](C c) { return c.options.params.direction == Direction::down; }},
      {{"--direction", "up"}, [](C c) { return c.options.params.direction == Direction::up; }},
      {{"--reverse"}, [](C c) { return c.options.params.direction == Direction::down; }},
      {{"-R"}, [](C c) { return c.options.params.direction == Direction::down; }},
      {{"--bidir"}, [](C c) { return c.options.params.direction == Direction::both; }},
      {{"--streams", "128"}, [](C c) { return c.options.params.streams == 128; }},
      {{"-P", "2"}, [](C c) { return c.options.params.streams == 2; }},
      {{"--payload", "alphabet"},
       [](C c) { return c.options.params.payload == PayloadKind::alphabet; }},
      {{"--payload", "zero"}, [](C c) { return c.options.params.payload == PayloadKind::zero; }},
      {{"--dscp", "63"}, [](C c) { return c.options.params.dscp == 63; }},
      {{"--dscp", "EF"}, [](C c) { return c.options.params.dscp == 46; }},
      {{"--dscp", "af41"}, [](C c) { return c.options.params.dscp == 34; }},
      {{"--dscp", "CS7"}, [](C c) { return c.options.params.dscp == 56; }},
      {{"--dscp", "le"}, [](C c) { return c.options.params.dscp == 1; }},
      {{"--ecn", "ect0"}, [](C c) { return c.options.params.ecn == 2; }},
      {{"--ecn", "ect1"}, [](C c) { return c.options.params.ecn == 1; }},
      {{"--ecn", "3"}, [](C c) { return c.options.params.ecn == 3; }},
      {{"--df"}, [](C c) { return c.options.params.df == DontFragment::on; }},
      {{"--gso", "off"}, [](C c) { return c.options.params.gso == OffloadMode::off; }},
      {{"--gro", "on"}, [](C c) { return c.options.params.gro == OffloadMode::on; }},
      {{"--port", "7000"}, [](C c) { return c.options.port == 7000; }},
      {{"-p", "65535"}, [](C c) { return c.options.port == 65535; }},
      {{"-4"}, [](C c) { return c.options.family == IpFamily::v4; }},
      {{"--ipv6"}, [](C c) { return c.options.family == IpFamily::v6; }},
      {{"-6"}, [](C c) { return c.options.family == IpFamily::v6; }},
      {{"--ipv4"}, [](C c) { return c.options.family == IpFamily::v4; }},
      {{"--bind", "::1"}, [](C c) { return c.options.bind == IpAddress::loopback(IpFamily::v6); }},
      {{"--bind-dev", "eth0"}, [](C c) { return c.options.bind_device == "eth0"; }},
      {{"--local-port", "7777"}, [](C c) { return c.options.local_port == 7777; }},
      {{"--local-port", "7000-7003", "-P", "4"},
       [](C c) {
         return c.options.local_port == 7000 && c.options.last_local_port == 7003 &&
                c.options.flows && !c.options.params.rate_up.limited() &&
                c.options.auto_packet_size;
       }},
      {{"--local-port", "7000-7000"}, [](C c) { return !c.options.flows; }},
      {{"--local-port", "7000-7003", "-P", "4", "--find-rate"},
       [](C c) { return !c.options.flows; }},
      {{"--flows", "64", "--local-port", "33434-33497"},
       [](C c) {
         return c.options.flows && c.options.params.streams == 64 &&
                c.options.params.rate_up == SendRate{SendRate::Kind::packets, 3'200'000} &&
                c.options.params.payload_bytes == 128 && !c.options.auto_packet_size;
       }},
      {{"--flows", "2", "--profile", "imix", "--rate", "1M"},
       [](C c) { return c.options.params.streams == 2 && c.options.params.payload_bytes != 128; }},
      {{"--flows", "2", "--rate", "1M", "--packet-size", "1000"},
       [](C c) {
         return c.options.params.rate_up == SendRate{SendRate::Kind::bits, 1'000'000} &&
                c.options.params.payload_bytes == 1000;
       }},
      {{"--buffer", "4MiB"}, [](C c) { return c.options.buffer == 4U << 20U; }},
      {{"--connect-timeout", "300ms"}, [](C c) { return c.options.connect_timeout == 300ms; }},
      {{"--wait-server", "30s"}, [](C c) { return c.options.wait_server == 30s; }},
      {{"--retry-busy", "1m"}, [](C c) { return c.options.retry_busy == 1min; }},
      {{"--key-file", "k"}, [](C c) { return c.key_file == "k"; }},
      {{"--json"}, [](C c) { return c.output.format == OutputFormat::json; }},
      {{"--jsonl"}, [](C c) { return c.output.format == OutputFormat::jsonl; }},
      {{"--csv"}, [](C c) { return c.output.format == OutputFormat::csv; }},
      {{"--print", "goodput_bps,loss_percent"},
       [](C c) {
         return c.output.format == OutputFormat::print &&
                c.output.fields == Words{"goodput_bps", "loss_percent"};
       }},
      {{"--output", "f"}, [](C c) { return c.output.file == "f"; }},
      {{"--output", "-"}, [](C c) { return c.output.file == "-"; }},
      {{"--report", "p.html"}, [](C c) { return c.output.page == "p.html"; }},
      {{"--interval", "10ms"},
       [](C c) { return c.options.params.interval == 10ms && c.output.live_intervals; }},
      {{"-i", "1h"}, [](C c) { return c.options.params.interval == 1h; }},
      {{"--gap-threshold", "1us"}, [](C c) { return c.options.params.gap_threshold == 1us; }},
      {{"--label", "site=lab", "--label", "note=a=b,c"},
       [](C c) {
         return c.options.labels.size() == 2 && c.options.labels[0].first == "site" &&
                c.options.labels[0].second == "lab" && c.options.labels[1].second == "a=b,c";
       }},
      {{"--fail-loss", "1%"}, [](C c) { return c.thresholds.loss_ratio == 0.01; }},
      {{"--fail-rate", "900M"},
       [](C c) { return c.thresholds.rate == BitRate::bits_per_second(900'000'000); }},
      {{"--fail-rtt-p99", "20ms"}, [](C c) { return c.thresholds.rtt_p99 == 20ms; }},
      {{"--details"}, [](C c) { return c.output.details; }},
      {{"--iperf3"}, [](C c) { return c.protocol == Protocol::iperf3 && c.options.port == 5201; }},
      {{"--classic"},
       [](C c) {
         const TestParams& params = c.options.params;
         return c.protocol == Protocol::classic && params.payload_bytes == 1500 &&
                params.payload == PayloadKind::alphabet;
       }},
      {{"--classic", "-l", "900", "--direction", "up", "--payload", "alphabet"},
       [](C c) { return c.options.params.payload_bytes == 900; }},
      {{"--spin"}, [](C c) { return c.options.spin; }},
      {{"--realtime", "off"}, [](C c) { return c.options.realtime == engine::Realtime::off; }},
      {{"--realtime", "auto"},
       [](C c) { return c.options.realtime == engine::Realtime::automatic; }},
      {{"--rate", "10M", "--burst", "2ms"}, [](C c) { return c.options.params.burst == 2ms; }},
      {{"--find-rate", "--burst", "50ms"}, [](C c) { return c.options.params.burst == 50ms; }},
      {{"--omit", "2s"}, [](C c) { return c.options.params.omit == 2s; }},
      {{"-O", "0"}, [](C c) { return c.options.params.omit == 0s; }},
      {{"--omit", "1s", "--packet-size", "18:1,1400:1", "--rate", "1M", "--spacing", "poisson"},
       [](C c) { return c.options.params.omit == 1s && c.options.params.shaped(); }},
      {{"--voice", "g711", "--bidir", "-P", "3"},
       [](C c) {
         const TestParams& p = c.options.params;
         const SendRate call{SendRate::Kind::packets, 150'000};
         return p.voice == VoiceSetup{VoiceCodec::g711, 60ms} && p.rate_up == call &&
                p.rate_down == call && p.payload_bytes == 172 && !c.options.auto_packet_size;
       }},
      {{"--voice", "g729"},
       [](C c) {
         const TestParams& p = c.options.params;
         return p.payload_bytes == 32 && p.header == HeaderKind::compact;
       }},
      {{"--voice", "g711-plc", "--profile", "voip-g711"},
       [](C c) { return c.options.params.voice.codec == VoiceCodec::g711_plc; }},
      {{"--profile", "voip-g711", "--fail-mos", "4"},
       [](C c) {
         return c.options.params.voice.codec == VoiceCodec::g711 && c.thresholds.mos == 4.0;
       }},
      {{"--voice", "opus", "-b", "1M", "-l", "500"},
       [](C c) {
         const TestParams& p = c.options.params;
         return p.voice.codec == VoiceCodec::opus && p.payload_bytes == 500 &&
                p.rate_up == SendRate{SendRate::Kind::bits, 1'000'000};
       }},
      {{"--voice", "g711-plc", "--jitter-buffer", "adaptive"},
       [](C c) { return c.options.params.voice.adaptive(); }},
      {{"--voice", "g711-plc", "--jitter-buffer", "20ms"},
       [](C c) {
         return c.options.params.voice == VoiceSetup{VoiceCodec::g711_plc, 20ms};
       }},
      {{"--voice", "g711", "--fail-mos", "4.0"}, [](C c) { return c.thresholds.mos == 4.0; }},
      {{"--repeat", "5"}, [](C c) { return c.repeat == 5 && c.gap == 1s; }},
      {{"--repeat", "2", "--gap", "250ms"}, [](C c) { return c.gap == 250ms; }},
      {{"--repeat", "2", "--gap", "0s"}, [](C c) { return c.gap == 0s; }},
      {{"--find-rate"},
       [](C c) {
         return c.find_rate && c.search.time == 15s && !c.search.max_loss && !c.search.max_rate &&
                !c.search.min_rate;
       }},
      {{"--find-rate=udperf"},
       [](C c) { return c.find_rate && c.search.algorithm == search::Algorithm::udperf; }},
      {{"--find-rate=rfc9097"},
       [](C c) { return c.find_rate && c.search.algorithm == search::Algorithm::rfc9097; }},
      {{"--find-rate", "--max-loss", "0.1%"}, [](C c) { return c.search.max_loss == 0.001; }},
      {{"--find-rate", "--max-rate", "1G"},
       [](C c) { return c.search.max_rate == BitRate::bits_per_second(1'000'000'000); }},
      {{"--find-rate", "--min-rate", "10M"},
       [](C c) { return c.search.min_rate == BitRate::bits_per_second(10'000'000); }},
      {{"--find-rate", "--search-time", "30s"}, [](C c) { return c.search.time == 30s; }},
      {{"--quiet"}, [](C c) { return c.output.verbosity == Verbosity::quiet; }},
      {{"-q"}, [](C c) { return c.output.verbosity == Verbosity::quiet; }},
      {{"--color", "never"}, [](C c) { return c.output.color == ColorMode::never; }},
      {{"--log-level", "debug"}, [](C c) { return c.log.level == LogLevel::debug; }},
      {{"--log-format", "json"}, [](C c) { return c.log.format == LogFormat::json; }},
      {{"--log-file", "l"}, [](C c) { return c.log.file == "l"; }},
  };
  return rows;
}

}  // namespace

TEST_CASE("every option of the client does what its help says", "[app]") {
  for (const auto& row : accepted_rows()) {
    CAPTURE(row.options);
    CHECK(row.holds(client(row.options)));
  }
}

TEST_CASE("every option of the client is in a row of the table above", "[app]") {
  std::set<std::string> named;
  for (const auto& row : accepted_rows()) {
    for (const auto& word : row.options) {
      named.insert(word.substr(0, word.find('=')));
    }
  }
  for (const auto& option : option_table()) {
    if (option.belongs_to(Command::client) && option.name != "help" && option.name != "version") {
      CAPTURE(option.name);
      CHECK(named.count("--" + std::string{option.name}) == 1);
    }
  }
}

TEST_CASE("without options the client sends up for ten seconds", "[app]") {
  const auto command = client({});
  CHECK(command.options.host == "127.0.0.1");
  CHECK(command.options.port == 5555);
  CHECK(command.options.connect_timeout == 5s);
  CHECK(command.options.auto_packet_size);
  CHECK(command.options.params.amount == Amount{0, 0, 10s});
  CHECK(command.options.params.direction == Direction::up);
  CHECK_FALSE(command.options.params.rate_up.limited());
  CHECK(command.options.params.interval == 1s);
  CHECK(command.output.format == OutputFormat::text);
  CHECK_FALSE(command.output.live_intervals);
  CHECK(command.log.level == LogLevel::warning);
  CHECK_FALSE(command.thresholds.loss_ratio.has_value());
}

TEST_CASE("the host is the word that is not an option", "[app]") {
  CHECK(client({"server.example", "--json"}).options.host == "server.example");
  CHECK(client({"--json", "fe80::1%eth0"}).options.host == "fe80::1%eth0");
  CHECK(client({"--size", "25", "--", "-odd"}).options.host == "-odd");
}

TEST_CASE("an option repeated with the same value does no harm", "[app]") {
  CHECK(client({"-P", "2", "--streams", "2"}).options.params.streams == 2);
  CHECK(client({"--json", "--json"}).output.format == OutputFormat::json);
}
