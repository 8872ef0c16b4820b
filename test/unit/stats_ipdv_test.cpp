#include <cmath>
#include <cstdlib>
#include <initializer_list>
#include <numeric>
#include <utility>
#include <vector>

#include "stats/ipdv.hpp"
#include "support/catch.hpp"
#include "support/seeded_random.hpp"

using namespace std::chrono_literals;
using udperf::Duration;
using udperf::stats::Ipdv;

namespace {

/// Single datagrams: number and transit time in ns, in the order of arrival.
Ipdv ipdv_of(std::initializer_list<std::pair<std::uint64_t, std::int64_t>> arrivals) {
  Ipdv ipdv;
  for (const auto& [number, ns] : arrivals) {
    ipdv.add(number, number + 1, Duration{ns});
  }
  return ipdv;
}

}  // namespace

TEST_CASE("delays 20, 10, 20, 25, 20 vary by 10, 10, 5 and 5", "[stats]") {
  const Ipdv ipdv = ipdv_of({{0, 20}, {1, 10}, {2, 20}, {3, 25}, {4, 20}});

  CHECK(ipdv.n() == 4);
  CHECK(ipdv.mean_abs() == 8ns);  // 7.5
  CHECK(ipdv.max_abs() == 10ns);
  CHECK(ipdv.p95_abs() == 10ns);
}

TEST_CASE("a lost neighbour leaves delay variation undefined", "[stats]") {
  const Ipdv every_second_lost = ipdv_of({{0, 3}, {2, 5}, {4, 4}, {6, 3}, {8, 4}});

  CHECK(every_second_lost.n() == 0);
  CHECK_FALSE(every_second_lost.mean_abs());
  CHECK_FALSE(every_second_lost.p95_abs());
  CHECK_FALSE(every_second_lost.max_abs());
}

TEST_CASE("a burst of losses leaves the pairs around it", "[stats]") {
  // RFC 5481 s6.1: 3, 4, five lost, 5, 4, 3.
  const Ipdv ipdv = ipdv_of({{0, 3}, {1, 4}, {7, 5}, {8, 4}, {9, 3}});

  CHECK(ipdv.n() == 3);
  CHECK(ipdv.max_abs() == 1ns);
  CHECK(ipdv.mean_abs() == 1ns);
}

TEST_CASE("neighbours are found in whatever order they arrive", "[stats]") {
  const Ipdv ipdv = ipdv_of({{2, 100}, {0, 10}, {1, 40}});

  CHECK(ipdv.n() == 2);
  CHECK(ipdv.max_abs() == 60ns);
  CHECK(ipdv.mean_abs() == 45ns);
}

TEST_CASE("of a batch only the head counts, beside the heads of its neighbours", "[stats]") {
  Ipdv ipdv;
  ipdv.add(0, 44, 100ns);
  ipdv.add(44, 88, 130ns);
  ipdv.add(90, 134, 500ns);  // 88 and 89 are lost

  CHECK(ipdv.n() == 1);
  CHECK(ipdv.max_abs() == 30ns);
}

TEST_CASE("neighbours further apart in arrival than the memory are not paired", "[stats]") {
  Ipdv ipdv;
  ipdv.add(5, 6, 0ns);
  for (std::uint64_t number = 1000; number < 1000 + Ipdv::kMemory; ++number) {
    ipdv.add(number, number + 1, 1ns);
  }
  ipdv.add(6, 7, 1000ns);

  CHECK(ipdv.n() == Ipdv::kMemory - 1);
  CHECK(ipdv.max_abs() == 0ns);
}

TEST_CASE("number 0 has no neighbour before it", "[stats]") {
  CHECK(ipdv_of({{0, 1}}).n() == 0);
}

TEST_CASE("of few datagrams nothing is forgotten, in whatever order they come", "[stats]") {
  const std::uint64_t packets = GENERATE(1U, 2U, 3U, 63U, 64U, 65U, 100U, 1000U, 1024U);
  CAPTURE(packets);
  udperf::test::SeededRandom random{packets};
  std::vector<std::uint64_t> order(packets);
  std::iota(order.begin(), order.end(), 0U);
  for (std::size_t i = packets; i > 1; --i) {
    std::swap(order[i - 1],
              order[static_cast<std::size_t>(random.between(0, static_cast<std::int64_t>(i) - 1))]);
  }
  std::vector<std::int64_t> transit(packets);
  Ipdv ipdv{packets};
  for (const std::uint64_t number : order) {
    transit[number] = random.between(0, 1'000'000);
    ipdv.add(number, number + 1, Duration{transit[number]});
  }
  double sum = 0;
  for (std::size_t i = 1; i < packets; ++i) {
    sum += static_cast<double>(std::abs(transit[i] - transit[i - 1]));
  }
  CHECK(ipdv.n() == packets - 1);
  if (packets > 1) {
    CHECK(ipdv.mean_abs() == Duration{std::llround(sum / static_cast<double>(packets - 1))});
  }
}
