#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <utility>

namespace udperf::stats {

/// A figure over several runs.
struct Spread {
  std::size_t n = 0;
  double mean = 0;
  double median = 0;
  double min = 0;
  double max = 0;
  std::optional<double> stddev;                   ///< of a sample (n - 1); absent below two values
  std::optional<std::pair<double, double>> ci95;  ///< of the mean, Student's t; absent below two
};

/// Nothing for no values.
[[nodiscard]] std::optional<Spread> spread_of(std::span<const double> values);

}  // namespace udperf::stats
