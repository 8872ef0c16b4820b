#include "stats/fisher.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace udperf::stats {
namespace {

/// What a sum no longer notices.
constexpr double kNegligible = 1e-18;
/// Tables as likely as the one that was seen, but for rounding, count as such.
constexpr double kAlike = 1e-7;
/// In more than that differences of lgamma() are noise, and tails too long to be added up.
constexpr double kMany = 0x1p40;

double log_choose(double n, double k) {
  const double few = std::min(k, n - k);
  if (n > kMany && few < n * 1e-3) {  // Stirling's series of n! / (n - few)!
    const double middle = n - (few - 1) / 2;
    return few * std::log(middle) - few * (few * few - 1) / (24 * middle * middle) -
           std::lgamma(few + 1);
  }
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
    if (middle == inside || middle == outside) {
      break;  // there is no number between them
    }
    (tables.log_p(middle) > limit ? inside : outside) = middle;
  }
  return outside;
}

/// Of `seen` hits of the first share.
double two_sided(const Tables& tables, double seen) {
  if (tables.low() >= tables.high()) {
    return 1;
  }
  const double limit = tables.log_p(seen) + kAlike;
  if (tables.log_p(tables.mode()) <= limit) {
    return 1;  // nothing is likelier than what was seen
  }
  const double below = boundary(tables, limit, false);
  const double above = boundary(tables, limit, true);
  double p = below >= tables.low() ? tail(tables, below, false) : 0;
  p += above <= tables.high() ? tail(tables, above, true) : 0;
  return std::min(p, 1.0);
}

Tables tables_of(const Share& a, const Share& b) {
  return {static_cast<double>(a.of), static_cast<double>(b.of),
          static_cast<double>(a.hits) + static_cast<double>(b.hits)};
}

Share misses(const Share& share) {
  return {share.of - std::min(share.hits, share.of), share.of};
}

/// The same of more than kMany: by the normal distribution, unless the hits of a share spread too
/// little to be like it. Those are counted on the side where they are few, which is exact.
double of_very_many(Share a, Share b) {
  constexpr double kSpread = 1e4;
  if (a.of > b.of) {
    std::swap(a, b);
  }
  if (a.hits / 2 + b.hits / 2 > a.of / 4 + b.of / 4) {
    a = misses(a);
    b = misses(b);
  }
  const Tables tables = tables_of(a, b);
  const double all = tables.n1 + tables.n2;
  const double mean = tables.hits * (tables.n1 / all);
  const double variance = mean * (tables.n2 / all) * ((all - tables.hits) / (all - 1));
  const auto seen = static_cast<double>(a.hits);
  if (variance > kSpread) {
    return std::erfc(std::abs(seen - mean) / std::sqrt(2 * variance));
  }
  // Hits and the first share may change places: so many of one are in the other, either way.
  const double larger = std::max(tables.n1, tables.hits);
  return two_sided({larger, all - larger, std::min(tables.n1, tables.hits)}, seen);
}

}  // namespace

double fisher_exact(const Share& a, const Share& b) {
  if (a.of == 0 || b.of == 0) {
    return 1;
  }
  const Tables tables = tables_of(a, b);
  return tables.n1 + tables.n2 > kMany ? of_very_many(a, b)
                                       : two_sided(tables, static_cast<double>(a.hits));
}

}  // namespace udperf::stats
