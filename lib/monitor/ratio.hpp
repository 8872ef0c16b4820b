#pragma once

#include <cstdint>
#include <optional>

namespace udperf::monitor {

/// Nothing where there is no whole.
[[nodiscard]] constexpr std::optional<double> ratio_of(std::uint64_t part, std::uint64_t whole) {
  return whole > 0 ? std::optional{static_cast<double>(part) / static_cast<double>(whole)}
                   : std::nullopt;
}

}  // namespace udperf::monitor
