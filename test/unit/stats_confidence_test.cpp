#include "stats/confidence.hpp"
#include "support/catch.hpp"

using udperf::stats::loss_ci95;

namespace {

/// To the six digits of the vectors.
Approx six_digits(double value) {
  return Approx(value).epsilon(5e-6);
}

}  // namespace

TEST_CASE("the interval of a loss ratio is Wilson's", "[stats]") {
  struct Vector {
    std::uint64_t lost;
    std::uint64_t sent;
    double low;
    double high;
  };
  const Vector vectors[] = {
      {10, 10000, 0.000543286, 0.00183994},
      {1, 100, 0.00176743, 0.0544862},
      {500, 10000, 0.0458985, 0.0544471},
      {100, 100, 0.963007, 1.0},
  };
  for (const Vector& vector : vectors) {
    const auto interval = loss_ci95(vector.lost, vector.sent);
    REQUIRE(interval);
    CHECK(interval->first == six_digits(vector.low));
    CHECK(interval->second == six_digits(vector.high));
  }
}

TEST_CASE("no loss seen still leaves an upper bound", "[stats]") {
  const auto upper = [](std::uint64_t sent) { return loss_ci95(0, sent)->second; };

  CHECK(loss_ci95(0, 100)->first == 0.0);
  CHECK(upper(1) == six_digits(0.975));
  CHECK(upper(100) == six_digits(0.0362167));
  CHECK(upper(1000) == six_digits(0.00368208));
  CHECK(upper(1'000'000) == six_digits(3.68887e-6));
}

TEST_CASE("the interval holds the ratio and stays within 0 and 1", "[stats]") {
  for (std::uint64_t sent = 1; sent <= 60; ++sent) {
    for (std::uint64_t lost = 0; lost <= sent; ++lost) {
      const auto interval = loss_ci95(lost, sent);
      const double ratio = static_cast<double>(lost) / static_cast<double>(sent);
      CAPTURE(lost, sent);
      REQUIRE(interval);
      REQUIRE(interval->first >= 0.0);
      REQUIRE(interval->first <= ratio);
      REQUIRE(interval->second >= ratio);
      REQUIRE(interval->second <= 1.0);
    }
  }
}

TEST_CASE("an empty sample has no interval", "[stats]") {
  CHECK_FALSE(loss_ci95(0, 0));
}
