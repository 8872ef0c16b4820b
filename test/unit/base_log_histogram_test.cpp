#include <algorithm>
#include <random>
#include <vector>

#include "base/log_histogram.hpp"
#include "support/catch.hpp"

using namespace std::chrono_literals;
using udperf::Duration;
using udperf::LogHistogram;

TEST_CASE("a histogram without values has no percentile", "[base]") {
  const LogHistogram histogram;

  CHECK(histogram.total() == 0);
  CHECK(histogram.max() == 0ns);
  CHECK_FALSE(histogram.percentile(0.5));
}

TEST_CASE("times below 64 ns are exact", "[base]") {
  LogHistogram histogram;
  for (int ns = 63; ns >= 0; --ns) {
    histogram.add(Duration{ns});
  }

  CHECK(histogram.total() == 64);
  CHECK(histogram.percentile(0.0) == 0ns);
  CHECK(histogram.percentile(0.25) == 15ns);
  CHECK(histogram.percentile(0.5) == 31ns);
  CHECK(histogram.percentile(1.0) == 63ns);
}

TEST_CASE("a single time is every percentile of its own, at any size", "[base]") {
  for (std::int64_t ns = 1; ns > 0 && ns < INT64_MAX / 3; ns = ns * 2 + ns / 7 + 1) {
    LogHistogram histogram;
    histogram.add(Duration{ns});
    CHECK(histogram.percentile(0.5) == Duration{ns});
    CHECK(histogram.max() == Duration{ns});
  }
  LogHistogram longest;
  longest.add(Duration::max());
  CHECK(longest.percentile(1.0) == Duration::max());
}

TEST_CASE("a percentile is the largest time its bucket can hold", "[base]") {
  LogHistogram histogram;
  histogram.add(64ns);  // 64 and 65 share a bucket, 66 does not
  histogram.add(66ns);
  histogram.add(1ms);

  CHECK(histogram.percentile(1.0 / 3) == 65ns);
  CHECK(histogram.percentile(2.0 / 3) == 67ns);
}

TEST_CASE("a negative time counts as none at all", "[base]") {
  LogHistogram histogram;
  histogram.add(-5ns);

  CHECK(histogram.total() == 1);
  CHECK(histogram.percentile(1.0) == 0ns);
}

TEST_CASE("percentiles are at most 3.2 % above the true ones, and never below", "[base]") {
  for (std::uint32_t seed = 1; seed <= 40; ++seed) {
    std::mt19937_64 random{seed};
    LogHistogram histogram;
    std::vector<std::int64_t> values;
    for (int i = 0; i < 500; ++i) {
      // Every magnitude as likely as any other.
      const auto value = static_cast<std::int64_t>(random() >> (1 + random() % 63));
      values.push_back(value);
      histogram.add(Duration{value});
    }
    std::sort(values.begin(), values.end());
    for (const int per_mille : {1, 100, 500, 900, 950, 990, 1000}) {
      const auto rank = static_cast<std::size_t>((500 * per_mille + 999) / 1000);
      const auto truth = static_cast<double>(values[rank - 1]);
      const auto seen =
          static_cast<double>(histogram.percentile(per_mille / 1000.0).value().count());
      CAPTURE(seed, per_mille, truth, seen);
      REQUIRE(seen >= truth);
      REQUIRE(seen <= truth * 1.032);
    }
    REQUIRE(histogram.max().count() == values.back());
  }
}

TEST_CASE("a histogram that was cleared begins anew", "[base]") {
  LogHistogram histogram;
  histogram.add(1s);
  histogram.clear();
  histogram.add(1us);

  CHECK(histogram.total() == 1);
  CHECK(histogram.max() == 1us);
  CHECK(histogram.percentile(1.0) == 1us);
}

TEST_CASE("a histogram is small where values are alike", "[base]") {
  CHECK(sizeof(LogHistogram) < 600);
}
