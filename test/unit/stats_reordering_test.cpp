#include <vector>

#include "stats/reordering.hpp"
#include "support/catch.hpp"
#include "support/stats_replay.hpp"

using namespace std::chrono_literals;
using udperf::stats::Reordering;
using udperf::test::at_ms;
using Numbers = std::vector<std::uint64_t>;

namespace {

/// First copies that arrive 1 ms apart.
Reordering reordering_of(const Numbers& numbers) {
  Reordering reordering;
  std::int64_t ms = 0;
  for (const std::uint64_t number : numbers) {
    if (number >= reordering.next_expected()) {
      reordering.in_order(number, 1, at_ms(ms));
    } else {
      reordering.late(number, at_ms(ms));
    }
    ++ms;
  }
  return reordering;
}

void check(const Reordering& seen, const Numbers& extents, std::uint64_t n3) {
  std::uint64_t sum = 0;
  std::uint64_t largest = 0;
  for (const std::uint64_t extent : extents) {
    sum += extent;
    largest = std::max(largest, extent);
  }
  CHECK(seen.reordered() == extents.size());
  CHECK(seen.extent_count() == extents.size());
  CHECK(seen.extent_sum() == sum);
  CHECK(seen.extent_max() == largest);
  CHECK(seen.n3() == n3);
}

}  // namespace

TEST_CASE("RFC 4737 s7.1: packet 4 comes four places late", "[stats]") {
  check(reordering_of({1, 2, 3, 5, 6, 7, 8, 4, 9, 10}), {4}, 1);
}

TEST_CASE("RFC 4737 s7.2: packets 5 and 6 are overtaken by 7", "[stats]") {
  check(reordering_of({1, 2, 3, 4, 7, 5, 6, 8, 9, 10}), {1, 2}, 0);
}

TEST_CASE("RFC 4737 s7.3: three packets behind four, only the first 3-reordered", "[stats]") {
  check(reordering_of({1, 2, 3, 7, 8, 9, 10, 4, 5, 6, 11}), {4, 5, 6}, 1);
}

TEST_CASE("RFC 4737 s7.4: two discontinuities", "[stats]") {
  check(reordering_of({1, 2, 3, 6, 7, 4, 5, 8, 9, 10, 12, 13, 11, 14, 15, 16}), {2, 3, 2}, 0);
}

TEST_CASE("RFC 4737 s5.3: of 4, 5, 6 behind 7, 8, 9 only 4 is 3-reordered", "[stats]") {
  check(reordering_of({1, 2, 3, 7, 8, 9, 4, 5, 6}), {3, 4, 5}, 1);
}

TEST_CASE("losses alone are no reordering", "[stats]") {
  check(reordering_of({3, 5, 9, 10, 40}), {}, 0);
  CHECK(reordering_of({3, 5, 9, 10, 40}).late_max() == 0ms);
}

TEST_CASE("fewer than three predecessors make nothing 3-reordered", "[stats]") {
  check(reordering_of({5, 6, 1}), {2}, 0);
  check(reordering_of({5, 6, 7, 1}), {3}, 1);
}

TEST_CASE("late time runs from the arrival of the packet that overtook", "[stats]") {
  // RFC 4737 s7.1 has 4 arrive 62 ms after 5.
  Reordering reordering;
  reordering.in_order(1, 3, at_ms(68));
  reordering.in_order(5, 1, at_ms(128));
  reordering.in_order(6, 3, at_ms(150));
  reordering.late(4, at_ms(190));
  CHECK(reordering.late_max() == 62ms);
  CHECK(reordering.extent_max() == 4);

  reordering.in_order(10, 1, at_ms(200));
  reordering.late(9, at_ms(201));
  CHECK(reordering.late_max() == 62ms);
}

TEST_CASE("many in order at once are the same as one by one", "[stats]") {
  Reordering at_once;
  at_once.in_order(0, 100, at_ms(0));
  at_once.in_order(101, 50, at_ms(0));
  at_once.late(100, at_ms(7));

  check(at_once, {50}, 1);
  CHECK(at_once.next_expected() == 151);
}

TEST_CASE("a packet whose gap is forgotten counts, but has no extent", "[stats]") {
  Reordering reordering;
  for (std::uint64_t i = 0; i <= Reordering::kMostGaps; ++i) {
    reordering.in_order(2 * i + 1, 1, at_ms(0));
  }
  reordering.late(0, at_ms(1));
  CHECK(reordering.reordered() == 1);
  CHECK(reordering.extent_count() == 0);

  reordering.late(2, at_ms(1));
  CHECK(reordering.reordered() == 2);
  CHECK(reordering.extent_count() == 1);
  // In front of it: every number but the first, and 0.
  CHECK(reordering.extent_sum() == Reordering::kMostGaps + 1);
}
