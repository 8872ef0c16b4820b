#include <array>
#include <cmath>
#include <vector>

#include "stats/spread.hpp"
#include "support/catch.hpp"

using udperf::stats::spread_of;

TEST_CASE("nothing has no spread, and one value has no deviation", "[stats]") {
  CHECK_FALSE(spread_of({}));
  const std::array<double, 1> one{7};
  const auto spread = spread_of(one);
  REQUIRE(spread);
  CHECK(spread->n == 1);
  CHECK(spread->mean == 7);
  CHECK(spread->median == 7);
  CHECK_FALSE(spread->stddev);
  CHECK_FALSE(spread->ci95);
}

TEST_CASE("a worked sample", "[stats]") {
  // 5 values, sum 30, squares of the deviations 40: s = sqrt(10), t(4) = 2.776, half = 3.926.
  const std::array<double, 5> values{10, 2, 6, 4, 8};
  const auto spread = spread_of(values);
  REQUIRE(spread);
  CHECK(spread->mean == Approx(6));
  CHECK(spread->median == 6);
  CHECK(spread->min == 2);
  CHECK(spread->max == 10);
  CHECK(*spread->stddev == Approx(3.16228));
  CHECK(spread->ci95->first == Approx(6 - 3.9265).epsilon(1e-4));
  CHECK(spread->ci95->second == Approx(6 + 3.9265).epsilon(1e-4));
}

TEST_CASE("the median of an even number lies between the middle two", "[stats]") {
  const std::array<double, 4> values{1, 100, 3, 2};
  CHECK(spread_of(values)->median == 2.5);
}

TEST_CASE("Student's quantile goes on smoothly beyond the table", "[stats]") {
  // t(31) = 2.0395, t(60) = 2.0003, t(120) = 1.9799 in the usual tables.
  for (const auto& [freedom, quantile] :
       {std::pair{31, 2.0395}, std::pair{60, 2.0003}, std::pair{120, 1.9799}}) {
    std::vector<double> values(static_cast<std::size_t>(freedom) + 1, 0.0);
    values.front() = 1;
    const auto spread = spread_of(values);
    const double n = freedom + 1;
    const double half = (spread->ci95->second - spread->ci95->first) / 2;
    CHECK(half / (*spread->stddev / std::sqrt(n)) == Approx(quantile).epsilon(5e-5));
  }
}
