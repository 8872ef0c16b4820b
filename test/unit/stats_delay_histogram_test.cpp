#include <cstdlib>
#include <initializer_list>

#include "stats/delay_histogram.hpp"
#include "support/catch.hpp"

using namespace std::chrono_literals;
using udperf::DelaySummary;
using udperf::Duration;
using udperf::stats::DelayHistogram;

namespace {

constexpr std::int64_t kHalfFineNs = 500;
constexpr std::int64_t kHalfCoarseNs = 500'000;

DelayHistogram histogram_of(std::initializer_list<Duration> values) {
  DelayHistogram histogram;
  for (const Duration value : values) {
    histogram.add(value);
  }
  return histogram;
}

DelaySummary over_minimum(const DelayHistogram& histogram) {
  return histogram.summary_over(histogram.min().value()).value();
}

}  // namespace

TEST_CASE("without values there is no distribution", "[stats]") {
  const DelayHistogram histogram;

  CHECK(histogram.n() == 0);
  CHECK_FALSE(histogram.min());
  CHECK_FALSE(histogram.percentile(0.5));
  CHECK_FALSE(histogram.summary_over(0ns));
}

TEST_CASE("one value is every percentile of its own", "[stats]") {
  const DelaySummary only = over_minimum(histogram_of({123456ns}));

  CHECK(only.n == 1);
  CHECK(only.min_ns == 0);
  CHECK(only.mean_ns == 0);
  CHECK(only.p50_ns == 0);
  CHECK(only.p99_ns == 0);
  CHECK(only.max_ns == 0);
  CHECK_FALSE(only.p999_ns);
}

TEST_CASE("delays 20, 10, 20, 25, 20 ms vary by 10, 0, 10, 15, 10 over the fastest", "[stats]") {
  const DelaySummary seen = over_minimum(histogram_of({20ms, 10ms, 20ms, 25ms, 20ms}));

  CHECK(seen.n == 5);
  CHECK(seen.min_ns == 0);
  CHECK(seen.mean_ns == 9'000'000);
  CHECK(std::abs(seen.p50_ns - 10'000'000) <= kHalfFineNs);
  CHECK(std::abs(seen.p99_ns - 15'000'000) <= kHalfFineNs);
  CHECK(seen.max_ns == 15'000'000);
}

TEST_CASE("percentiles are those of RFC 2330 s11.3", "[stats]") {
  // In ms, so that half a bin cannot take one value for another.
  const DelayHistogram histogram = histogram_of({-2ms, 7ms, 7ms, 4ms, 18ms, -5ms});
  const auto percentile_ms = [&histogram](double share) {
    return static_cast<double>(histogram.percentile(share).value().count()) / 1e6;
  };

  CHECK(percentile_ms(0.5) == Approx(4.0).margin(0.0006));
  CHECK(percentile_ms(0.25) == Approx(-2.0).margin(0.0006));
  CHECK(percentile_ms(0.0) == Approx(-5.0).margin(0.0006));
  CHECK(percentile_ms(1.0) == Approx(18.0).margin(0.0006));
}

TEST_CASE("a percentile finer than one in n is not given", "[stats]") {
  DelayHistogram histogram;
  for (int i = 0; i < 999; ++i) {
    histogram.add(1us * i);
  }
  CHECK_FALSE(over_minimum(histogram).p999_ns);

  histogram.add(999us);
  const DelaySummary seen = over_minimum(histogram);
  REQUIRE(seen.p999_ns);
  CHECK(std::abs(*seen.p999_ns - 998'000) <= kHalfFineNs);
  CHECK(std::abs(seen.p50_ns - 499'000) <= kHalfFineNs);
  CHECK(std::abs(seen.p90_ns - 899'000) <= kHalfFineNs);
  CHECK(std::abs(seen.p95_ns - 949'000) <= kHalfFineNs);
  CHECK(std::abs(seen.p99_ns - 989'000) <= kHalfFineNs);
}

TEST_CASE("a constant offset between the clocks moves nothing but the minimum", "[stats]") {
  const Duration offset = -48h;
  const DelayHistogram near = histogram_of({3ms, 1ms, 9ms});
  const DelayHistogram far = histogram_of({3ms + offset, 1ms + offset, 9ms + offset});

  CHECK(over_minimum(far) == over_minimum(near));
  CHECK(*far.min() == 1ms + offset);
}

TEST_CASE("values seconds away from the first are kept to the millisecond", "[stats]") {
  const DelayHistogram histogram = histogram_of({10s, 1s, 2000300us, 10s, 15s, 16s, 20s});
  const auto within = [&histogram](double share, Duration value, std::int64_t slack) {
    return std::abs((histogram.percentile(share).value() - value).count()) <= slack;
  };

  CHECK(*histogram.min() == 1s);
  CHECK(within(2.0 / 7, 2000300us, kHalfCoarseNs));
  CHECK(within(0.5, 10s, kHalfFineNs));
  CHECK(within(5.0 / 7, 15s, kHalfCoarseNs));
  CHECK(within(6.0 / 7, 16s, kHalfCoarseNs));
  CHECK(histogram.percentile(1.0) == 20s);
  CHECK(over_minimum(histogram).mean_ns == 9'571'471'429);  // 74.0003 / 7 - 1 s
}

TEST_CASE("values on either side of a bin's and a page's border stay apart", "[stats]") {
  // 256 bins of 1 us make a page.
  const DelayHistogram histogram = histogram_of({0ns, -1ns, -256001ns, 255999ns, 256000ns});

  CHECK(histogram.percentile(0.2) == -256001ns);  // its bin's middle is below the smallest value
  CHECK(std::abs(histogram.percentile(0.4)->count() + 500) <= kHalfFineNs);
  CHECK(std::abs(histogram.percentile(0.6)->count() - 500) <= kHalfFineNs);
  CHECK(std::abs(histogram.percentile(0.8)->count() - 255'500) <= kHalfFineNs);
  CHECK(histogram.percentile(1.0) == 256000ns);
}

TEST_CASE("a distribution that was cleared begins anew", "[stats]") {
  DelayHistogram histogram = histogram_of({5ms, 7ms});
  histogram.clear();
  CHECK(histogram.n() == 0);

  histogram.add(2ms);
  CHECK(histogram.n() == 1);
  CHECK(histogram.percentile(1.0) == 2ms);
}

TEST_CASE("spread beyond all reason is still counted", "[stats]") {
  DelayHistogram histogram;
  histogram.add(0ns);
  for (int i = 0; i < 120'000; ++i) {
    histogram.add(10s + 1ms * i);
    histogram.add(-10s - 1ms * i);
  }

  CHECK(histogram.n() == 240'001);
  CHECK(histogram.percentile(0.25).value() < -10s);
  CHECK(histogram.percentile(0.75).value() > 10s);
  CHECK(std::abs(histogram.percentile(0.5).value().count()) <= kHalfFineNs);
}

TEST_CASE("a bin that is full many times over counts on", "[stats]") {
  constexpr std::uint64_t kMany = 200'001;  // three times 65536 and some
  DelayHistogram histogram;
  for (std::uint64_t i = 0; i < kMany; ++i) {
    histogram.add(5ms);
  }
  histogram.add(7ms);
  histogram.add(7ms);

  CHECK(histogram.n() == kMany + 2);
  const auto bins = histogram.bins(0ns, 10);
  REQUIRE(bins.size() == 2);
  CHECK(bins[0].count == kMany);
  CHECK(bins[1].count == 2);
  CHECK(std::abs((histogram.percentile(0.99999).value() - 5ms).count()) <= kHalfFineNs);
  CHECK(histogram.percentile(1.0) == 7ms);
}

TEST_CASE("without memory to count on, the distribution is given up", "[stats]") {
  udperf::MemoryAccount account{1000};  // for one page
  DelayHistogram histogram{&account};
  for (int i = 0; i < 65'535; ++i) {
    histogram.add(5ms);
  }
  REQUIRE(account.take(account.room()));
  CHECK_FALSE(histogram.given_up());
  histogram.add(5ms);

  CHECK(histogram.given_up());
  CHECK(histogram.n() == 65'536);
  CHECK_FALSE(histogram.percentile(0.5));
}
