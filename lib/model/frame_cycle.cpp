#include "model/frame_cycle.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "base/saturating.hpp"
#include "base/seeded_bits.hpp"

namespace udperf {
namespace {

constexpr std::size_t kQuantiles = 128;
/// The upper half of a normal distribution's quantiles at (2 i + 1) / 512, in 1/10000.
constexpr std::array<std::int16_t, kQuantiles> kNormal{
    49,    147,   245,   343,   441,   539,   637,   735,   833,   932,   1030,  1128,  1227,
    1326,  1425,  1524,  1623,  1722,  1821,  1921,  2021,  2121,  2221,  2322,  2422,  2523,
    2625,  2726,  2828,  2930,  3032,  3135,  3238,  3341,  3445,  3549,  3654,  3758,  3864,
    3969,  4076,  4182,  4289,  4397,  4505,  4614,  4723,  4833,  4943,  5054,  5166,  5278,
    5391,  5504,  5618,  5734,  5849,  5966,  6083,  6202,  6321,  6441,  6562,  6684,  6806,
    6930,  7055,  7182,  7309,  7437,  7567,  7698,  7831,  7964,  8100,  8236,  8374,  8514,
    8656,  8799,  8944,  9091,  9240,  9391,  9545,  9700,  9858,  10019, 10182, 10348, 10516,
    10688, 10863, 11041, 11223, 11409, 11599, 11793, 11992, 12195, 12404, 12618, 12838, 13064,
    13298, 13539, 13788, 14045, 14313, 14591, 14881, 15184, 15502, 15836, 16189, 16563, 16962,
    17390, 17853, 18357, 18912, 19533, 20240, 21066, 22066, 23352, 25205, 28856};
/// So many frames, or the next multiple of what lies between two key frames, make a turn.
constexpr std::uint64_t kTurn = 2 * kQuantiles;

/// Fixed point with 32 bits behind the point.
constexpr unsigned kPoint = 32;
constexpr std::int64_t kOne = std::int64_t{1} << kPoint;

/// e to the power of x / 10^8, for |x| <= 16 * 10^8; in fixed point. Whole numbers alone: two
/// hosts' libraries may differ in the last bit of a double.
std::uint64_t power_of_e(std::int64_t x_e8) {
  constexpr std::uint64_t kLog2E = 6'196'328'019;  // log2(e) in fixed point
  constexpr std::uint64_t kLn2 = 2'977'044'472;    // ln(2) in fixed point
  const auto size = static_cast<std::uint64_t>(x_e8 < 0 ? -x_e8 : x_e8);
  const auto times = static_cast<std::int64_t>(saturating_mul_div(size, kLog2E, 100'000'000));
  const std::int64_t exponent = x_e8 < 0 ? -times : times;
  const std::int64_t whole = exponent >> kPoint;
  // From here on nothing is negative, and no factor is above 2^32.
  const std::uint64_t rest = static_cast<std::uint64_t>(exponent - whole * kOne) * kLn2 >> kPoint;
  std::uint64_t sum = kOne;
  std::uint64_t term = kOne;
  for (std::uint64_t n = 1; n <= 14; ++n) {  // rest is below 0.7: the 15th term is nothing
    term = (term * rest >> kPoint) / n;
    sum += term;
  }
  return whole >= 0 ? sum << whole : sum >> -whole;
}

/// How large each frame of a turn is beside the others: log-normal, shuffled, key frames larger.
std::vector<std::uint64_t> weights_of(const FrameRhythm& rhythm, std::uint64_t seed) {
  const std::uint64_t group = std::max<std::uint64_t>(rhythm.key_every, 1);
  const std::uint64_t turn = (kTurn + group - 1) / group * group;
  std::vector<std::uint64_t> weights;
  const std::int64_t sigma = rhythm.sigma_e4;
  weights.reserve(turn);
  for (std::uint64_t i = 0; i < std::min(turn, kTurn); ++i) {
    const std::int64_t z = i < kQuantiles ? kNormal.at(i) : -kNormal.at(i - kQuantiles);
    weights.push_back(std::max<std::uint64_t>(power_of_e(sigma * z - sigma * sigma / 2) >> 12U, 1));
  }
  for (std::uint64_t i = kTurn; i < turn; ++i) {
    weights.push_back(weights[i - kTurn]);
  }
  SeededBits bits{seed};  // Fisher and Yates
  for (std::size_t i = weights.size(); i > 1 && sigma != 0; --i) {
    std::swap(weights[i - 1], weights[bits.below(i)]);
  }
  for (std::size_t i = 0; i < weights.size() && rhythm.key_every != 0; i += rhythm.key_every) {
    weights[i] *= rhythm.key_times;
  }
  return weights;
}

}  // namespace

double frame_deviation(std::uint16_t sigma_e4) {
  double sum = 0;
  double squares = 0;
  for (const std::int16_t z_e4 : kNormal) {
    for (const int sign : {1, -1}) {
      const double size = std::exp(sign * (sigma_e4 / 1e4) * (z_e4 / 1e4));
      sum += size;
      squares += size * size;
    }
  }
  const double mean = sum / kTurn;
  return std::sqrt(std::max(squares / kTurn / (mean * mean) - 1, 0.0));
}

FrameCycle::FrameCycle(const Settings& settings) : payload_bytes_(settings.payload_bytes) {
  const auto weights = weights_of(settings.rhythm, settings.seed);
  Uint128 sum = 0;
  for (const std::uint64_t weight : weights) {
    sum += weight;
  }
  const std::uint64_t turn_bytes =
      std::min(saturating_mul_div(Uint128{settings.rate_bps} * weights.size(), 125,
                                  settings.rhythm.per_1000_s),
               kMostFrameBytes * weights.size());
  Uint128 so_far = 0;
  std::uint64_t cut = 0;
  std::uint64_t owed = 0;  // by frames that were filled up to a header: the next ones give it back
  frames_.reserve(weights.size());
  for (const std::uint64_t weight : weights) {
    so_far += weight;
    const auto end = static_cast<std::uint64_t>(Uint128{turn_bytes} * so_far / sum);
    const std::uint64_t share = end - cut;
    cut = end;
    add_frame(share - std::min(share, owed), settings.least);
    owed = owed + frames_.back().bytes - std::min(share, owed + frames_.back().bytes);
  }
}

void FrameCycle::add_frame(std::uint64_t bytes, std::uint32_t least) {
  Frame frame{packets_, bytes_, 0, std::max<std::uint64_t>(bytes, least)};
  frame.packets = (frame.bytes + payload_bytes_ - 1) / payload_bytes_;
  const std::uint64_t last = frame.bytes - (frame.packets - 1) * payload_bytes_;
  frame.bytes += last < least ? least - last : 0;
  packets_ += frame.packets;
  bytes_ += frame.bytes;
  frames_.push_back(frame);
}

const FrameCycle::Frame& FrameCycle::frame_at(std::uint64_t packet) const {
  const auto above = std::upper_bound(
      frames_.begin(), frames_.end(), packet,
      [](std::uint64_t at, const Frame& frame) { return at < frame.packets_before; });
  return *std::prev(above);
}

std::uint32_t FrameCycle::length_in(const Frame& frame, std::uint64_t index) const {
  return index + 1 < frame.packets
             ? payload_bytes_
             : static_cast<std::uint32_t>(frame.bytes - (frame.packets - 1) * payload_bytes_);
}

std::uint64_t FrameCycle::largest() const {
  std::uint64_t largest = 0;
  for (const Frame& frame : frames_) {
    largest = std::max(largest, frame.bytes);
  }
  return largest;
}

std::uint32_t FrameCycle::length(std::uint64_t sequence) const {
  const std::uint64_t at = sequence % packets_;
  const Frame& frame = frame_at(at);
  return length_in(frame, at - frame.packets_before);
}

std::uint64_t FrameCycle::bytes_of_first(std::uint64_t count) const {
  const std::uint64_t at = count % packets_;
  const Frame& frame = frame_at(at);
  const std::uint64_t in_turn = frame.bytes_before + (at - frame.packets_before) * payload_bytes_;
  return saturating_add(saturating_mul(count / packets_, bytes_), in_turn);
}

std::uint64_t FrameCycle::count_within(std::uint64_t size) const {
  const std::uint64_t rest = size % bytes_;
  const auto above = std::upper_bound(
      frames_.begin(), frames_.end(), rest,
      [](std::uint64_t bytes, const Frame& frame) { return bytes < frame.bytes_before; });
  const Frame& frame = *std::prev(above);
  const std::uint64_t whole =
      std::min((rest - frame.bytes_before) / payload_bytes_, frame.packets - 1);
  return size / bytes_ * packets_ + frame.packets_before + whole;
}

std::uint64_t FrameCycle::run_at(std::uint64_t sequence, std::uint64_t most) const {
  const std::uint64_t at = sequence % packets_;
  const Frame& frame = frame_at(at);
  const std::uint64_t index = at - frame.packets_before;
  const bool last_is_full = length_in(frame, frame.packets - 1) == payload_bytes_;
  const std::uint64_t equal = frame.packets - index - (last_is_full ? 0 : 1);
  return std::clamp<std::uint64_t>(equal, 1, most);
}

std::uint64_t FrameCycle::packets_of_frame(std::uint64_t frame) const {
  return frames_[frame % frames_.size()].packets;
}

}  // namespace udperf
