#include "model/traffic_shape.hpp"

#include <algorithm>
#include <numeric>

namespace udperf {

std::span<const SizeShare> TrafficShape::mix() const {
  const auto end = std::find_if(sizes.begin(), sizes.end(),
                                [](const SizeShare& share) { return share.bytes == 0; });
  return {sizes.begin(), end};
}

bool TrafficShape::drawn() const {
  return spacing == Spacing::poisson || mix().size() > 1 || frames.sigma_e4 != 0;
}

MeanLength mean_of(const TrafficShape& shape) {
  MeanLength mean{0, 0};
  for (const SizeShare& share : shape.mix()) {
    mean.bytes += std::uint64_t{share.bytes} * share.weight;
    mean.packets += share.weight;
  }
  const std::uint64_t common = std::gcd(mean.bytes, mean.packets);
  return {mean.bytes / common, mean.packets / common};
}

std::uint32_t largest_of(const TrafficShape& shape) {
  std::uint32_t largest = 0;
  for (const SizeShare& share : shape.mix()) {
    largest = std::max<std::uint32_t>(largest, share.bytes);
  }
  return largest;
}

std::string_view profile_name(Profile profile) {
  constexpr std::array<std::string_view, 9> kNames{"",          "voip-g711",   "voip-g729",
                                                   "voip-opus", "video-5M",    "gaming",
                                                   "imix",      "isochronous", "trace"};
  const auto at = static_cast<std::size_t>(profile);
  return at < kNames.size() ? kNames.at(at) : std::string_view{};
}

namespace {

/// Frames a second: "30", "29.97".
std::string frame_rate_text(const FrameRhythm& frames) {
  std::string text = std::to_string(frames.per_1000_s / 1000);
  if (const std::uint32_t rest = frames.per_1000_s % 1000; rest != 0) {
    std::string digits = std::to_string(1000 + rest).substr(1);
    digits.erase(digits.find_last_not_of('0') + 1);
    text += "." + digits;
  }
  return text;
}

}  // namespace

std::string spacing_text(const TrafficShape& shape) {
  switch (shape.spacing) {
    case Spacing::poisson:
      return "poisson";
    case Spacing::burst:
      return "burst:" + std::to_string(shape.burst_packets);
    case Spacing::frames:
      return "frames:" + frame_rate_text(shape.frames);
    case Spacing::trace:
      return "trace";
    case Spacing::even:
      break;
  }
  return "even";
}

std::string sizes_text(const TrafficShape& shape) {
  std::string text;
  if (shape.spacing == Spacing::trace) {
    return text;
  }
  for (const SizeShare& share : shape.mix()) {
    text += text.empty() ? "" : ",";
    text += std::to_string(share.bytes);
    text += shape.mix().size() > 1 ? ":" + std::to_string(share.weight) : "";
  }
  return text;
}

namespace {

std::optional<std::string> mix_problem(const TrafficShape& shape, std::uint32_t least,
                                       std::uint32_t most) {
  std::uint32_t weights = 0;
  for (const SizeShare& share : shape.mix()) {
    if (share.bytes < least || share.bytes > most) {
      return "packet sizes must be " + std::to_string(least) + ".." + std::to_string(most) +
             " bytes";
    }
    if (share.weight == 0) {
      return "weights of packet sizes must be above 0";
    }
    weights += share.weight;
  }
  if (weights > kMostWeight) {
    return "weights of packet sizes must be at most " + std::to_string(kMostWeight) + " together";
  }
  const auto behind = std::span{shape.sizes}.subspan(shape.mix().size());
  const bool clean =
      std::all_of(behind.begin(), behind.end(), [](SizeShare s) { return s == SizeShare{}; });
  return clean ? std::nullopt : std::optional<std::string>{"packet sizes with a gap between them"};
}

}  // namespace

namespace {

std::optional<std::string> frames_problem(const TrafficShape& shape) {
  const FrameRhythm& frames = shape.frames;
  if (shape.spacing != Spacing::frames) {
    return frames == FrameRhythm{} ? std::nullopt
                                   : std::optional<std::string>{"frames without their spacing"};
  }
  if (shape.mixed()) {
    return "frames are cut into datagrams of one size: a mix of sizes does not go with them";
  }
  if (frames.per_1000_s < 1 || frames.per_1000_s > kMostFrames || frames.sigma_e4 > kMostSigma) {
    return "frames must come 0.001..100000 times a second, with a log-normal spread of at most 2";
  }
  const bool keys = frames.key_every != 0;
  if (keys ? frames.key_every < 2 || frames.key_every > kMostKeyEvery || frames.key_times < 2 ||
                 frames.key_times > 100
           : frames.key_times != 0) {
    return "key frames must be 2..100 times as large and come every 2..1000 frames";
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::string> shape_problem(const TrafficShape& shape, std::uint32_t least,
                                         std::uint32_t most) {
  if (shape.spacing > Spacing::trace) {
    return "unknown spacing";
  }
  const bool bursts = shape.spacing == Spacing::burst;
  if (bursts ? shape.burst_packets < 2 || shape.burst_packets > kMostBurstPackets
             : shape.burst_packets != 0) {
    return "bursts must have 2.." + std::to_string(kMostBurstPackets) + " datagrams";
  }
  if (shape.spacing == Spacing::trace && (shape.mix().size() != 1 || shape.sizes[0].weight != 1)) {
    return "a trace has sizes of its own";
  }
  if (auto text = frames_problem(shape)) {
    return text;
  }
  return mix_problem(shape, least, most);
}

}  // namespace udperf
