#include <array>

#include "app/options/table.hpp"
#include "app/options/values.hpp"
#include "traffic/profiles.hpp"

namespace udperf::app {
namespace {

using Text = const std::string&;

Problem set_profile(Text value, ClientCommand& command) {
  const auto profile = traffic::parse_profile(value);
  if (!profile) {
    return profile.error().what;
  }
  traffic::apply_profile(*profile, command.options.params);
  command.options.auto_packet_size = profile->payload_bytes == 0;
  command.options.profile.ip_sizes = profile->ip_sizes;
  if (profile->id == Profile::trace) {
    command.trace = TraceOption{profile->trace_file, profile->trace_loops};
  }
  return std::nullopt;
}

Problem check_profile(const GivenOption& /*option*/, const ClientCommand& command) {
  if (command.trace && command.options.params.shape_up.spacing != Spacing::trace) {
    return "a trace has times of its own: --spacing does not go with it";
  }
  if (command.trace && command.options.params.direction != Direction::up) {
    return "only the client has the trace, so it goes with --direction up alone";
  }
  const auto problem = check_params(command.options.params);
  return problem ? Problem{problem->what} : std::nullopt;
}

Problem set_packet_size(Text value, ClientCommand& command) {
  TestParams& params = command.options.params;
  command.options.auto_packet_size = value == "auto";
  command.options.profile.ip_sizes = false;
  params.shape_up.sizes = params.shape_down.sizes = {};
  if (command.options.auto_packet_size) {
    return std::nullopt;
  }
  std::array<SizeShare, kMostSizes> sizes{};
  if (Problem problem = store_size_mix(value, sizes)) {
    return problem;
  }
  TrafficShape& up = params.shape_up;
  up.sizes = sizes;
  params.payload_bytes = largest_of(up);
  if (up.mix().size() == 1) {
    up.sizes = {};
  }
  params.shape_down.sizes = up.sizes;
  return std::nullopt;
}

Problem check_packet_size(const GivenOption& /*option*/, const ClientCommand& command) {
  const engine::ClientOptions& options = command.options;
  const ProtocolSpec& spec = spec_of(command.protocol);
  if (smallest_length(options.params) < spec.least_payload && !options.auto_packet_size) {
    return "must be " + std::to_string(spec.least_payload) + " or more with --" +
           std::string{spec.option};
  }
  if (!options.params.shape_up.mixed()) {
    return std::nullopt;
  }
  if (!spec.mixes_sizes || command.find_rate) {
    return "a mix of sizes does not go with --" +
           std::string{spec.mixes_sizes ? "find-rate" : spec.option};
  }
  return std::nullopt;
}

/// "even", "poisson", "burst:N".
Problem set_spacing(Text value, ClientCommand& command) {
  TrafficShape shape;
  constexpr std::string_view kBurst = "burst:";
  if (value.starts_with(kBurst)) {
    shape.spacing = Spacing::burst;
    if (store_integer(value.substr(kBurst.size()), 2, kMostBurstPackets, shape.burst_packets)) {
      return "must be burst:2..burst:" + std::to_string(kMostBurstPackets);
    }
  } else if (value == "poisson") {
    shape.spacing = Spacing::poisson;
  } else if (value != "even") {
    return "accepted is one of even, poisson, burst:N";
  }
  for (TrafficShape* way : {&command.options.params.shape_up, &command.options.params.shape_down}) {
    way->frames = {};
    way->spacing = shape.spacing;
    way->burst_packets = shape.burst_packets;
  }
  return std::nullopt;
}

Problem check_spacing(const GivenOption& option, const ClientCommand& command) {
  const TestParams& params = command.options.params;
  if (option.value == "even") {
    return std::nullopt;
  }
  for (const Way way : {Way::up, Way::down}) {
    if (includes(params.direction, way) && !params.rate(way).limited()) {
      return "needs --rate: without a rate there is nothing to space";
    }
  }
  const auto problem = check_params(params);
  return problem ? Problem{problem->what} : std::nullopt;
}

Problem set_header(Text value, ClientCommand& command) {
  if (value == "auto") {
    command.header.reset();
    return std::nullopt;
  }
  constexpr std::array<Choice<HeaderKind>, 2> kKinds{
      {{"compact", HeaderKind::compact}, {"full", HeaderKind::full}}};
  HeaderKind kind{};
  if (store_choice(value, kKinds, kind)) {
    return "accepted is one of auto, compact, full";
  }
  command.header = kind;
  return std::nullopt;
}

Problem check_header(const GivenOption& option, const ClientCommand& command) {
  const bool small = !command.options.auto_packet_size &&
                     smallest_length(command.options.params) < kDataHeaderBytes;
  if (option.value == "full" && small) {
    return "needs datagrams of " + std::to_string(kDataHeaderBytes) + " bytes or more";
  }
  return std::nullopt;
}

Problem check_seed(const GivenOption& /*option*/, const ClientCommand& command) {
  const TestParams& params = command.options.params;
  const bool used = params.shape_up.drawn() || params.shape_down.drawn();
  return used ? Problem{}
              : Problem{
                    "nothing is drawn at random without --spacing poisson, a mix of"
                    " packet sizes or such a --profile"};
}

constexpr auto kShapeRows = std::to_array<OptionSpec>({
    {.name = "profile",
     .value = "NAME",
     .help = "each stream's traffic by name: udperf profiles",
     .brief = "traffic by name, see udperf profiles",
     .fallback_text = "none",
     .commands = kClient,
     .choices = "voip-g711 voip-g729 voip-opus video-5M gaming imix isochronous: trace:",
     .not_with = "find-rate classic iperf3",
     .set = set_profile,
     .check = check_profile,
     .first = true},
    {.letter = 'l',
     .name = "packet-size",
     .value = "BYTES",
     .help = "UDP payload, 16..65507, or a mix: 64:7,570:4,1472:1",
     .brief = "UDP payload (default: most that stays whole)",
     .fallback = "auto",
     .commands = kClient,
     .set = set_packet_size,
     .check = check_packet_size},
    {.name = "spacing",
     .value = "KIND",
     .help = "with a rate: even, poisson or burst:N (N at once)",
     .fallback = "even",
     .commands = kClient,
     .choices = "even poisson burst:",
     .not_with = "burst find-rate classic iperf3",
     .harmless = "even",
     .set = set_spacing,
     .check = check_spacing},
    {.name = "header",
     .value = "KIND",
     .help = "of DATA: full (40 bytes), compact (16) or auto",
     .fallback = "auto",
     .commands = kClient,
     .choices = "auto compact full",
     .not_with = "classic iperf3",
     .harmless = "auto",
     .set = set_header,
     .check = check_header},
    {.name = "seed",
     .value = "N",
     .help = "of what is drawn at random, 1..2^53-1",
     .fallback_text = "another for each test",
     .commands = kClient,
     .not_with = "find-rate classic iperf3",
     .set = [](Text v,
               ClientCommand& c) { return store_integer(v, 1, kMostSeed, c.options.params.seed); },
     .check = check_seed},
});

static_assert(all_set(kShapeRows));

}  // namespace

std::span<const OptionSpec> shape_rows() {
  return kShapeRows;
}

}  // namespace udperf::app
