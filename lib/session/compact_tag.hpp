#pragma once

#include <cstdint>

namespace udperf::session {

/// What tells the compact headers of a session's stream from others': as hard to guess for who does
/// not know the session as 16 bits are.
[[nodiscard]] std::uint16_t compact_tag(std::uint64_t session, std::uint8_t stream);

}  // namespace udperf::session
