#pragma once

#include "base/time.hpp"

namespace udperf::iperf3 {

/// The other end's host has answered nothing on the control connection for so long: it may be gone,
/// and data waits until it answers. The kernel asks it once a second.
inline constexpr Duration kDoubt = std::chrono::milliseconds{2200};
/// A server's: what this end sends can drown the answers of a path that is too narrow for it, so
/// that much less often is a reason to wait.
inline constexpr Duration kDoubtOfServer = std::chrono::seconds{8};
/// It is gone.
inline constexpr Duration kGone = std::chrono::seconds{12};

}  // namespace udperf::iperf3
