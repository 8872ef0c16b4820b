#pragma once

#include <cmath>
#include <cstdint>
#include <optional>
#include <utility>

namespace udperf::stats {

/// 95 % confidence interval of a loss ratio, for losses that fall independently: Wilson's score
/// interval (z = 1.959964), and where nothing was lost the exact upper bound 1 - 0.025^(1/n). It
/// always holds lost / sent. Nothing for an empty sample.
[[nodiscard]] inline std::optional<std::pair<double, double>> loss_ci95(std::uint64_t lost,
                                                                        std::uint64_t sent) {
  if (sent == 0) {
    return std::nullopt;
  }
  const auto n = static_cast<double>(sent);
  if (lost == 0) {
    return std::pair{0.0, -std::expm1(std::log(0.025) / n)};
  }
  constexpr double kZ = 1.959964;
  const double p = static_cast<double>(lost) / n;
  const double scale = 1.0 + kZ * kZ / n;
  const double centre = (p + kZ * kZ / (2.0 * n)) / scale;
  const double half = kZ * std::sqrt(p * (1.0 - p) / n + kZ * kZ / (4.0 * n * n)) / scale;
  // Where all was lost the upper bound is 1; rounding must not leave it below the ratio.
  const double high = lost == sent ? 1.0 : std::fmin(centre + half, 1.0);
  return std::pair{std::fmax(centre - half, 0.0), high};
}

}  // namespace udperf::stats
