#pragma once

#include <algorithm>
#include <optional>

#include "base/time.hpp"
#include "iperf3/results.hpp"

namespace udperf::iperf3 {

/// How long a client whose last datagram has left waits until it tells the server that the test is
/// over: at that word a stock server stops counting and closes its sockets, and TCP may overtake
/// what is still under way, or waits in a socket. `round_trip`: of the control connection.
[[nodiscard]] constexpr Duration end_grace(std::optional<Duration> round_trip) {
  constexpr Duration kLeast = std::chrono::milliseconds{20};
  constexpr Duration kMost = std::chrono::milliseconds{250};
  const Duration trip = std::clamp(round_trip.value_or(Duration{0}), Duration{0}, kMost);
  return std::min(kLeast + 2 * trip, kMost);
}

/// A peer's word on a stream with the seconds in which data flowed: of those that it tells, without
/// the last `silent` of them; where it tells none, this end's `own_s`.
[[nodiscard]] inline StreamResult with_seconds(StreamResult told, double own_s,
                                               Duration silent = Duration{0}) {
  const double last = std::chrono::duration<double>(silent).count();
  told.seconds = told.seconds ? std::max(*told.seconds - last, 0.0) : own_s;
  return told;
}

}  // namespace udperf::iperf3
