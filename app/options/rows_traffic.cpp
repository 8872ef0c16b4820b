#include <algorithm>
#include <array>
#include <cctype>

#include "app/options/table.hpp"
#include "app/options/values.hpp"
#include "base/saturating.hpp"
#include "model/forever.hpp"
#include "voice/e_model.hpp"

namespace udperf::app {
namespace {

using namespace std::chrono_literals;
using Text = const std::string&;

constexpr DurationRange kBursts{1us, kMostBurst, "1us..50ms"};

/// One of these says which way.
constexpr std::string_view kDirections = "direction reverse bidir";

/// iperf3's 0 is what goes without saying here.
Problem store_rate(const std::string& text, SendRate& rate) {
  Problem problem = store(parse_send_rate(text), rate);
  return problem && problem->ends_with("above zero")
             ? *problem + ": leave --rate out for as fast as both hosts can, or give flood"
             : problem;
}

/// "100M" for either way, "100M/20M" for up and down.
Problem set_rate(Text value, ClientCommand& command) {
  const auto slash = value.find('/');
  const std::string up = value.substr(0, slash);
  const std::string down = slash == std::string::npos ? up : value.substr(slash + 1);
  if (Problem problem = store_rate(up, command.options.params.rate_up)) {
    return problem;
  }
  return store_rate(down, command.options.params.rate_down);
}

Problem set_dscp(Text value, ClientCommand& command) {
  if (const auto code = dscp_by_name(value)) {
    command.options.params.dscp = *code;
    return std::nullopt;
  }
  if (store_integer(value, 0, 63, command.options.params.dscp)) {
    return "must be 0..63 or one of EF, VA, LE, CS0..CS7, AF11..AF43";
  }
  return std::nullopt;
}

/// The code points of RFC 3168 s5, by name or number.
Problem set_ecn(Text value, ClientCommand& command) {
  constexpr std::array<Choice<std::uint8_t>, 8> kMarks{{{"not-ect", 0},
                                                        {"ect1", 1},
                                                        {"ect0", 2},
                                                        {"ce", 3},
                                                        {"0", 0},
                                                        {"1", 1},
                                                        {"2", 2},
                                                        {"3", 3}}};
  return store_choice(value, kMarks, command.options.params.ecn);
}

Problem set_offload(Text value, OffloadMode& mode) {
  constexpr std::array<Choice<OffloadMode>, 3> kModes{
      {{"auto", OffloadMode::automatic}, {"on", OffloadMode::on}, {"off", OffloadMode::off}}};
  return store_choice(value, kModes, mode);
}

Problem set_direction(Text value, ClientCommand& command) {
  constexpr std::array<Choice<Direction>, 3> kWays{
      {{"up", Direction::up}, {"down", Direction::down}, {"both", Direction::both}}};
  return store_choice(value, kWays, command.options.params.direction);
}

Problem set_payload(Text value, ClientCommand& command) {
  constexpr std::array<Choice<PayloadKind>, 3> kKinds{{{"random", PayloadKind::random},
                                                       {"alphabet", PayloadKind::alphabet},
                                                       {"zero", PayloadKind::zero}}};
  return store_choice(value, kKinds, command.options.params.payload);
}

Problem check_rate(const GivenOption& option, const ClientCommand& command) {
  const TestParams& params = command.options.params;
  if (option.value.find('/') != std::string::npos && params.direction != Direction::both) {
    return "an up and a down rate need --direction both";
  }
  for (const Way way : {Way::up, Way::down}) {
    constexpr std::uint64_t kMostPps = 1'000'000'000;
    const MeanLength mean = params.mean_length(way);
    const std::uint64_t pps = saturating_mul_div(
        Uint128{payload_bps(params, way, params.rate(way))}, mean.packets, Uint128{mean.bytes} * 8);
    if (includes(params.direction, way) && params.rate(way).limited() && pps > kMostPps) {
      return "no host sends " + std::to_string(pps) + " datagrams a second: at most " +
             std::to_string(kMostPps) + " can be asked for";
    }
  }
  return std::nullopt;
}

Problem check_burst(const GivenOption& /*option*/, const ClientCommand& command) {
  const TestParams& params = command.options.params;
  if (!params.rate_up.limited() && !params.rate_down.limited() && !command.find_rate) {
    return "needs --rate or --find-rate: without a rate there is nothing to space";
  }
  for (const Way way : {Way::up, Way::down}) {
    if (includes(params.direction, way) && params.shape(way).spacing != Spacing::even) {
      return "is for even gaps: with this --profile what leaves together is the plan's";
    }
  }
  return std::nullopt;
}

Problem set_voice(Text value, ClientCommand& command) {
  constexpr std::array<Choice<VoiceCodec>, 4> kCodecs{{{"g711", VoiceCodec::g711},
                                                       {"g711-plc", VoiceCodec::g711_plc},
                                                       {"g729", VoiceCodec::g729},
                                                       {"opus", VoiceCodec::opus}}};
  return store_choice(value, kCodecs, command.options.params.voice.codec);
}

Problem set_jitter_buffer(Text value, ClientCommand& command) {
  Duration& buffer = command.options.params.voice.buffer;
  if (value == "adaptive") {
    return put(Duration{0}, buffer);
  }
  constexpr DurationRange kRange{VoiceSetup::kLeastBuffer, VoiceSetup::kMostBuffer,
                                 "20ms..500ms or adaptive"};
  return store_duration(value, kRange, buffer);
}

Problem check_voice(const GivenOption& /*option*/, const ClientCommand& command) {
  const auto problem = check_params(command.options.params);
  return problem && problem->what.starts_with("voice") ? Problem{problem->what} : std::nullopt;
}

Problem check_jitter_buffer(const GivenOption& /*option*/, const ClientCommand& command) {
  return command.options.params.voice.wanted()
             ? std::nullopt
             : Problem{"needs --voice, or a profile that is a call"};
}

/// What the protocol's own fields have no room for.
Problem check_iperf3(const GivenOption& /*option*/, const ClientCommand& command) {
  constexpr Duration kLongest = std::chrono::hours{24};
  const Duration duration = command.options.params.amount.duration;
  if (duration > kLongest && duration != kForever) {
    return "its tests last at most 24h";
  }
  return std::nullopt;
}

constexpr auto kTrafficRows = std::to_array<OptionSpec>({
    {.letter = 'b',
     .name = "rate",
     .value = "RATE",
     .help = "payload bit/s or pps in all, UP/DOWN, or flood",
     .brief = "bit/s or pps, e.g. 500M (default unlimited)",
     .fallback = "unlimited",
     .commands = kClient,
     .not_with = "find-rate",
     .set = set_rate,
     .check = check_rate},
    {.name = "burst",
     .value = "TIME",
     .help = "most of a rate to send at once, 1us..50ms",
     .fallback_text = "as the host needs",
     .commands = kClient,
     .set = [](Text v,
               ClientCommand& c) { return store_duration(v, kBursts, c.options.params.burst); },
     .check = check_burst},
    {.name = "voice",
     .value = "CODEC",
     .help = "judge it as a call: g711, g711-plc, g729 or opus",
     .fallback_text = "no",
     .commands = kClient,
     .choices = "g711 g711-plc g729 opus",
     .not_with = "find-rate classic iperf3",
     .set = set_voice,
     .check = check_voice},
    {.name = "jitter-buffer",
     .value = "TIME",
     .help = "the listener's buffer, 20ms..500ms or adaptive",
     .fallback_text = "60ms",
     .commands = kClient,
     .set = set_jitter_buffer,
     .check = check_jitter_buffer},
    {.name = "direction",
     .value = "WAY",
     .help = "up, down or both, seen from the client",
     .brief = "up, down or both (default up)",
     .fallback = "up",
     .commands = kClient,
     .choices = "up down both",
     .one_of = kDirections,
     .not_with = "classic",
     .harmless = "up",
     .set = set_direction},
    {.letter = 'R',
     .name = "reverse",
     .help = "the same as --direction down",
     .commands = kClient,
     .one_of = kDirections,
     .not_with = "classic",
     .set = [](Text,
               ClientCommand& c) { return put(Direction::down, c.options.params.direction); }},
    {.name = "bidir",
     .help = "the same as --direction both",
     .commands = kClient,
     .one_of = kDirections,
     .not_with = "classic",
     .set = [](Text,
               ClientCommand& c) { return put(Direction::both, c.options.params.direction); }},
    {.letter = 'P',
     .name = "streams",
     .value = "N",
     .help = "parallel streams, 1..128",
     .brief = "parallel streams, 1..128 (default 1)",
     .fallback = "1",
     .commands = kClient,
     .not_with = "classic",
     .harmless = "1",
     .set =
         [](Text v, ClientCommand& c) {
           return store_integer(v, 1, kMaxStreams, c.options.params.streams);
         }},
    {.name = "payload",
     .value = "KIND",
     .help = "random, alphabet or zero",
     .fallback = "random",
     .commands = kClient,
     .choices = "random alphabet zero",
     .not_with = "classic",
     .harmless = "alphabet",
     .set = set_payload},
    {.name = "dscp",
     .value = "CODE",
     .help = "0..63 or a name such as EF or AF41",
     .fallback = "0",
     .commands = kClient,
     .set = set_dscp},
    {.name = "ecn",
     .value = "MARK",
     .help = "not-ect, ect0, ect1 or ce, or 0..3",
     .fallback = "not-ect",
     .commands = kClient,
     .choices = "not-ect ect0 ect1 ce",
     .set = set_ecn},
    {.name = "df",
     .help = "forbid fragmentation",
     .fallback_text = "leave it to the system",
     .commands = kClient,
     .set = [](Text, ClientCommand& c) { return put(DontFragment::on, c.options.params.df); }},
    {.name = "gso",
     .value = "MODE",
     .help = "send in large buffers: auto, on or off",
     .fallback = "auto",
     .commands = kClient,
     .choices = "auto on off",
     .set = [](Text v, ClientCommand& c) { return set_offload(v, c.options.params.gso); }},
    {.name = "gro",
     .value = "MODE",
     .help = "receive in large buffers: auto, on or off",
     .fallback = "auto",
     .commands = kClient,
     .choices = "auto on off",
     .not_with = "classic",
     .set = [](Text v, ClientCommand& c) { return set_offload(v, c.options.params.gro); }},

    {.name = "iperf3",
     .value = "PORT",
     .help = "test against an iperf3 server, at 5201 or PORT",
     .brief = "test against an iperf3 server (port 5201)",
     .fallback_text = "no",
     .commands = kRemote,
     .bare_value = "5201",
     .not_with = "classic find-rate key-file port fail-rtt-p99",
     .set =
         [](Text v, ClientCommand& c) {
           c.protocol = Protocol::iperf3;
           return store_integer(v, 1, 65535, c.options.port);
         },
     .check = check_iperf3},

    {.name = "classic",
     .help = "the START/STOP test of old scripts, up only",
     .fallback_text = "no",
     .commands = kRemote,
     .excluding = "which sends letters one way and learns one figure",
     .set = [](Text, ClientCommand& c) { return put(Protocol::classic, c.protocol); }},
});

static_assert(all_set(kTrafficRows));

}  // namespace

std::span<const OptionSpec> traffic_rows() {
  return kTrafficRows;
}

}  // namespace udperf::app
