#include "model/test_params.hpp"

#include <algorithm>
#include <string>

#include "base/saturating.hpp"
#include "model/forever.hpp"
#include "model/packet_plan.hpp"

namespace udperf {
namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t kMaxAmount = std::uint64_t{1} << 60U;
/// Each deadline is drawn on its own, so what no host sends is refused.
constexpr std::uint64_t kMostShapedPps = 10'000'000;

std::optional<std::string> amount_problem(const TestParams& p) {
  const Amount& a = p.amount;
  const int given =
      (a.size_bytes != 0 ? 1 : 0) + (a.packets != 0 ? 1 : 0) + (a.duration != Duration{0} ? 1 : 0);
  if (given != 1) {
    return "exactly one of size, packets and duration must be given";
  }
  if (a.duration < Duration{0} || a.duration > kForever) {
    return "duration must be above 0 and at most 366 days";
  }
  if (a.size_bytes > kMaxAmount || a.packets > kMaxAmount) {
    return "size and packets must be at most 2^60";
  }
  if (a.packets != 0 && a.packets < p.streams) {
    return "packets must be at least one for each stream";
  }
  if (a.size_bytes == 0) {
    return std::nullopt;
  }
  if (!PacketPlan::possible(p)) {
    return "a size of " + std::to_string(a.size_bytes) + " bytes over " +
           std::to_string(p.streams) + " stream(s) cannot be cut into datagrams of " +
           std::to_string(header_bytes(p.header)) + " to " + std::to_string(p.payload_bytes) +
           " bytes";
  }
  return std::nullopt;
}

bool rate_ok(const SendRate& rate) {
  if (rate.kind == SendRate::Kind::unlimited) {
    return rate.value == 0;
  }
  return rate.kind <= SendRate::Kind::adjusted && rate.value != 0 && rate.value <= kMaxAmount;
}

std::optional<std::string> frames_need(const TestParams& p, Way way) {
  if (p.rate(way).kind != SendRate::Kind::bits) {
    return "frames need a rate in bit/s";
  }
  const std::uint32_t least = header_bytes(p.header);
  const std::uint64_t bytes = p.frame_bytes(way);
  return bytes < least || bytes > kMostFrameBytes
             ? std::optional<std::string>{"a frame must have " + std::to_string(least) + ".." +
                                          std::to_string(kMostFrameBytes) +
                                          " bytes: at this rate a mean one has " +
                                          std::to_string(bytes)}
             : std::nullopt;
}

std::optional<std::string> trace_need(const TestParams& p) {
  if (p.direction != Direction::up) {
    return "a trace can be sent by the client only, who has it: --direction up";
  }
  if (p.rate_up.kind != SendRate::Kind::bits) {
    return "a trace needs a rate in bit/s";
  }
  return p.amount.size_bytes != 0
             ? std::optional<std::string>{"a trace is ended by --packets or --duration, not --size"}
             : std::nullopt;
}

/// What a shape asks of the rate that it spaces.
std::optional<std::string> spacing_problem(const TestParams& p, Way way) {
  const SendRate& rate = p.rate(way);
  if (!includes(p.direction, way) || p.shape(way).spacing == Spacing::even) {
    return std::nullopt;
  }
  if (!rate.limited() || rate.adjusted()) {
    return "a spacing other than even needs a rate";
  }
  auto need = p.shape(way).spacing == Spacing::frames  ? frames_need(p, way)
              : p.shape(way).spacing == Spacing::trace ? trace_need(p)
                                                       : std::nullopt;
  if (need) {
    return need;
  }
  const MeanLength mean = p.mean_length(way);
  const bool too_fast = payload_bps(p, way, rate) / 8 > kMostShapedPps * mean.bytes / mean.packets;
  return too_fast
             ? std::optional<std::string>{"a spacing other than even needs a rate of at most " +
                                          std::to_string(kMostShapedPps) + " datagrams/s"}
             : std::nullopt;
}

std::optional<std::string> shapes_problem(const TestParams& p) {
  for (const Way way : {Way::up, Way::down}) {
    if (auto text = shape_problem(p.shape(way), header_bytes(p.header), p.payload_bytes)) {
      return text;
    }
    if (auto text = spacing_problem(p, way)) {
      return text;
    }
  }
  return std::nullopt;
}

std::optional<std::string> omit_problem(const TestParams& p) {
  if (p.omit < Duration{0} || p.omit > kMostOmit) {
    return "omit must be at most 1h";
  }
  if (p.omit != Duration{0} && (p.rate_up.adjusted() || p.rate_down.adjusted())) {
    return "omit does not go with a rate that is adjusted";
  }
  return std::nullopt;
}

/// A call has a pace; what is faster would not be heard as one, and takes memory.
bool is_call(const TestParams& p, Way way) {
  const SendRate& rate = p.rate(way);
  if (!rate.limited() || rate.adjusted()) {
    return false;
  }
  const MeanLength mean = p.mean_length(way);
  const std::uint64_t most = VoiceSetup::kMostPerSecond * p.streams;
  return payload_bps(p, way, rate) / 8 <=
         saturating_mul_div(Uint128{most} * mean.bytes, 1, mean.packets);
}

std::optional<std::string> voice_problem(const TestParams& p) {
  const VoiceSetup& voice = p.voice;
  if (voice.codec > VoiceCodec::opus ||
      (!voice.adaptive() &&
       (voice.buffer < VoiceSetup::kLeastBuffer || voice.buffer > VoiceSetup::kMostBuffer))) {
    return "voice codec or de-jitter buffer out of range";
  }
  for (const Way way : {Way::up, Way::down}) {
    if (voice.wanted() && includes(p.direction, way) && !is_call(p, way)) {
      return "voice needs a rate of at most " + std::to_string(VoiceSetup::kMostPerSecond) +
             " packets a second for each stream";
    }
  }
  return std::nullopt;
}

std::optional<std::string> value_problem(const TestParams& p) {
  const auto direction = static_cast<unsigned>(p.direction);
  if (direction < 1 || direction > 3) {
    return "unknown direction";
  }
  if (p.streams < 1 || p.streams > kMaxStreams) {
    return "streams must be 1.." + std::to_string(kMaxStreams);
  }
  if (p.header > HeaderKind::compact) {
    return "unknown form of header";
  }
  const std::uint32_t least = header_bytes(p.header);
  if (p.payload_bytes < least || p.payload_bytes > kMaxPayloadBytes) {
    return "packet size must be " + std::to_string(least) + ".." +
           std::to_string(kMaxPayloadBytes) + " bytes";
  }
  if (!rate_ok(p.rate_up) || !rate_ok(p.rate_down)) {
    return "rate out of range";
  }
  if ((p.rate_up.adjusted() || p.rate_down.adjusted()) && p.amount.duration == Duration{0}) {
    return "a rate that is adjusted needs a duration";
  }
  if (p.interval < 10ms || p.interval > 1h) {
    return "interval must be 10ms..1h";
  }
  if (p.gap_threshold < 1us || p.gap_threshold > 1h) {
    return "gap threshold must be 1us..1h";
  }
  if (p.burst < Duration{0} || p.burst > kMostBurst) {
    return "burst must be at most 50ms";
  }
  if (p.payload > PayloadKind::zero || p.gso > OffloadMode::off || p.gro > OffloadMode::off ||
      p.df > DontFragment::on || p.dscp > 63 || p.ecn > 3) {
    return "payload kind, offload mode, DSCP, ECN or DF out of range";
  }
  return std::nullopt;
}

std::optional<std::string> problem(const TestParams& p) {
  if (auto text = value_problem(p)) {
    return text;
  }
  if (auto text = shapes_problem(p)) {
    return text;
  }
  if (auto text = omit_problem(p)) {
    return text;
  }
  if (auto text = voice_problem(p)) {
    return text;
  }
  return amount_problem(p);
}

}  // namespace

std::optional<Error> check_params(const TestParams& params) {
  if (auto text = problem(params)) {
    return Error{ErrorCode::usage, *std::move(text), 0, "parameters"};
  }
  return std::nullopt;
}

std::uint64_t TestParams::frame_bytes(Way way) const {
  const FrameRhythm& frames = shape(way).frames;
  return saturating_mul_div(Uint128{rate(way).value}, 125,
                            Uint128{frames.per_1000_s} * std::max<std::uint16_t>(streams, 1));
}

MeanLength TestParams::mean_length(Way way) const {
  const TrafficShape& traffic = shape(way);
  if (traffic.mixed()) {
    return mean_of(traffic);
  }
  if (traffic.spacing != Spacing::frames || rate(way).kind != SendRate::Kind::bits ||
      traffic.frames.per_1000_s == 0 || payload_bytes == 0) {
    return {payload_bytes, 1};
  }
  const std::uint64_t least = header_bytes(header);
  const std::uint64_t frame = std::clamp(frame_bytes(way), least, kMostFrameBytes);
  return {frame, (frame + payload_bytes - 1) / payload_bytes};
}

std::uint32_t smallest_length(const TestParams& params) {
  std::uint32_t smallest = UINT32_MAX;
  for (const Way way : {Way::up, Way::down}) {
    if (!includes(params.direction, way)) {
      continue;
    }
    const auto mix = params.shape(way).mix();
    for (const SizeShare& share : mix) {
      smallest = std::min<std::uint32_t>(smallest, share.bytes);
    }
    smallest = mix.empty() ? std::min(smallest, params.payload_bytes) : smallest;
  }
  return smallest;
}

std::uint64_t payload_bps(const TestParams& params, Way way, const SendRate& rate) {
  if (rate.kind != SendRate::Kind::packets) {
    return rate.value;
  }
  const MeanLength mean = params.mean_length(way);
  return saturating_mul_div(Uint128{rate.value} * mean.bytes, 8, Uint128{mean.packets} * 1000);
}

namespace {

/// Without the warm-up.
std::optional<Duration> measured_duration(const TestParams& params, Way way) {
  if (params.amount.duration != Duration{0}) {
    return params.amount.duration;
  }
  const SendRate& rate = params.rate(way);
  if (!rate.limited()) {
    return std::nullopt;
  }
  const Amount& amount = params.amount;
  const MeanLength mean = params.mean_length(way);
  if (rate.kind == SendRate::Kind::packets) {
    const Uint128 packets = amount.packets != 0
                                ? Uint128{amount.packets}
                                : Uint128{amount.size_bytes} * mean.packets / mean.bytes + 1;
    constexpr std::uint64_t kNsPerThousandSeconds = 1'000'000'000'000;
    return saturating_ns(packets * kNsPerThousandSeconds / rate.value);
  }
  const Uint128 bytes =
      amount.size_bytes != 0
          ? Uint128{amount.size_bytes}
          : (Uint128{amount.packets} * mean.bytes + mean.packets - 1) / mean.packets;
  return saturating_ns((bytes * 8'000'000'000U + rate.value - 1) / rate.value);
}

}  // namespace

std::optional<Duration> expected_duration(const TestParams& params, Way way) {
  const auto measured = measured_duration(params, way);
  return measured
             ? std::optional{*measured > Duration::max() - params.omit ? Duration::max()
                                                                       : *measured + params.omit}
             : std::nullopt;
}

}  // namespace udperf
