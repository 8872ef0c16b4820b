#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "monitor/round.hpp"
#include "monitor/totals.hpp"

namespace udperf::monitor {

/// What a round's totals do not have and a report of it needs, in about 60 bytes with a version in
/// front: who answered, clocks, and the figures that cannot be added up.
[[nodiscard]] std::string encode_record(const RoundResult& round);

/// The round again from both, but for start, number, status, length, error and parameters, which
/// are the caller's. Nothing where the bytes are not what encode_record() makes.
[[nodiscard]] std::optional<RoundResult> decode_record(std::string_view bytes,
                                                       const Totals& totals);

}  // namespace udperf::monitor
