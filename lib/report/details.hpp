#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "report/block.hpp"
#include "report/writer.hpp"

namespace udperf::report {

/// One character a value, the highest for `top`; a value that is not known is a blank. Where there
/// are more values than `columns`, neighbours share one: their mean.
[[nodiscard]] std::string sparkline(const std::vector<std::optional<double>>& values, double top,
                                    std::size_t columns, bool unicode);

/// Rate and loss over time, and how delay variation is spread, as far as they are known.
void detail_lines(const result::DirectionPart& part, const TextStyle& style, Block& block);

}  // namespace udperf::report
