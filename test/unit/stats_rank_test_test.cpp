#include <cmath>
#include <random>
#include <vector>

#include "stats/fisher.hpp"
#include "stats/rank_test.hpp"
#include "support/catch.hpp"

using Catch::Detail::Approx;
using udperf::stats::fisher_exact;
using udperf::stats::mann_whitney;
using udperf::stats::mann_whitney_least_p;
using udperf::stats::Share;
using Values = std::vector<double>;

TEST_CASE("two samples apart have the p of counting orders", "[stats]") {
  // Of 20 ways to pick 3 of 6 ranks, one gives the least sum and one the most.
  const auto three = mann_whitney(Values{1, 2, 3}, Values{4, 5, 6});
  REQUIRE(three.has_value());
  CHECK(three->exact);
  CHECK(three->u == 0);
  CHECK(three->p == Approx(2.0 / 20));
  CHECK(mann_whitney(Values{6, 5, 4}, Values{1, 3, 2})->u == 9);
  CHECK(mann_whitney(Values{1, 2, 3, 4, 5}, Values{6, 7, 8, 9, 10})->p == Approx(2.0 / 252));
}

TEST_CASE("no samples of these sizes have a smaller p than samples apart", "[stats]") {
  for (std::size_t n = 1; n <= 6; ++n) {
    for (std::size_t m = 1; m <= 6; ++m) {
      CAPTURE(n, m);
      Values low;
      Values high;
      for (std::size_t i = 0; i < n; ++i) {
        low.push_back(static_cast<double>(i));
      }
      for (std::size_t i = 0; i < m; ++i) {
        high.push_back(100 + static_cast<double>(i));
      }
      CHECK(mann_whitney_least_p(n, m) == Approx(mann_whitney(low, high)->p));
    }
  }
  CHECK(mann_whitney_least_p(3, 3) == Approx(0.1));
  CHECK(mann_whitney_least_p(4, 4) == Approx(2.0 / 70));
  CHECK(mann_whitney_least_p(0, 5) == 1);
  CHECK(mann_whitney_least_p(10'000, 10'000) < 1e-10);
}

TEST_CASE("Mann-Whitney agrees with published values", "[stats]") {
  // Hollander and Wolfe 1973, p. 69: permeability constants; R's help of wilcox.test has W = 35 and
  // 0.1272 one-sided.
  const Values term{0.80, 0.83, 1.89, 1.04, 1.45, 1.38, 1.91, 1.64, 0.73, 1.46};
  const Values early{1.15, 0.88, 0.90, 0.74, 1.21};
  const auto test = mann_whitney(term, early);
  REQUIRE(test.has_value());
  CHECK(test->u == 35);
  CHECK(test->p == Approx(2 * 0.1272).margin(1e-4));
}

TEST_CASE("ties share their rank, and equal samples tell nothing", "[stats]") {
  CHECK(mann_whitney(Values{1, 1, 1}, Values{1, 1})->p == Approx(1.0));
  CHECK(mann_whitney(Values{1, 1, 1}, Values{1, 1})->u == 3);  // half of six pairs
  // {1, 2} against {2, 3}: of 6 choices of two doubled ranks of {2, 5, 5, 8} the sums are 7, 7, 10,
  // 10, 13, 13; seen is 7, the mean 10, and four of six are as far away.
  CHECK(mann_whitney(Values{1, 2}, Values{2, 3})->p == Approx(4.0 / 6));
  CHECK_FALSE(mann_whitney(Values{}, Values{1}).has_value());
}

TEST_CASE("the approximation for many values is near the exact one", "[stats]") {
  std::mt19937 random{11};  // NOLINT(cert-msc32-c,cert-msc51-cpp): the same values each run
  std::normal_distribution<double> noise{0, 1};
  Values a;
  Values b;
  for (int i = 0; i < 25; ++i) {
    a.push_back(noise(random));
    b.push_back(noise(random) + 0.4);
  }
  const auto exact = mann_whitney(a, b);
  a.push_back(0.1);  // 51 values: no longer exact
  const auto approximate = mann_whitney(a, b);
  CHECK(exact->exact);
  CHECK_FALSE(approximate->exact);
  CHECK(approximate->p == Approx(exact->p).margin(0.05));
  CHECK(mann_whitney(Values(40, 7.0), Values(40, 7.0))->p == 1);
}

TEST_CASE("Fisher's test agrees with published values", "[stats]") {
  // Fisher 1935, the lady tasting tea; R's help of fisher.test has 0.4857 two-sided.
  CHECK(fisher_exact(Share{3, 4}, Share{1, 4}) == Approx(0.4857).margin(1e-4));
  // Fisher 1962, convictions of twins: 2 of 17 against 10 of 13; 0.0005367 two-sided.
  CHECK(fisher_exact(Share{2, 17}, Share{10, 13}) == Approx(0.0005367).margin(1e-7));
  CHECK(fisher_exact(Share{10, 13}, Share{2, 17}) == Approx(0.0005367).margin(1e-7));
}

TEST_CASE("Fisher's test with one event is the share itself", "[stats]") {
  // One loss, in the smaller of two samples: as rare as its share of all.
  CHECK(fisher_exact(Share{1, 100}, Share{0, 900}) == Approx(0.1));
  CHECK(fisher_exact(Share{0, 100}, Share{1, 900}) == Approx(1.0));
}

TEST_CASE("Fisher's test is certain, unsure and fast where it should be", "[stats]") {
  CHECK(fisher_exact(Share{0, 1000}, Share{0, 1000}) == 1);
  CHECK(fisher_exact(Share{1000, 1000}, Share{1000, 1000}) == 1);
  CHECK(fisher_exact(Share{0, 0}, Share{5, 10}) == 1);
  CHECK(fisher_exact(Share{50, 1000}, Share{50, 1000}) == Approx(1.0));
  CHECK(fisher_exact(Share{0, 1'000'000}, Share{1000, 1'000'000}) < 1e-100);
  const std::uint64_t many = std::uint64_t{1} << 50U;
  CHECK(fisher_exact(Share{many / 2, many}, Share{many / 2, many}) == Approx(1.0));
  CHECK(fisher_exact(Share{many / 2, many}, Share{many / 4, many}) < 1e-10);
}

TEST_CASE("Fisher's exact test has an end for numbers of any size", "[stats]") {
  for (unsigned bits = 40; bits <= 63; ++bits) {
    CAPTURE(bits);
    const std::uint64_t of = std::uint64_t{1} << bits;
    // A few hits are as coins that were thrown.
    CHECK(fisher_exact(Share{0, of}, Share{5, of}) == Approx(2.0 / 32).epsilon(0.01));
    CHECK(fisher_exact(Share{of, of}, Share{of - 5, of}) == Approx(2.0 / 32).epsilon(0.01));
    CHECK(fisher_exact(Share{7, of}, Share{7, of}) == Approx(1.0));
    CHECK(fisher_exact(Share{0, 5}, Share{of / 2, of}) == Approx(2.0 / 32).epsilon(0.01));
    CHECK(fisher_exact(Share{of / 2, of}, Share{0, 5}) == Approx(2.0 / 32).epsilon(0.01));
    // Many are normal: twice their standard deviation off, and far off.
    const auto two = static_cast<std::uint64_t>(std::sqrt(2 * static_cast<double>(of)));
    CHECK(fisher_exact(Share{of / 2, of}, Share{of / 2 + two, of}) == Approx(0.0455).epsilon(0.02));
    CHECK(fisher_exact(Share{of / 2, of}, Share{of / 4, of}) < 1e-10);
    CHECK(fisher_exact(Share{of / 2, of}, Share{of / 2, of}) == Approx(1.0));
  }
}
