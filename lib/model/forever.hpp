#pragma once

#include <cstddef>

#include "base/time.hpp"

namespace udperf {

/// `--duration forever`: as long as any test may take (check_params), which nobody waits for. It
/// travels as a plain duration, so that a peer of any version takes it.
inline constexpr Duration kForever = std::chrono::hours{24 * 366};

/// Of the rows of a test without end so many are kept of each stream: then two and two become one,
/// of twice the length. Even.
inline constexpr std::size_t kMostForeverRows = 4096;
/// No row of any test is longer, those that were merged included.
inline constexpr Duration kLongestRow = kForever / (kMostForeverRows / 2);

}  // namespace udperf
