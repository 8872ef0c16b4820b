#include "traffic/plan.hpp"

#include <algorithm>

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

TrafficPlan::TrafficPlan(const TestParams& params, Way way, std::uint16_t stream,
                         const TraceInput* trace, Part part, std::optional<std::uint32_t> least)
    : lengths_(part == Part::warm_up
                   ? PacketPlan::for_warm_up(params, way, stream)
                   : PacketPlan::for_stream(params, way, stream,
                                            least.value_or(header_bytes(params.header)))),
      shape_(params.shape(way)),
      seed_(SeededBits{seed_for(params, way, stream) ^ kTimes}.next()),
      stream_(stream),
      streams_(std::max<std::uint16_t>(params.streams, 1)),
      most_(params.amount.duration),
      trace_(shape_.spacing == Spacing::trace ? trace : nullptr),
      trace_ends_(trace_ != nullptr && !trace_->loop && part == Part::test) {
  const SendRate& rate = params.rate(way);
  if (rate.limited() && !rate.adjusted()) {
    period_ = mean_period(params, way);
  }
  if (const FrameCycle& frames = lengths_.frames(); !frames.empty()) {  // exactly, over a turn
    constexpr std::uint64_t kNsPerThousandSeconds = 1'000'000'000'000;
    period_ = {Uint128{frames.frames()} * kNsPerThousandSeconds,
               saturating_mul(shape_.frames.per_1000_s, frames.packets())};
  }
  if (trace_ != nullptr) {
    stretch_ = trace_->trace.stretch(rate.value, params.streams);
    constexpr std::uint64_t kParts = 1'000'000;
    const double ns = static_cast<double>(trace_->trace.turn().count()) * stretch_ /
                      static_cast<double>(trace_->trace.packets());
    period_ = {static_cast<Uint128>(std::clamp(ns * kParts, 1.0, 1e30)), kParts};
  }
}

std::uint64_t TrafficPlan::packets() const {
  return trace_ends_ ? std::min(lengths_.packets(), trace_->trace.packets()) : lengths_.packets();
}

std::uint64_t TrafficPlan::run_at(std::uint64_t sequence, std::uint64_t most) const {
  if (trace_ == nullptr) {
    return lengths_.run_at(sequence, most);
  }
  std::uint64_t run = 1;
  while (run < most && length(sequence + run) == length(sequence)) {
    ++run;
  }
  return run;
}

Duration TrafficPlan::first_due() const {
  if (!even()) {
    return Duration{0};
  }
  const unsigned turn = stream_ % streams_;
  const pacing::PacketPeriod between{period_.numerator,
                                     saturating_mul(period_.denominator, streams_)};
  // Of a period that is longer than the test each stream has its turn, too.
  return most_ == Duration{0} ? between.times(turn)
                              : std::min(between.times(turn), most_ * turn / streams_);
}

Deadlines TrafficPlan::deadlines() const {
  if (trace_ != nullptr) {
    return Deadlines{trace_->trace, period_, stretch_};
  }
  return lengths_.frames().empty() ? Deadlines{shape_, period_, seed_}
                                   : Deadlines{shape_, period_, lengths_.frames()};
}

}  // namespace udperf::traffic
