#include "stats/rank_test.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

namespace udperf::stats {
namespace {

constexpr std::size_t kMostExact = 50;

struct Ranks {
  std::vector<std::size_t> doubled;  ///< of all values; twice the rank, so that ties stay whole
  std::size_t doubled_sum_a = 0;
  double tie_term = 0;  ///< sum of t^3 - t over the groups of equal values
};

Ranks rank(std::span<const double> a, std::span<const double> b) {
  std::vector<std::pair<double, bool>> all;
  for (const double value : a) {
    all.emplace_back(value, true);
  }
  for (const double value : b) {
    all.emplace_back(value, false);
  }
  std::sort(all.begin(), all.end());
  Ranks out;
  for (std::size_t begin = 0; begin < all.size();) {
    std::size_t end = begin + 1;
    while (end < all.size() && all[end].first == all[begin].first) {
      ++end;
    }
    const std::size_t doubled = begin + 1 + end;  // twice the mean of the ranks begin+1 .. end
    for (std::size_t i = begin; i < end; ++i) {
      out.doubled.push_back(doubled);
      out.doubled_sum_a += all[i].second ? doubled : 0;
    }
    const auto t = static_cast<double>(end - begin);
    out.tie_term += t * t * t - t;
    begin = end;
  }
  return out;
}

/// The share of all ways to pick `n` of the ranks whose sum is as far from the mean as this one.
double exact_p(const Ranks& ranks, std::size_t n) {
  std::size_t total = 0;
  for (const std::size_t rank : ranks.doubled) {
    total += rank;
  }
  // ways[k][s]: choices of k ranks with the (doubled) sum s.
  std::vector<std::vector<double>> ways(n + 1, std::vector<double>(total + 1, 0.0));
  ways[0][0] = 1;
  for (const std::size_t rank : ranks.doubled) {
    for (std::size_t k = n; k >= 1; --k) {
      for (std::size_t s = total; s >= rank; --s) {
        ways[k][s] += ways[k - 1][s - rank];
      }
    }
  }
  // Distances from the mean sum n * total / count, times the count to stay whole.
  const auto distance = [&](std::size_t sum) {
    const auto scaled = static_cast<double>(sum) * static_cast<double>(ranks.doubled.size());
    return std::abs(scaled - static_cast<double>(n) * static_cast<double>(total));
  };
  double as_far = 0;
  double all = 0;
  for (std::size_t s = 0; s <= total; ++s) {
    all += ways[n][s];
    as_far += distance(s) >= distance(ranks.doubled_sum_a) ? ways[n][s] : 0;
  }
  return as_far / all;
}

double approximate_p(double u, double n, double m, double tie_term) {
  const double count = n + m;
  const double variance = n * m / 12 * (count + 1 - tie_term / (count * (count - 1)));
  if (variance <= 0) {
    return 1;  // all values are the same
  }
  const double off = std::max(std::abs(u - n * m / 2) - 0.5, 0.0);
  return std::erfc(off / std::sqrt(2 * variance));
}

}  // namespace

std::optional<RankTest> mann_whitney(std::span<const double> a, std::span<const double> b) {
  if (a.empty() || b.empty()) {
    return std::nullopt;
  }
  const Ranks ranks = rank(a, b);
  const auto n = static_cast<double>(a.size());
  RankTest out;
  out.u = static_cast<double>(ranks.doubled_sum_a) / 2 - n * (n + 1) / 2;
  out.exact = a.size() + b.size() <= kMostExact;
  out.p = out.exact ? exact_p(ranks, a.size())
                    : approximate_p(out.u, n, static_cast<double>(b.size()), ranks.tie_term);
  return out;
}

double mann_whitney_least_p(std::size_t n, std::size_t m) {
  constexpr double kPlenty = 1e15;
  const auto [few, many] = std::minmax(n, m);
  double ways = 1;  // many + 1 over 1, many + 2 over 2, ...: whole at every step
  for (std::size_t i = 1; i <= few && ways < kPlenty; ++i) {
    ways = ways * static_cast<double>(many + i) / static_cast<double>(i);
  }
  return std::min(2 / ways, 1.0);
}

}  // namespace udperf::stats
