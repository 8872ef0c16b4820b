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

/// How long a client waits for all that a server says behind the data, at most.
inline constexpr Duration kMostEndPatience = std::chrono::seconds{15};
/// The same where the user wants to leave: a server may wait for what is late (see drain.hpp).
inline constexpr Duration kInterruptedPatience = std::chrono::milliseconds{3500};

/// `wanted`, and what was left of the time until data had to flow.
[[nodiscard]] constexpr Duration end_patience(Duration wanted, Duration left) {
  return std::min(wanted + std::max(left, Duration{0}), kMostEndPatience);
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
