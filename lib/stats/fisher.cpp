#include "stats/fisher.hpp"

#include <algorithm>
#include <cmath>

namespace udperf::stats {
namespace {

/// What a sum no longer notices.
constexpr double kNegligible = 1e-18;
/// Tables as likely as the one that was seen, but for rounding, count as such.
constexpr double kAlike = 1e-7;

double log_choose(double n, double k) {
  return std::lgamma(n + 1) - std::lgamma(k + 1) - std::lgamma(n - k + 1);
}

/// The hypergeometric distribution of the first share's hits.
struct Tables {
  double n1;
  double n2;
  double hits;

  [[nodiscard]] double low() const { return std::max(0.0, hits - n2); }
  [[nodiscard]] double high() const { return std::min(hits, n1); }
  [[nodiscard]] double mode() const {
    return std::clamp(std::floor((hits + 1) * (n1 + 1) / (n1 + n2 + 2)), low(), high());
  }
  [[nodiscard]] double log_p(double x) const {
    return log_choose(n1, x) + log_choose(n2, hits - x) - log_choose(n1 + n2, hits);
  }
  /// p(x + 1) / p(x)
  [[nodiscard]] double ratio_up(double x) const {
    return (n1 - x) * (hits - x) / ((x + 1) * (n2 - hits + x + 1));
  }
};

/// From x on towards the end of the tail.
double tail(const Tables& tables, double x, bool up) {
  double term = std::exp(tables.log_p(x));
  double sum = 0;
  while (x >= tables.low() && x <= tables.high()) {
    sum += term;
    if (term <= sum * kNegligible) {
      break;
    }
    term *= up ? tables.ratio_up(x) : 1 / tables.ratio_up(x - 1);
    x += up ? 1 : -1;
  }
  return sum;
}

/// The value nearest to the mode, on that side of it, that is not likelier than `limit` (a
/// logarithm); beyond the end where there is none.
double boundary(const Tables& tables, double limit, bool up) {
  double inside = tables.mode();  // likelier than the limit, or the mode itself
  double outside = up ? tables.high() + 1 : tables.low() - 1;
  while (std::abs(outside - inside) > 1) {
    const double middle = std::floor((inside + outside) / 2);
    (tables.log_p(middle) > limit ? inside : outside) = middle;
  }
  return outside;
}

}  // namespace

double fisher_exact(const Share& a, const Share& b) {
  const Tables tables{static_cast<double>(a.of), static_cast<double>(b.of),
                      static_cast<double>(a.hits) + static_cast<double>(b.hits)};
  if (a.of == 0 || b.of == 0 || tables.low() >= tables.high()) {
    return 1;
  }
  const double limit = tables.log_p(static_cast<double>(a.hits)) + kAlike;
  if (tables.log_p(tables.mode()) <= limit) {
    return 1;  // nothing is likelier than what was seen
  }
  const double below = boundary(tables, limit, false);
  const double above = boundary(tables, limit, true);
  double p = below >= tables.low() ? tail(tables, below, false) : 0;
  p += above <= tables.high() ? tail(tables, above, true) : 0;
  return std::min(p, 1.0);
}

}  // namespace udperf::stats
