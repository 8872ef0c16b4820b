#pragma once

#include <cstdint>
#include <optional>

#include "model/packet_plan.hpp"
#include "model/test_params.hpp"
#include "pacing/packet_period.hpp"
#include "traffic/deadlines.hpp"

namespace udperf::traffic {

/// A trace, and whether it begins again at its end.
struct TraceInput {
  Trace trace;
  bool loop = false;
};

/// Of which a stream's sending consists: what is left out of the figures, and the test itself.
enum class Part : std::uint8_t { warm_up, test };

/// What one stream of a test sends and when, from nothing but the granted parameters, so that both
/// ends can work it out: length(k) of every datagram, and the times at which they are due.
class TrafficPlan {
 public:
  /// `trace`: what a way with Spacing::trace is sent by, else null; it has to outlive the plan.
  /// A warm-up sends as the test does, from its beginning, a trace again and again, until its time
  /// is over. `least`: what no datagram is shorter than; absent: the header of udperf's own
  /// protocol. Precondition: check_params(params) found nothing.
  TrafficPlan(const TestParams& params, Way way, std::uint16_t stream,
              const TraceInput* trace = nullptr, Part part = Part::test,
              std::optional<std::uint32_t> least = {});

  /// UINT64_MAX when only time ends the test.
  [[nodiscard]] std::uint64_t packets() const;
  [[nodiscard]] std::uint32_t length(std::uint64_t sequence) const {
    return trace_ == nullptr ? lengths_.length(sequence)
                             : trace_->trace.row(sequence % trace_->trace.packets()).bytes;
  }
  /// Datagrams from `sequence` on that have its length, 1 to `most`.
  [[nodiscard]] std::uint64_t run_at(std::uint64_t sequence, std::uint64_t most) const;

  /// The mean time between two datagrams. Precondition: the way has a rate that is not adjusted.
  [[nodiscard]] const pacing::PacketPeriod& period() const { return period_; }
  /// How much later than the test the first one is due, where gaps are equal: streams take turns,
  /// lest as many datagrams leave at once as there are of them. Precondition: as for period().
  [[nodiscard]] Duration first_due() const;
  /// When each is due. Precondition: as for period().
  [[nodiscard]] Deadlines deadlines() const;
  /// Equal gaps: a multiple of the period lies between any two.
  [[nodiscard]] bool even() const { return shape_.spacing == Spacing::even; }

 private:
  PacketPlan lengths_;
  TrafficShape shape_;
  pacing::PacketPeriod period_;
  std::uint64_t seed_;
  std::uint16_t stream_;
  std::uint16_t streams_;
  Duration most_;  ///< of the test; 0 where an amount ends it
  const TraceInput* trace_ = nullptr;
  bool trace_ends_ = false;  ///< after its last packet
  double stretch_ = 1;       ///< of the trace's times
};

/// The mean time between two datagrams of one stream. Precondition: the way has a rate.
[[nodiscard]] pacing::PacketPeriod mean_period(const TestParams& params, Way way);

}  // namespace udperf::traffic
