#pragma once

#include <cstdint>
#include <optional>
#include <variant>

#include "base/units.hpp"
#include "model/test_params.hpp"
#include "wire/messages.hpp"

namespace udperf::session {

/// What a server allows, and what it has given out already: decides about a test. Pure.
struct Policy {
  std::uint32_t max_sessions = 64;
  std::uint32_t max_sessions_per_address = 32;
  bool exclusive = false;  ///< of full tests: light ones are no load
  /// Payload, of all sessions together, each way counted; light ones may go a tenth beyond.
  std::optional<BitRate> max_rate;
  std::optional<Duration> max_duration;
  std::uint32_t max_light_sessions = 4096;
  std::uint32_t max_light_sessions_per_address = 64;
  bool counts_light_apart = true;  ///< else a light test is one like any other
};

/// What a server has given out, as a request that is to be decided on sees it.
struct Occupancy {
  std::uint32_t sessions = 0;  ///< that are not light
  std::uint32_t sessions_of_address = 0;
  std::uint32_t light_sessions = 0;
  std::uint32_t light_sessions_of_address = 0;
  std::uint64_t granted_bps = 0;
  std::uint64_t light_granted_bps = 0;          ///< of these, what light sessions have
  std::uint32_t soonest_end_ms = 0;             ///< of a running session; 0 = not known
  std::uint32_t soonest_end_of_address_ms = 0;  ///< of those of that address; 0 = not known
};

/// As an Occupancy has it: at least one, an hour's at most; 0 for kNever.
[[nodiscard]] std::uint32_t milliseconds_until(MonoTime at, MonoTime now);

/// Of two servers of one host that share a policy.
[[nodiscard]] Occupancy together(const Occupancy& a, const Occupancy& b);

/// The parameters as granted (rates may be lower than asked), or why not.
[[nodiscard]] std::variant<TestParams, wire::Reject> admit(const TestParams& asked,
                                                           const Policy& policy,
                                                           const Occupancy& now);

/// Payload bits per second that a test may use, both ways together; 0 = as fast as it goes.
[[nodiscard]] std::uint64_t offered_bps(const TestParams& params);

/// What a way of a test takes of a budget of bits a second: its rate, and what is due at one moment
/// (a burst, a frame) as if it were spread over a second. 0 = as fast as it goes.
[[nodiscard]] std::uint64_t charged_bps(const TestParams& params, Way way);
/// Of both ways together.
[[nodiscard]] std::uint64_t charged_bps(const TestParams& params);

/// How long its data may flow, both ways together; nothing where that is not known of one of them.
[[nodiscard]] std::optional<Duration> granted_time(const TestParams& params);
/// How long data that is expected to take so long may flow: a test of a given time has that time;
/// one of a given size may be slowed down by its hosts, to a limit.
[[nodiscard]] Duration slowest_time(const TestParams& params, Duration expected);

}  // namespace udperf::session
