#pragma once

#include <cstdint>

#include "model/test_params.hpp"

namespace udperf {

/// How many orders of lengths are drawn to find out what check_params() wants to know, or whether
/// the test has room: nearly all that this costs. Any parameters will do.
[[nodiscard]] std::uint32_t orders_in(const TestParams& params);

}  // namespace udperf
