#pragma once

#include "base/time.hpp"
#include "search/answer.hpp"

namespace udperf::search {

// What the two searches share; no part of their interfaces.

inline constexpr double kLeastBps = 8e3;
inline constexpr double kMostBps = 1e12;
inline constexpr double kFactor = 8;      ///< from one trial of the approach to the next
inline constexpr double kFactorFar = 16;  ///< where a trial costs a long round trip or more
/// Three seconds between the first and the last datagram.
inline constexpr Duration kConfirm = std::chrono::milliseconds{3100};
inline constexpr Duration kLongestShort = std::chrono::milliseconds{1500};
inline constexpr double kShortPackets = 60;  ///< that a short trial has at least
/// A sender within a twentieth of its rate is taken to have reached it.
inline constexpr double kReached = 0.95;

[[nodiscard]] inline double seconds(Duration time) {
  return std::chrono::duration<double>{time}.count();
}

/// The trial as it is published.
[[nodiscard]] TrialPart part_of(const Trial& trial, const Observation& seen, Verdict verdict);

}  // namespace udperf::search
