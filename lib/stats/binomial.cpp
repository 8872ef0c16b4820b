#include "stats/binomial.hpp"

#include <algorithm>
#include <cmath>

namespace udperf::stats {
namespace {

/// The continued fraction of the incomplete beta function (DLMF 8.17.22), by Lentz's method. It
/// converges quickly for x < (a + 1) / (a + b + 2).
double beta_fraction(double a, double b, double x) {
  constexpr double kTiny = 1e-300;
  constexpr double kEnough = 1e-15;
  constexpr int kMostSteps = 100'000;  // about the root of a + b are needed
  const auto not_zero = [](double value) { return std::abs(value) < kTiny ? kTiny : value; };
  double c = 1;
  double d = 1 / not_zero(1 - (a + b) * x / (a + 1));
  double value = d;
  for (int m = 1; m < kMostSteps; ++m) {
    const double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
    d = 1 / not_zero(1 + even * d);
    c = not_zero(1 + even / c);
    value *= d * c;
    const double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
    d = 1 / not_zero(1 + odd * d);
    c = not_zero(1 + odd / c);
    value *= d * c;
    if (std::abs(d * c - 1) < kEnough) {
      break;
    }
  }
  return value;
}

/// I_x(a, b)
double incomplete_beta(double a, double b, double x) {
  const double front = std::exp(std::lgamma(a + b) - std::lgamma(a) - std::lgamma(b) +
                                a * std::log(x) + b * std::log1p(-x));
  if (x < (a + 1) / (a + b + 2)) {
    return front * beta_fraction(a, b, x) / a;
  }
  return 1 - front * beta_fraction(b, a, 1 - x) / b;
}

}  // namespace

double binomial_at_least(std::uint64_t k, std::uint64_t n, double p) {
  if (k == 0 || p >= 1) {
    return k <= n ? 1 : 0;
  }
  if (k > n || p <= 0) {
    return 0;
  }
  const auto hits = static_cast<double>(k);
  const double value = incomplete_beta(hits, static_cast<double>(n) - hits + 1, p);
  return std::clamp(value, 0.0, 1.0);
}

}  // namespace udperf::stats
