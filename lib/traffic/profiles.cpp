#include "traffic/profiles.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "base/saturating.hpp"
#include "base/units.hpp"
#include "traffic/profile_error.hpp"

namespace udperf::traffic {
namespace {

constexpr std::string_view kIsochronous = "isochronous";

constexpr auto kRows = std::to_array<ProfileRow>({
    {"voip-g711", "A call: 50 datagrams a second each way, 20 ms of G.711 in RTP.",
     "RFC 3551 s4.5.14: 160 B a packet, and 12 B of RTP"},
    {"voip-g729", "A call: 50 datagrams a second each way, 20 ms of G.729 in RTP.",
     "RFC 3551 s4.5.6: 20 B a packet, and 12 B of RTP"},
    {"voip-opus", "A call: 50 datagrams a second each way, 20 ms of Opus at 24 kbit/s in RTP.",
     "RFC 6716 s2.1.1 (fullband speech), RFC 7587: 60 B a packet, and 12 B of RTP"},
    {"video-5M",
     "Video at 5 Mbit/s: 30 frames a second, each sent at once; every 2 s one that is 6 times as "
     "large.",
     "what encoders for live video do with constant frame rate and a key frame every 2 s"},
    {"gaming", "A game: 60 small datagrams a second up, 30 larger ones down.",
     "client and server ticks of shooters of today"},
    {"imix", "Sizes as the Internet has them, 7:4:1, as fast as --rate says.",
     "IMIX: IP packets of 40, 576 and 1500 B; 44 B in place of 40, which has no room for a header"},
    {"isochronous:FPS:MEAN[,STDDEV]",
     "FPS frames a second of MEAN bit/s, log-normal in size, each sent at once.",
     "iperf 2's --isochronous", false},
    {"trace:FILE[,loop]", "Times and sizes of a capture (pcap, pcapng) or of CSV, up only.",
     "the file: IP packets of the same lengths, or seconds and payload bytes", false},
});

SendRate packets_per_second(std::uint64_t pps) {
  return SendRate{SendRate::Kind::packets, pps * 1000};
}

TrafficShape one_size(std::uint16_t bytes) {
  TrafficShape shape;
  shape.sizes.front() = {bytes, 1};
  return shape;
}

/// Packets of one size, so many a second each way.
ProfileTraffic call(Profile id, std::uint16_t bytes) {
  ProfileTraffic out;
  out.id = id;
  out.direction = Direction::both;
  out.payload_bytes = bytes;
  out.up.rate = out.down.rate = packets_per_second(50);
  return out;
}

ProfileTraffic video() {
  ProfileTraffic out;
  out.id = Profile::video_5m;
  out.up.shape.spacing = Spacing::frames;
  out.up.shape.frames = {30'000, 0, 60, 6};
  out.up.rate = SendRate{SendRate::Kind::bits, 5'000'000};
  out.down = out.up;
  return out;
}

ProfileTraffic game() {
  ProfileTraffic out;
  out.id = Profile::gaming;
  out.direction = Direction::both;
  out.payload_bytes = 250;
  out.up = {one_size(90), packets_per_second(60)};
  out.down = {one_size(250), packets_per_second(30)};
  return out;
}

ProfileTraffic imix() {
  ProfileTraffic out;
  out.id = Profile::imix;
  out.payload_bytes = 1472;
  out.ip_sizes = true;
  out.up.shape.sizes = {{{16, 7}, {548, 4}, {1472, 1}}};
  out.down = out.up;
  return out;
}

/// "30", "29.97": frames in 1000 s.
std::optional<std::uint32_t> parse_frame_rate(std::string_view text) {
  const auto rate = parse_send_rate(std::string{text} + "pps");
  if (!rate || rate->value == 0 || rate->value > kMostFrames) {
    return std::nullopt;
  }
  return static_cast<std::uint32_t>(rate->value);
}

std::optional<std::uint64_t> parse_bps(std::string_view text) {
  const auto rate = parse_send_rate(text);
  const bool bits = rate && rate->kind == SendRate::Kind::bits;
  return bits ? std::optional{rate->value} : std::nullopt;
}

/// With which the frames of a turn have this standard deviation, in 1/10000; nothing where none
/// has.
std::optional<std::uint16_t> sigma_of(std::uint64_t mean, std::uint64_t deviation) {
  const double wanted = static_cast<double>(deviation) / static_cast<double>(mean);
  if (wanted > frame_deviation(kMostSigma)) {
    return std::nullopt;
  }
  std::uint16_t low = 0;
  std::uint16_t high = kMostSigma;
  while (high - low > 1) {
    const auto middle = static_cast<std::uint16_t>((low + high) / 2);
    (frame_deviation(middle) > wanted ? high : low) = middle;
  }
  return wanted - frame_deviation(low) < frame_deviation(high) - wanted ? low : high;
}

/// "FPS:MEAN" or "FPS:MEAN,STDDEV".
Result<ProfileTraffic> parse_isochronous(std::string_view text) {
  const auto colon = text.find(':');
  if (colon == std::string_view::npos) {
    return profile_error("isochronous needs its frame rate and bit rate, e.g. isochronous:60:20M");
  }
  const auto fps = parse_frame_rate(text.substr(0, colon));
  if (!fps) {
    return profile_error("the frame rate must be 0.001..100000");
  }
  const std::string_view rates = text.substr(colon + 1);
  const auto comma = rates.find(',');
  const auto mean = parse_bps(rates.substr(0, comma));
  if (!mean) {
    return profile_error("the mean must be a bit rate, e.g. 20M");
  }
  ProfileTraffic out;
  out.id = Profile::isochronous;
  out.up.shape.spacing = Spacing::frames;
  out.up.shape.frames.per_1000_s = *fps;
  out.up.rate = SendRate{SendRate::Kind::bits, *mean};
  if (comma != std::string_view::npos) {
    const std::string_view spread = rates.substr(comma + 1);
    const auto deviation = spread == "0" ? std::optional<std::uint64_t>{0} : parse_bps(spread);
    const auto sigma = deviation ? sigma_of(*mean, *deviation) : std::nullopt;
    if (!sigma) {
      return profile_error(
          "the standard deviation must be a bit rate of at most 3.6 times the "
          "mean");
    }
    out.up.shape.frames.sigma_e4 = *sigma;
  }
  out.down = out.up;
  return out;
}

/// "FILE" or "FILE,loop". What the file has is not known yet.
Result<ProfileTraffic> parse_trace(std::string_view text) {
  constexpr std::string_view kLoop = ",loop";
  ProfileTraffic out;
  out.id = Profile::trace;
  out.trace_loops = text.ends_with(kLoop);
  text.remove_suffix(out.trace_loops ? kLoop.size() : 0);
  if (text.empty()) {
    return profile_error("trace needs a file, e.g. trace:call.pcap or trace:call.csv,loop");
  }
  out.trace_file = text;
  out.payload_bytes = kAutoPayloadV4;
  out.up.shape = one_size(kAutoPayloadV4);
  out.up.shape.spacing = Spacing::trace;
  out.up.rate = SendRate{SendRate::Kind::bits, 1'000'000};
  return out;
}

/// Who listens to a call.
VoiceCodec listener(Profile profile) {
  switch (profile) {
    case Profile::voip_g711:
      return VoiceCodec::g711;
    case Profile::voip_g729:
      return VoiceCodec::g729;
    case Profile::voip_opus:
      return VoiceCodec::opus;
    default:
      return VoiceCodec::none;
  }
}

std::string known_profiles() {
  std::string text;
  for (const ProfileRow& row : kRows) {
    text += text.empty() ? "" : ", ";
    text += row.usage;
  }
  return text;
}

}  // namespace

std::span<const ProfileRow> profile_rows() {
  return kRows;
}

Result<ProfileTraffic> parse_profile(std::string_view text) {
  if (text == "voip-g711") {
    return call(Profile::voip_g711, 172);
  }
  if (text == "voip-g729") {
    return call(Profile::voip_g729, 32);
  }
  if (text == "voip-opus") {
    return call(Profile::voip_opus, 72);
  }
  if (text == "video-5M") {
    return video();
  }
  if (text == "gaming") {
    return game();
  }
  if (text == "imix") {
    return imix();
  }
  if (text.substr(0, text.find(':')) == "trace") {
    text.remove_prefix(std::min<std::size_t>(6, text.size()));
    return parse_trace(text);
  }
  if (text.substr(0, text.find(':')) == kIsochronous) {
    text.remove_prefix(std::min(kIsochronous.size() + 1, text.size()));
    return parse_isochronous(text);
  }
  return profile_error("accepted is one of " + known_profiles());
}

void apply_profile(const ProfileTraffic& profile, TestParams& params) {
  params.profile = profile.id;
  params.voice.codec = listener(profile.id);
  params.direction = profile.direction;
  params.shape_up = profile.up.shape;
  params.shape_down = profile.down.shape;
  params.rate_up = profile.up.rate;
  params.rate_down = profile.down.rate;
  if (profile.payload_bytes != 0) {
    params.payload_bytes = profile.payload_bytes;
  }
}

void settle_sizes(TestParams& params) {
  std::uint32_t largest = 0;
  bool all_mixed = true;
  for (const Way way : {Way::up, Way::down}) {
    TrafficShape& shape = way == Way::up ? params.shape_up : params.shape_down;
    if (!includes(params.direction, way)) {
      shape.sizes = {};
      continue;
    }
    all_mixed = all_mixed && shape.mixed();
    largest = std::max(largest, shape.mixed() ? largest_of(shape) : 0);
  }
  params.payload_bytes = all_mixed ? largest : params.payload_bytes;
}

void settle_offload(TestParams& params) {
  constexpr std::uint64_t kMostPps = 20'000;  // of a way: some per cent of a processor
  bool slow = params.profile != Profile::none || params.shaped() || params.voice.wanted();
  for (const Way way : {Way::up, Way::down}) {
    const SendRate& rate = params.rate(way);
    if (!includes(params.direction, way)) {
      continue;
    }
    const MeanLength mean = params.mean_length(way);
    slow = slow && rate.limited() && !rate.adjusted() &&
           saturating_mul_div(Uint128{payload_bps(params, way, rate)}, mean.packets,
                              Uint128{mean.bytes} * 8) <= kMostPps;
  }
  if (slow && params.gso == OffloadMode::automatic) {
    params.gso = OffloadMode::off;
  }
}

void fit_ip_sizes(TestParams& params, HeaderChoice choice) {
  static constexpr std::uint32_t kLongerHeader = 20;
  if (choice == HeaderChoice::fitted && params.payload_bytes < kDataHeaderBytes + kLongerHeader) {
    params.header = HeaderKind::compact;
  }
  const auto fit = [&params](std::uint32_t bytes) {
    return std::max(bytes > kLongerHeader ? bytes - kLongerHeader : 0, header_bytes(params.header));
  };
  for (TrafficShape* shape : {&params.shape_up, &params.shape_down}) {
    for (SizeShare& share : shape->sizes) {
      share.bytes = share.bytes == 0 ? share.bytes : static_cast<std::uint16_t>(fit(share.bytes));
    }
  }
  params.payload_bytes = fit(params.payload_bytes);
}

}  // namespace udperf::traffic
