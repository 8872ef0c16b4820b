#include "traffic/plan.hpp"

#include "base/saturating.hpp"

namespace udperf::traffic {
namespace {

/// Lengths draw from seed_for() itself; the times must not follow from them.
constexpr std::uint64_t kTimes = 0x7469'6D65;

}  // namespace

pacing::PacketPeriod mean_period(const TestParams& params, Way way) {
  const MeanLength mean = params.mean_length(way);
  return pacing::PacketPeriod::of(params.rate(way), mean.bytes, mean.packets, params.streams);
}

TrafficPlan::TrafficPlan(const TestParams& params, Way way, std::uint16_t stream)
    : lengths_(PacketPlan::for_stream(params, way, stream)),
      shape_(params.shape(way)),
      seed_(SeededBits{seed_for(params, way, stream) ^ kTimes}.next()) {
  const SendRate& rate = params.rate(way);
  if (rate.limited() && rate.kind != SendRate::Kind::adjusted) {
    period_ = mean_period(params, way);
  }
  if (const FrameCycle& frames = lengths_.frames(); !frames.empty()) {  // exactly, over a turn
    constexpr std::uint64_t kNsPerThousandSeconds = 1'000'000'000'000;
    period_ = {Uint128{frames.frames()} * kNsPerThousandSeconds,
               saturating_mul(shape_.frames.per_1000_s, frames.packets())};
  }
}

}  // namespace udperf::traffic
