#pragma once

#include "base/time.hpp"

namespace udperf {

/// `--duration forever`: as long as any test may take (check_params), which nobody waits for. It
/// travels as a plain duration, so that a peer of any version takes it.
inline constexpr Duration kForever = std::chrono::hours{24 * 366};

}  // namespace udperf
