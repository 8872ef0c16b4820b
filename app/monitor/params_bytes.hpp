#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "model/test_params.hpp"

namespace udperf::app {

/// Parameters as the protocol's REQUEST has them, without the seed, which differs from round to
/// round.
[[nodiscard]] std::string params_bytes(TestParams params);
/// Nothing where the bytes are not what params_bytes() makes.
[[nodiscard]] std::optional<TestParams> params_of(std::string_view bytes);

}  // namespace udperf::app
