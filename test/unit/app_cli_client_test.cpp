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
      {{"-t5m"}, [](C c) { return c.options.params.amount.duration == 5min; }},
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
                p.shape_up.sizes == sizes && p.shape_down.sizes == sizes;
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
       [](C c) { return c.options.local_port == 7000 && c.options.last_local_port == 7003; }},
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
      {{"--iperf3"}, [](C c) { return c.options.iperf3 && c.options.port == 5201; }},
      {{"--classic"},
       [](C c) {
         const TestParams& params = c.options.params;
         return c.options.classic && params.payload_bytes == 1500 &&
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

struct Refused {
  Words options;
  std::string message;
};

// NOLINTNEXTLINE(readability-function-size): a table
const std::vector<Refused>& refused_rows() {
  static const std::string size_range =
      "size must be between 25 and 200 (MB); give a unit for any other size, e.g. --size 10M";
  static const std::vector<Refused> rows{
      {{"--size", "500"}, "--size 500: " + size_range},
      {{"--size=24"}, "--size 24: " + size_range},
      {{"--size", "-5"}, "--size -5: " + size_range},
      {{"--size", "abc"}, "--size abc: not a number: abc"},
      {{"-s", "41B", "-P", "2"},
       "--size 41B: a size of 41 bytes over 2 stream(s) cannot be cut into datagrams of 40 to 1472 "
       "bytes"},
      {{"-n", "0"}, "--packets 0: must be a whole number from 1 to 1152921504606846976"},
      {{"-n", "3", "-P", "4"}, "--packets 3: packets must be at least one for each stream"},
      {{"-t", "0"}, "--duration 0: duration must be above zero"},
      {{"-t", "x"},
       "--duration x: not a duration: x; accepted is a number with us, ms, s, m or h, e.g. 10s; "
       "without a unit it is seconds"},
      {{"-s", "25", "-t", "10"},
       "--duration 10: cannot be combined with --size; give only one of --size, --duration, "
       "--packets"},
      {{"-n", "5", "-s", "25"},
       "--size 25: cannot be combined with --packets; give only one of --size, --duration, "
       "--packets"},
      {{"--json", "--csv"},
       "--csv: cannot be combined with --json; give only one of --json, --jsonl, --csv, --print"},
      {{"--print", "up", "--jsonl"},
       "--jsonl: cannot be combined with --print; give only one of --json, --jsonl, --csv, "
       "--print"},
      {{"--reverse", "--bidir"},
       "--bidir: cannot be combined with --reverse; give only one of --direction, --reverse, "
       "--bidir"},
      {{"-4", "-6"}, "--ipv6: cannot be combined with --ipv4; give only one of --ipv4, --ipv6"},
      {{"--rate", "1M/2M"}, "--rate 1M/2M: an up and a down rate need --direction both"},
      {{"--bidir", "--rate", "1M/fast"},
       "--rate 1M/fast: not a rate: fast; accepted is bit/s with or without K, M or G, e.g. 500M, "
       "or packets, e.g. 1000pps, unlimited or flood"},
      {{"--bidir", "--rate", "1M/2M/3M"},
       "--rate 1M/2M/3M: not a rate: 2M/3M; accepted is bit/s with or without K, M or G, e.g. "
       "500M, or packets, e.g. 1000pps, unlimited or flood"},
      {{"-l", "15"}, "--packet-size 15: must be auto or 16..65507 (bytes)"},
      {{"-l", "65508"}, "--packet-size 65508: must be auto or 16..65507 (bytes)"},
      {{"-l", "big"}, "--packet-size big: must be auto or 16..65507 (bytes)"},
      {{"-l", "39", "--header", "full"}, "--header full: needs datagrams of 40 bytes or more"},
      {{"--header", "short"}, "--header short: accepted is one of auto, compact, full"},
      {{"-l", "39", "--iperf3"}, "--packet-size 39: must be 40 or more with --iperf3"},
      {{"-l", "64:7,15"},
       "--packet-size 64:7,15: must be up to 8 sizes of 16..65507 bytes with weights, e.g. "
       "64:7,570:4,1472:1"},
      {{"-l", "64:0"},
       "--packet-size 64:0: must be up to 8 sizes of 16..65507 bytes with weights, e.g. "
       "64:7,570:4,1472:1"},
      {{"-l", "64,"},
       "--packet-size 64,: must be up to 8 sizes of 16..65507 bytes with weights, e.g. "
       "64:7,570:4,1472:1"},
      {{"-l", "64:4000,99:4000"},
       "--packet-size 64:4000,99:4000: weights must be at most 4096 together"},
      {{"-l", "64,99", "--find-rate"},
       "--packet-size 64,99: a mix of sizes does not go with --find-rate"},
      {{"-l", "64,99", "--iperf3"},
       "--packet-size 64,99: a mix of sizes does not go with --iperf3"},
      {{"--spacing", "poisson"},
       "--spacing poisson: needs --rate: without a rate there is nothing to space"},
      {{"--spacing", "burst:1", "-b", "1M"}, "--spacing burst:1: must be burst:2..burst:65535"},
      {{"--spacing", "random", "-b", "1M"},
       "--spacing random: accepted is one of even, poisson, burst:N"},
      {{"--spacing", "poisson", "-b", "1000G"},
       "--spacing poisson: a spacing other than even needs a rate of at most 10000000 "
       "datagrams/s"},
      {{"--sizes", "rfc2544"}, "--sizes rfc2544: needs --find-rate"},
      {{"--find-rate", "--sizes", "64,"},
       "--sizes 64,: must be rfc2544 or up to 32 sizes of 16..65507 bytes, e.g. 64,512,1472"},
      {{"--find-rate", "--sizes", "rfc2889"},
       "--sizes rfc2889: must be rfc2544 or up to 32 sizes of 16..65507 bytes, e.g. 64,512,1472"},
      {{"--find-rate", "--sizes", "18", "--header", "full"},
       "--sizes 18: needs --header auto or compact for datagrams below 40 bytes"},
      {{"--profile", "voip"},
       "--profile voip: accepted is one of voip-g711, voip-g729, voip-opus, video-5M, gaming, "
       "imix, isochronous:FPS:MEAN[,STDDEV], trace:FILE[,loop]"},
      {{"--profile", "isochronous:60"},
       "--profile isochronous:60: isochronous needs its frame rate and bit rate, e.g. "
       "isochronous:60:20M"},
      {{"--profile", "trace:a.csv", "-R"},
       "--profile trace:a.csv: only the client has the trace, so it goes with --direction up "
       "alone"},
      {{"--profile", "trace:a.csv", "--bidir"},
       "--profile trace:a.csv: only the client has the trace, so it goes with --direction up "
       "alone"},
      {{"--profile", "trace:"},
       "--profile trace:: trace needs a file, e.g. trace:call.pcap or trace:call.csv,loop"},
      {{"--profile", "trace:a.csv", "--spacing", "poisson"},
       "--profile trace:a.csv: a trace has times of its own: --spacing does not go with it"},
      {{"--profile", "video-5M", "--rate", "100pps"},
       "--profile video-5M: frames need a rate in bit/s"},
      {{"--profile", "video-5M", "-l", "64,99"},
       "--profile video-5M: frames are cut into datagrams of one size: a mix of sizes does not go "
       "with them"},
      {{"--profile", "imix", "--find-rate"},
       "--profile imix: does not go with --find-rate, which chooses it for each trial"},
      {{"--seed", "7"},
       "--seed 7: nothing is drawn at random without --spacing poisson, a mix of packet sizes or "
       "such a --profile"},
      {{"--direction", "left"}, "--direction left: accepted is one of up, down, both"},
      {{"-P", "129"}, "--streams 129: must be a whole number from 1 to 128"},
      {{"-P", "two"}, "--streams two: not a number: two"},
      {{"--payload", "x"}, "--payload x: accepted is one of random, alphabet, zero"},
      {{"--dscp", "64"}, "--dscp 64: must be 0..63 or one of EF, VA, LE, CS0..CS7, AF11..AF43"},
      {{"--dscp", "af44"}, "--dscp af44: must be 0..63 or one of EF, VA, LE, CS0..CS7, AF11..AF43"},
      {{"--ecn", "4"}, "--ecn 4: accepted is one of not-ect, ect1, ect0, ce, 0, 1, 2, 3"},
      {{"--gso", "yes"}, "--gso yes: accepted is one of auto, on, off"},
      {{"--gro", ""}, "--gro : accepted is one of auto, on, off"},
      {{"-p", "0"}, "--port 0: must be a whole number from 1 to 65535"},
      {{"-p", "65536"}, "--port 65536: must be a whole number from 1 to 65535"},
      {{"--local-port", "65536"}, "--local-port 65536: must be a whole number from 0 to 65535"},
      {{"--local-port", "7000-6999"},
       "--local-port 7000-6999: must be a whole number from 7000 to 65535"},
      {{"--local-port", "0-5"}, "--local-port 0-5: must be a whole number from 1 to 65535"},
      {{"--local-port", "7000-7002", "-P", "4"},
       "--local-port: 4 streams need as many ports, and from 7000 to 7002 there are 3"},
      {{"--local-port", "65535", "-P", "2"},
       "--local-port: 2 streams need as many ports, and from 65535 to 65535 there are 1"},
      {{"--flows", "1"}, "--flows 1: must be a whole number from 2 to 128"},
      {{"--flows", "8", "-P", "8"}, "--flows 8: does not go with --streams"},
      {{"--bind", "lo"}, "--bind lo: not a numeric IPv4 or IPv6 address: lo"},
      {{"--bind-dev", "an-interface-name"},
       "--bind-dev an-interface-name: must be the name of a network interface, e.g. eth0"},
      {{"--bind-dev", "a/b"}, "--bind-dev a/b: must be the name of a network interface, e.g. eth0"},
      {{"--bind", "::1", "-4"},
       "--bind ::1: is of the other address family than -4 or -6 asks for"},
      {{"--buffer", "1GiB"}, "--buffer 1GiB: must be below 1GiB"},
      {{"--buffer", "big"}, "--buffer big: not a number: big"},
      {{"--connect-timeout", "25h"}, "--connect-timeout 25h: must be 1ms..24h"},
      {{"--wait-server", "1us"}, "--wait-server 1us: must be 1ms..24h"},
      {{"--retry-busy", "1us"}, "--retry-busy 1us: must be 1ms..24h"},
      {{"--print", ""},
       "--print : field names separated by commas are needed, e.g. goodput_bps,loss_percent"},
      {{"--print", "up,,down"},
       "--print up,,down: field names separated by commas are needed, e.g. "
       "goodput_bps,loss_percent"},
      {{"--print", "up,"},
       "--print up,: field names separated by commas are needed, e.g. goodput_bps,loss_percent"},
      {{"--key-file", ""}, "--key-file : a file name is needed"},
      {{"--output", ""}, "--output : a file name is needed"},
      {{"--log-file", ""}, "--log-file : a file name is needed"},
      {{"-i", "9ms"}, "--interval 9ms: must be 10ms..1h"},
      {{"--gap-threshold", "2h"}, "--gap-threshold 2h: must be 1us..1h"},
      {{"--label", "x"},
       "--label x: must be KEY=VALUE, e.g. site=lab, with a key of letters, digits, _ - and ."},
      {{"--label", "=x"},
       "--label =x: must be KEY=VALUE, e.g. site=lab, with a key of letters, digits, _ - and ."},
      {{"--label", "a b=x"},
       "--label a b=x: must be KEY=VALUE, e.g. site=lab, with a key of letters, digits, _ - and ."},
      {{"--print", "nope"},
       "--print nope: no such field: nope (see docs/metrics.md, e.g. goodput_bps or "
       "up.loss.packets)"},
      {{"--label", "a=1", "--label", "a=2"}, "--label a=2: the label a is given twice"},
      {{"--report", "-"},
       "--report -: stdout has the result; give the page a file, or the result one with --output"},
      {{"--max-rate", "1G"}, "--max-rate 1G: needs --find-rate"},
      {{"--find-rate", "--rate", "1G"},
       "--rate 1G: does not go with --find-rate, which chooses it for each trial"},
      {{"--find-rate", "-t", "5s"},
       "--duration 5s: does not go with --find-rate, which chooses it for each trial"},
      {{"--find-rate", "--search-time", "1s"}, "--search-time 1s: must be 6s..10m"},
      {{"--find-rate", "--max-loss", "200%"}, "--max-loss 200%: percentage must be 0..100"},
      {{"--find-rate", "--max-rate", "10pps"}, "--max-rate 10pps: a bit rate is needed, e.g. 900M"},
      {{"--find-rate", "--min-rate", "2G", "--max-rate", "1G"},
       "--min-rate 2G: is above --max-rate"},
      {{"--find-rate=rfc2544"}, "--find-rate rfc2544: accepted is one of udperf, rfc9097"},
      {{"--find-rate=rfc9097", "--min-rate", "1M"},
       "--min-rate 1M: does not go with --find-rate=rfc9097, whose table begins at 0.5 Mb/s"},
      {{"--find-rate=rfc9097", "--search-time", "9s"},
       "--search-time 9s: is too short for --find-rate=rfc9097; accepted is 10s..10m"},
      {{"--gap", "1s"}, "--gap 1s: needs --repeat with more than one run"},
      {{"--burst", "2ms"},
       "--burst 2ms: needs --rate or --find-rate: without a rate there is nothing to space"},
      {{"--rate", "1M", "--burst", "51ms"}, "--burst 51ms: must be 1us..50ms"},
      {{"--omit", "2h"}, "--omit 2h: must be 0s..1h"},
      {{"--omit", "1s", "--find-rate"},
       "--omit 1s: does not go with --find-rate, which chooses it for each trial"},
      {{"--voice", "mp3"}, "--voice mp3: accepted is one of g711, g711-plc, g729, opus"},
      {{"--duration", "3s", "--voice", "g711", "--rate", "500M"},
       "--voice g711: voice needs a rate of at most 1000 packets a second for each stream"},
      {{"--jitter-buffer", "60ms"},
       "--jitter-buffer 60ms: needs --voice, or a profile that is a call"},
      {{"--voice", "g711", "--jitter-buffer", "19ms"},
       "--jitter-buffer 19ms: must be 20ms..500ms or adaptive"},
      {{"--fail-mos", "4.0"}, "--fail-mos 4.0: needs --voice, or a profile that is a call"},
      {{"--voice", "g711", "--fail-mos", "0.9"}, "--fail-mos 0.9: must be 1..4.5, e.g. 4.0"},
      {{"--voice", "g711", "--fail-mos", "good"}, "--fail-mos good: must be 1..4.5, e.g. 4.0"},
      {{"--voice", "opus", "--fail-mos", "3"}, "--fail-mos 3: the E-model has no score of Opus"},
      {{"--realtime", "on"}, "--realtime on: accepted is one of auto, off"},
      {{"--repeat", "0"}, "--repeat 0: must be a whole number from 1 to 10000"},
      {{"--fail-loss", "101%"}, "--fail-loss 101%: percentage must be 0..100"},
      {{"--fail-rate", "10pps"}, "--fail-rate 10pps: a bit rate is needed, e.g. 900M"},
      {{"--color", "no"}, "--color no: accepted is one of auto, always, never"},
      {{"--log-level", "loud"}, "--log-level loud: accepted is one of error, warning, info, debug"},
      {{"--log-format", "xml"}, "--log-format xml: accepted is one of text, json"},
      {{"-P", "2", "-P", "3"}, "--streams 3: was given before as 2; give it once"},
      {{"--frobnicate"}, "--frobnicate: unknown option; see udperf client --help"},
      {{"-Z"}, "-Z: unknown option; see udperf client --help"},
      {{"--classic", "-R"},
       "--reverse: does not go with --classic, which sends letters one way and learns one "
       "figure"},
      {{"--details", "--json"},
       "--details: is for text, not for --json, --jsonl, --csv or --print"},
      {{"--fail-rtt-p99", "0"}, "--fail-rtt-p99 0: duration must be above zero"},
      {{"--one-off"}, "--one-off: unknown option (udperf server has it); see udperf client --help"},
      {{"--json=no"}, "--json: takes no value: --json=no"},
      {{"--streams"},
       "--streams: a value is missing, accepted is N (parallel streams, 1..128 (default 1))"},
      {{"-P"},
       "--streams: a value is missing, accepted is N (parallel streams, 1..128 (default 1))"},
      {{"a.example", "b.example"}, "b.example: one argument too many; see udperf client --help"},
      {{""}, "HOST: is empty; accepted is a name or an address"},
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

TEST_CASE("what the client cannot do is refused in one sentence", "[app]") {
  for (const auto& row : refused_rows()) {
    CAPTURE(row.options);
    Words words{"client"};
    words.insert(words.end(), row.options.begin(), row.options.end());
    const auto parsed = parse_command_line(words);
    REQUIRE(std::holds_alternative<UsageError>(parsed));
    CHECK(std::get<UsageError>(parsed).message == row.message);
    CHECK(row.message.find('\n') == std::string::npos);
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

TEST_CASE("the host is the word that is no option", "[app]") {
  CHECK(client({"server.example", "--json"}).options.host == "server.example");
  CHECK(client({"--json", "fe80::1%eth0"}).options.host == "fe80::1%eth0");
  CHECK(client({"--size", "25", "--", "-odd"}).options.host == "-odd");
}

TEST_CASE("an option repeated with the same value does no harm", "[app]") {
  CHECK(client({"-P", "2", "--streams", "2"}).options.params.streams == 2);
  CHECK(client({"--json", "--json"}).output.format == OutputFormat::json);
}
