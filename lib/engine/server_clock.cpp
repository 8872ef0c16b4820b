#include "engine/server_clock.hpp"

#include <algorithm>
#include <cmath>

namespace udperf::engine {

void ServerClock::note(const wire::ProbeReply& reply, const ClockAnchor& ours, MonoTime arrived) {
  offset_.add(reply.t1_ns, reply.t2_ns, reply.t3_ns, to_ns(arrived));
  note_wall(our_wall_, to_ns(ours.unix) - to_ns(ours.mono));
  note_wall(server_wall_, reply.utc_minus_mono_ns);
  walls_known_ = true;
}

void ServerClock::note_wall(WallClock& wall, std::int64_t difference_ns) const {
  constexpr std::uint64_t kStep = 100'000;  // reading both clocks is more exact than that
  if (!walls_known_) {
    wall.first_ns = difference_ns;
  }
  wall.latest_ns = difference_ns;
  const std::int64_t low = std::min(difference_ns, wall.first_ns);
  const std::int64_t high = std::max(difference_ns, wall.first_ns);
  // Two that a peer may have made up can be further apart than fits.
  const auto apart = static_cast<std::uint64_t>(high) - static_cast<std::uint64_t>(low);
  wall.set = wall.set || apart > kStep;
}

ClockEstimate ServerClock::estimate(bool same_host, MonoTime since, MonoTime until) const {
  ClockEstimate out;
  const Duration half = (until - since) / 2;
  const auto found = offset_.estimate(to_ns(since + half));
  if (same_host) {
    out.method = "same_host";
    out.theta_ns = 0;
    out.uncertainty_ns = 0;
    out.skew_ppm = 0;
    out.skew_uncertainty_ppm = 0;
  } else if (found) {
    out.method = "corridor";
    out.theta_ns = found->theta_ns;
    out.uncertainty_ns = found->uncertainty_ns;
    out.skew_ppm = found->skew * 1e6;
    out.skew_uncertainty_ppm = found->skew_uncertainty * 1e6;
    const double most = std::abs(found->skew) + found->skew_uncertainty;
    out.delay_uncertainty_ns =
        found->uncertainty_ns + std::llround(most * static_cast<double>(half.count()));
  }
  if (walls_known_) {
    out.step_detected = offset_.broken() || our_wall_.set || server_wall_.set;
    out.peer_stepped = !same_host && (offset_.broken() || server_wall_.set);
    if (out.theta_ns) {
      // On one host there is one wall clock: what two readings differ by is
      // their own noise.
      out.offset_ns = same_host ? 0 : *out.theta_ns + server_wall_.latest_ns - our_wall_.latest_ns;
    }
  }
  return out;
}

}  // namespace udperf::engine
