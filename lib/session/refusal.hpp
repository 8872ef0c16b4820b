#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "wire/messages.hpp"

namespace udperf::session {

/// Why there was nobody to test with, where a caller has to tell more apart than ErrorCode does.
enum class Obstacle : std::uint8_t {
  other,
  silence,          ///< nobody answered
  nothing_listens,  ///< ICMP port unreachable
  no_way,           ///< no route, no host, a filter: as this host or a router says
  busy,             ///< the server has no place now
  denied            ///< the server says no, and will again
};

/// Whether it is worth asking again after a refusal: Obstacle::busy, or ::denied where it is not.
[[nodiscard]] Obstacle obstacle_of(wire::RejectReason reason);

/// "busy": a word for it, for programs; "other" where it has none.
[[nodiscard]] const char* kind_name(wire::RejectReason reason);
/// All such words but "other".
[[nodiscard]] std::span<const char* const> kind_names();

/// "the server is busy ...": why it said no, for people.
[[nodiscard]] std::string describe(const wire::Reject& reject);

}  // namespace udperf::session
