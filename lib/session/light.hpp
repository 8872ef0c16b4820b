#pragma once

#include "model/test_params.hpp"

namespace udperf::session {

/// What makes a test *light*: a monitor's, no load for anyone. A server counts such tests apart.
inline constexpr std::uint64_t kLightPacketsPerSecond = 100;
inline constexpr std::uint64_t kLightBitsPerSecond = 1'000'000;

/// Whether both ways together stay within these, by what was agreed on: a rate each way that is
/// not adjusted, and one stream.
[[nodiscard]] bool is_light(const TestParams& params);

/// Whether one way alone is beyond these, or has no rate that is known: such a test is one that
/// others are not run beside. What is neither light nor heavy is a test like any other.
[[nodiscard]] bool is_heavy(const TestParams& params);

/// Whether each of several streams would be a light test if it were one by itself: a server then
/// serves the streams as such, whatever the test as a whole is.
[[nodiscard]] bool has_light_streams(const TestParams& params);

/// How often the ends of a light test talk beside their data where both know of it (kCapLight).
/// Nobody waits for it: there is little that could overflow, and little to be gained by whoever
/// makes a server send it elsewhere.
inline constexpr Duration kLightFeedback = std::chrono::milliseconds{500};
/// How long a server goes on sending while no FEEDBACK arrives.
inline constexpr Duration kLightPermit = std::chrono::milliseconds{2500};
/// How often round trips are measured.
inline constexpr Duration kLightProbe = std::chrono::seconds{1};

}  // namespace udperf::session
