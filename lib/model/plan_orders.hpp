#pragma once

#include <cstdint>

#include "model/test_params.hpp"

namespace udperf {

/// What the orders of lengths cost that are drawn to find out what check_params() wants to know, or
/// whether the test has room: nearly all of it. A mix of usual length costs 1, the longest, and
/// frames, kDearestOrder; where a size is cut, each stream has an order. Any parameters will do.
[[nodiscard]] std::uint32_t cost_of_orders(const TestParams& params);
inline constexpr std::uint32_t kDearestOrder = 4;

}  // namespace udperf
