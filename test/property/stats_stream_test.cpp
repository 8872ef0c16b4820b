#include <cstdlib>
#include <string>

#include "model/packet_plan.hpp"
#include "support/arrival_generator.hpp"
#include "support/catch.hpp"
#include "support/oracle.hpp"
#include "support/stats_replay.hpp"

using udperf::PacketPlan;
using udperf::RxReport;
using udperf::test::random_test;
using udperf::test::RandomTest;

namespace {

/// UDPERF_PROPERTY_RUNS raises it, e.g. to 1000000 where the statistics change.
std::uint32_t property_runs() {
  const char* text = std::getenv("UDPERF_PROPERTY_RUNS");  // NOLINT(concurrency-mt-unsafe)
  constexpr std::uint32_t kRuns = UDPERF_TEST_TIME_FACTOR == 1 ? 30'000 : 5000;
  return text == nullptr ? kRuns : static_cast<std::uint32_t>(std::strtoul(text, nullptr, 10));
}

}  // namespace

TEST_CASE("the statistics of any arrivals are those of the naive oracle", "[stats][property]") {
  for (std::uint32_t seed = 1; seed <= property_runs(); ++seed) {
    const RandomTest test = random_test(seed);

    const RxReport seen = replay(test.log, PacketPlan::for_stream(test.params, udperf::Way::up, 0));

    INFO("seed " << seed << ", " << test.log.runs.size() << " reads, sent " << test.log.sent);
    const auto wrong = udperf::test::difference(udperf::test::oracle_report(test.log), seen);
    REQUIRE(wrong == "");
    REQUIRE(udperf::test::broken_law(seen) == "");
  }
}

TEST_CASE("the random arrivals hold every kind of trouble", "[stats][property]") {
  RxReport sum;
  std::uint64_t limited = 0;
  std::uint64_t short_last = 0;
  for (std::uint32_t seed = 1; seed <= 300; ++seed) {
    const RandomTest test = random_test(seed);
    const RxReport truth = udperf::test::oracle_report(test.log);
    sum.unique += truth.unique;
    sum.lost += truth.lost;
    sum.late += truth.late;
    sum.invalid += truth.invalid;
    sum.duplicates += truth.duplicates;
    sum.reordered += truth.reordered;
    sum.n3_reordered += truth.n3_reordered;
    sum.outages.insert(sum.outages.end(), truth.outages.begin(), truth.outages.end());
    sum.intervals.insert(sum.intervals.end(), truth.intervals.begin(), truth.intervals.end());
    limited += PacketPlan::for_stream(test.params, udperf::Way::up, 0).limited() ? 1U : 0U;
    short_last += test.log.lengths.empty() ? 0U : 1U;
  }

  CHECK(sum.unique > 10000);
  CHECK(sum.lost > 10000);
  CHECK(sum.late > 10);
  CHECK(sum.invalid > 50);
  CHECK(sum.duplicates > 1000);
  CHECK(sum.reordered > 1000);
  CHECK(sum.n3_reordered > 100);
  CHECK(sum.outages.size() > 100);
  CHECK(sum.intervals.size() > 1000);
  CHECK(limited > 30);
  CHECK(short_last > 30);
}
