#include <algorithm>
#include <random>
#include <vector>

#include "monitor/time_histogram.hpp"
#include "support/catch.hpp"

namespace udperf::monitor {
namespace {

using namespace std::chrono_literals;

TEST_CASE(
    "a time histogram's bounds rise by at most an eighth and hold 1, 2 and 5 of each decade") {
  for (std::size_t i = 1; i < TimeHistogram::kBounds; ++i) {
    const auto low = static_cast<double>(TimeHistogram::bound(i - 1).count());
    const auto high = static_cast<double>(TimeHistogram::bound(i).count());
    CHECK(high > low);
    CHECK(high <= low * 1.125);
  }
  for (Duration decade = 1us; decade < 10s; decade *= 10) {
    for (const int digit : {1, 2, 5}) {
      CHECK(TimeHistogram::bound(TimeHistogram::bucket_of(decade * digit)) == decade * digit);
    }
  }
  CHECK(TimeHistogram::bucket_of(10s) == TimeHistogram::kBounds - 1);
  CHECK(TimeHistogram::bucket_of(10s + 1ns) == TimeHistogram::kBounds);
  CHECK(TimeHistogram::bucket_of(-5ms) == 0);
  CHECK(TimeHistogram::bound(TimeHistogram::kBounds) == Duration::max());
}

TEST_CASE("percentiles of a time histogram are at most an eighth above the true ones") {
  std::mt19937_64 random{7};
  std::lognormal_distribution<double> times{15.0, 1.2};  // about 3 ms
  std::vector<std::int64_t> all;
  TimeHistogram one;
  TimeHistogram two;
  for (int i = 0; i < 20'000; ++i) {
    all.push_back(static_cast<std::int64_t>(times(random)));
    (i % 3 == 0 ? one : two).add(Duration{all.back()});
  }
  std::sort(all.begin(), all.end());
  one.add(two);
  CHECK(one.total() == all.size());
  CHECK(one.min()->count() == all.front());
  CHECK(one.max()->count() == all.back());
  std::int64_t sum = 0;
  for (const auto value : all) {
    sum += value;
  }
  CHECK(one.sum_ns() == sum);
  for (const double share : {0.01, 0.5, 0.95, 0.999}) {
    const auto rank = static_cast<std::size_t>(share * static_cast<double>(all.size())) - 1;
    const auto truth = static_cast<double>(all[rank]);
    const auto told = static_cast<double>(one.percentile(share)->count());
    CHECK(told >= truth);
    CHECK(told <= truth * 1.13);
  }
  CHECK(one.percentile(1.0)->count() == all.back());
}

TEST_CASE("a time histogram without values has no percentile, least or largest") {
  const TimeHistogram empty;
  CHECK_FALSE(empty.percentile(0.5));
  CHECK_FALSE(empty.min());
  CHECK_FALSE(empty.max());
}

TEST_CASE("a time histogram is the same after its counts and totals were kept") {
  TimeHistogram made;
  made.add(-3ms, 2);
  made.add(42us, 5);
  made.add(1min);
  std::array<std::uint64_t, TimeHistogram::kBuckets> counts{};
  for (std::size_t i = 0; i < counts.size(); ++i) {
    counts.at(i) = made.count(i);
  }
  CHECK(TimeHistogram::of(counts, made.totals()) == made);
  CHECK(made.count(0) == 2);
  CHECK(made.count(TimeHistogram::kBuckets - 1) == 1);
}

TEST_CASE("sums of a time histogram stop at the largest number in place of turning round") {
  TimeHistogram made;
  made.add(Duration::max(), 3);
  made.add(1s, UINT64_MAX);
  CHECK(made.sum_ns() == INT64_MAX);
  CHECK(made.total() == UINT64_MAX);
  TimeHistogram below;
  below.add(Duration{INT64_MIN + 1}, 3);
  below.add(Duration{-1}, UINT64_MAX);
  CHECK(below.sum_ns() < INT64_MIN / 2);
}

}  // namespace
}  // namespace udperf::monitor
