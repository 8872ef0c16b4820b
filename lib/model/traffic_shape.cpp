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
  return spacing == Spacing::poisson || mix().size() > 1;
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

std::string spacing_text(const TrafficShape& shape) {
  switch (shape.spacing) {
    case Spacing::poisson:
      return "poisson";
    case Spacing::burst:
      return "burst:" + std::to_string(shape.burst_packets);
    case Spacing::even:
      break;
  }
  return "even";
}

std::string sizes_text(const TrafficShape& shape) {
  std::string text;
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

std::optional<std::string> shape_problem(const TrafficShape& shape, std::uint32_t least,
                                         std::uint32_t most) {
  if (shape.spacing > Spacing::burst) {
    return "unknown spacing";
  }
  const bool bursts = shape.spacing == Spacing::burst;
  if (bursts ? shape.burst_packets < 2 || shape.burst_packets > kMostBurstPackets
             : shape.burst_packets != 0) {
    return "bursts must have 2.." + std::to_string(kMostBurstPackets) + " datagrams";
  }
  return mix_problem(shape, least, most);
}

}  // namespace udperf
