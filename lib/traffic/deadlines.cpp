#include "traffic/deadlines.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/saturating.hpp"

namespace udperf::traffic {
namespace {

/// 292 years, and all that a double can be turned into.
constexpr double kMostNs = 9.2e18;

}  // namespace

Deadlines::Deadlines(const TrafficShape& shape, const pacing::PacketPeriod& period,
                     std::uint64_t seed)
    : shape_(shape), period_(period), bits_(seed) {}

Deadlines::Deadlines(const TrafficShape& shape, const pacing::PacketPeriod& period,
                     FrameCycle frames)
    : shape_(shape),
      period_(period),
      bits_(0),
      frames_(std::move(frames)),
      frame_end_(frames_.packets_of_frame(0)) {}

Deadlines::Deadlines(const Trace& trace, const pacing::PacketPeriod& period, double stretch)
    : period_(period), bits_(0), trace_(&trace), stretch_(stretch) {
  shape_.spacing = Spacing::trace;
}

Duration Deadlines::trace_time(std::uint64_t packet) const {
  const double turns = static_cast<double>(packet / trace_->packets());
  const double ns = turns * static_cast<double>(trace_->turn().count()) +
                    static_cast<double>(trace_->row(packet % trace_->packets()).at.count());
  return Duration{std::llround(std::min(ns * stretch_, kMostNs))};
}

Duration Deadlines::frame_time(std::uint64_t frame) const {
  constexpr std::uint64_t kNsPerThousandSeconds = 1'000'000'000'000;
  return saturating_ns(Uint128{frame} * kNsPerThousandSeconds / shape_.frames.per_1000_s);
}

void Deadlines::advance() {
  ++next_;
  switch (shape_.spacing) {
    case Spacing::poisson:
      // Of a uniform u in (0, 1] the logarithm is exponential.
      drawn_ns_ = std::min(drawn_ns_ - std::log(bits_.unit()) * period_.ns(), kMostNs);
      due_ = Duration{static_cast<Duration::rep>(std::llround(drawn_ns_))};
      break;
    case Spacing::burst:
      due_ = period_.times(next_ - next_ % shape_.burst_packets);
      break;
    case Spacing::frames:
      if (next_ == frame_end_) {
        frame_end_ += frames_.packets_of_frame(++frame_);
        due_ = frame_time(frame_);
      }
      break;
    case Spacing::trace:
      due_ = trace_time(next_);
      break;
    case Spacing::even:
      due_ = period_.times(next_);
      break;
  }
}

Duration Deadlines::longest_gap() const {
  constexpr std::uint64_t kFarOut = 20;  // e^-20: once in 500 million gaps
  if (shape_.spacing == Spacing::frames) {
    return frame_time(1);
  }
  if (shape_.spacing == Spacing::trace) {
    return period_.times(trace_->packets());
  }
  return period_.times(shape_.spacing == Spacing::poisson ? kFarOut
                       : shape_.spacing == Spacing::burst ? shape_.burst_packets
                                                          : 1);
}

}  // namespace udperf::traffic
