#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>

#include "monitor/totals.hpp"

namespace udperf::monitor {

/// The bytes of totals as a history keeps them: short (empty buckets cost nothing), of one form on
/// every machine, and with a version in front.
[[nodiscard]] std::string encode_totals(const Totals& totals);

/// Nothing where the bytes are not what encode_totals() makes.
[[nodiscard]] std::optional<Totals> decode_totals(std::string_view bytes);

}  // namespace udperf::monitor
