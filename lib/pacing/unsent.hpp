#pragma once

#include <cstdint>

namespace udperf::pacing {

/// Why datagrams that were due were not sent.
enum class Unsent : std::uint8_t {
  refused,  ///< the socket took no more: that they are late then is not the host's doing
  no_time,  ///< the sender's turn was over: they are late
};

/// As many as are ever handed out to be sent at once, unless one burst has more: at rates that no
/// host reaches, what a window has would be without end.
inline constexpr std::uint64_t kMostAtOnce = 16'384;

}  // namespace udperf::pacing
