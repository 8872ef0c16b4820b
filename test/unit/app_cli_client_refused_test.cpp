#include <string>
#include <vector>

#include "app/cli.hpp"
#include "support/catch.hpp"

using namespace udperf;
using namespace udperf::app;

namespace {

using Words = std::vector<std::string>;

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
      {{"-s", "41B", "-P", "2", "--header", "full"},
       "--size 41B: a size of 41 bytes over 2 stream(s) cannot be cut into datagrams of 40 to 1472 "
       "bytes"},
      {{"-s", "31B", "-P", "2"},
       "--size 31B: a size of 31 bytes over 2 stream(s) cannot be cut into datagrams of 16 to 1472 "
       "bytes"},
      {{"-n", "0"}, "--packets 0: must be a whole number from 1 to 1152921504606846976"},
      {{"-n", "3", "-P", "4"}, "--packets 3: packets must be at least one for each stream"},
      {{"-t", "0"}, "--duration 0: duration must be above zero, or forever"},
      {{"-t", "x"},
       "--duration x: not a duration: x; accepted is a number with us, ms, s, m or h, e.g. 10s; "
       "without a unit it is seconds, or forever"},
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
      {{"--rate", "0"},
       "--rate 0: rate must be above zero: leave --rate out for as fast as both hosts can, or give "
       "flood"},
      {{"--bidir", "--rate", "1M/0"},
       "--rate 1M/0: rate must be above zero: leave --rate out for as fast as both hosts can, or "
       "give flood"},
      {{"--local-port", "4000-4003"},
       "--local-port: from 4000 to 4003 is one for each of several streams: give --streams or "
       "--flows, or one port"},
      {{"--rate", "1M/2M"}, "--rate 1M/2M: an up and a down rate need --direction both"},
      {{"--rate", "1000G", "--packet-size", "64"},
       "--rate 1000G: no host sends 1953125000 datagrams a second: at most 1000000000 can be asked "
       "for"},
      {{"--rate", "1M/1000000001pps", "--bidir"},
       "--rate 1M/1000000001pps: no host sends 1000000001 datagrams a second: at most 1000000000 "
       "can be asked for"},
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
      {{"--local-port", "65535", "--iperf3", "--direction", "both"},
       "--local-port: 2 sockets need as many ports, and from 65535 to 65535 there are 1"},
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
      {{"--print", "loss_ratio"},
       "--print loss_ratio: no such field: loss_ratio (did you mean up.loss.ratio? see "
       "docs/metrics.md, e.g. goodput_bps or up.loss.packets)"},
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
      {{"--profile", "video-5M", "--burst", "2ms"},
       "--burst 2ms: is for even gaps: with this --profile what leaves together is the plan's"},
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
      {{"127.0.0.1", "-6"}, "HOST 127.0.0.1: is an IPv4 address, which --ipv6 forbids"},
      {{"::1", "-4"}, "HOST ::1: is an IPv6 address, which --ipv4 forbids"},
      {{"127.0.0.1", "--bind", "::1"}, "HOST 127.0.0.1: is an IPv4 address, and --bind ::1 is not"},
  };
  return rows;
}

}  // namespace

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
