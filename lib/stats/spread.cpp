#include "stats/spread.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <vector>

namespace udperf::stats {
namespace {

/// 97.5 % quantile of Student's t with `freedom` degrees of freedom, >= 1; from the usual table up
/// to 30, and by the Cornish-Fisher expansion around the normal quantile beyond (off by < 1e-4).
double student_t975(std::size_t freedom) {
  constexpr std::array kTable{12.7062, 4.3027, 3.1824, 2.7764, 2.5706, 2.4469, 2.3646, 2.3060,
                              2.2622,  2.2281, 2.2010, 2.1788, 2.1604, 2.1448, 2.1314, 2.1199,
                              2.1098,  2.1009, 2.0930, 2.0860, 2.0796, 2.0739, 2.0687, 2.0639,
                              2.0595,  2.0555, 2.0518, 2.0484, 2.0452, 2.0423};
  if (freedom <= kTable.size()) {
    return kTable.at(freedom - 1);
  }
  constexpr double kZ = 1.959964;
  const auto v = static_cast<double>(freedom);
  const double z3 = kZ * kZ * kZ;
  const double z5 = z3 * kZ * kZ;
  return kZ + (z3 + kZ) / (4 * v) + (5 * z5 + 16 * z3 + 3 * kZ) / (96 * v * v);
}

}  // namespace

std::optional<Spread> spread_of(std::span<const double> values) {
  if (values.empty()) {
    return std::nullopt;
  }
  std::vector<double> sorted(values.begin(), values.end());
  std::sort(sorted.begin(), sorted.end());
  const std::size_t n = sorted.size();
  Spread out;
  out.n = n;
  out.min = sorted.front();
  out.max = sorted.back();
  out.median = n % 2 == 1 ? sorted[n / 2] : (sorted[n / 2 - 1] + sorted[n / 2]) / 2;
  const auto count = static_cast<double>(n);
  out.mean = std::accumulate(sorted.begin(), sorted.end(), 0.0) / count;
  if (n >= 2) {
    double squares = 0;
    for (const double value : sorted) {
      squares += (value - out.mean) * (value - out.mean);
    }
    out.stddev = std::sqrt(squares / (count - 1));
    const double half = student_t975(n - 1) * *out.stddev / std::sqrt(count);
    out.ci95 = std::pair{out.mean - half, out.mean + half};
  }
  return out;
}

}  // namespace udperf::stats
