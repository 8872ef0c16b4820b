#pragma once

#include <cstdint>

#include "model/packet_plan.hpp"
#include "model/test_params.hpp"
#include "pacing/packet_period.hpp"
#include "traffic/deadlines.hpp"

namespace udperf::traffic {

/// What one stream of a test sends and when, from nothing but the granted parameters, so that both
/// ends can work it out: length(k) of every datagram, and the times at which they are due.
class TrafficPlan {
 public:
  /// Precondition: check_params(params) found nothing.
  TrafficPlan(const TestParams& params, Way way, std::uint16_t stream);

  /// UINT64_MAX when only time ends the test.
  [[nodiscard]] std::uint64_t packets() const { return lengths_.packets(); }
  [[nodiscard]] std::uint32_t length(std::uint64_t sequence) const {
    return lengths_.length(sequence);
  }
  [[nodiscard]] const PacketPlan& lengths() const { return lengths_; }

  /// The mean time between two datagrams. Precondition: the way has a rate that is not adjusted.
  [[nodiscard]] const pacing::PacketPeriod& period() const { return period_; }
  /// When each is due. Precondition: as for period().
  [[nodiscard]] Deadlines deadlines() const {
    return lengths_.frames().empty() ? Deadlines{shape_, period_, seed_}
                                     : Deadlines{shape_, period_, lengths_.frames()};
  }
  /// Equal gaps: due() is a multiple of the period.
  [[nodiscard]] bool even() const { return shape_.spacing == Spacing::even; }

 private:
  PacketPlan lengths_;
  TrafficShape shape_;
  pacing::PacketPeriod period_;
  std::uint64_t seed_;
};

/// The mean time between two datagrams of one stream. Precondition: the way has a rate.
[[nodiscard]] pacing::PacketPeriod mean_period(const TestParams& params, Way way);

}  // namespace udperf::traffic
