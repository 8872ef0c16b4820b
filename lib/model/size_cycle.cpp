#include "model/size_cycle.hpp"

#include <algorithm>
#include <utility>

#include "base/saturating.hpp"
#include "base/seeded_bits.hpp"

namespace udperf {
namespace {

/// How often each weight's worth of each length comes in a turn.
std::uint32_t times_in_turn(std::span<const SizeShare> mix) {
  std::uint32_t weights = 0;
  for (const SizeShare& share : mix) {
    weights += share.weight;
  }
  return mix.size() == 1 ? 1 : std::max(SizeCycle::kUsualTurn / std::max(weights, 1U), 1U);
}

}  // namespace

std::uint64_t SizeCycle::packets_of(const TrafficShape& shape) {
  const auto mix = shape.mix();
  std::uint64_t packets = 0;
  for (const SizeShare& share : mix) {
    packets += mix.size() == 1 ? 1 : std::uint64_t{times_in_turn(mix)} * share.weight;
  }
  return packets;
}

SizeCycle::SizeCycle(const TrafficShape& shape, std::uint64_t seed) {
  const auto mix = shape.mix();
  const std::uint32_t times = times_in_turn(mix);
  std::vector<std::uint16_t> lengths;
  for (const SizeShare& share : mix) {
    const std::uint32_t weight = mix.size() == 1 ? 1 : share.weight;
    lengths.insert(lengths.end(), std::size_t{times} * weight, share.bytes);
  }
  SeededBits bits{seed};  // Fisher and Yates
  for (std::size_t i = lengths.size(); i > 1; --i) {
    std::swap(lengths[i - 1], lengths[bits.below(i)]);
  }
  before_.reserve(lengths.size() + 1);
  before_.push_back(0);
  for (const std::uint16_t length : lengths) {
    before_.push_back(before_.back() + length);
  }
}

std::uint64_t SizeCycle::bytes_of_first(std::uint64_t count) const {
  const std::uint64_t turn = packets();
  if (turn == 0) {
    return 0;
  }
  return saturating_add(saturating_mul(count / turn, bytes()), before_[count % turn]);
}

std::uint64_t SizeCycle::count_within(std::uint64_t size) const {
  const auto rest = static_cast<std::uint32_t>(size % bytes());
  const auto above = std::upper_bound(before_.begin(), before_.end(), rest);
  return size / bytes() * packets() + static_cast<std::uint64_t>(above - before_.begin()) - 1;
}

std::uint64_t SizeCycle::run_at(std::uint64_t sequence, std::uint64_t most) const {
  if (packets() == 1) {
    return most;
  }
  const std::uint32_t first = length(sequence);
  std::uint64_t run = 1;
  while (run < most && length(sequence + run) == first) {
    ++run;
  }
  return run;
}

}  // namespace udperf
