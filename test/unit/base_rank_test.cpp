#include <cstdint>
#include <limits>

#include "base/rank.hpp"
#include "support/catch.hpp"

namespace udperf {
namespace {

TEST_CASE("a percentile is the smallest sample that a share does not exceed", "[base]") {
  CHECK(nearest_rank(0.5, 1) == 1);
  CHECK(nearest_rank(0.5, 2) == 1);
  CHECK(nearest_rank(0.5, 3) == 2);
  CHECK(nearest_rank(0.99, 100) == 99);
  CHECK(nearest_rank(0.99, 101) == 100);
  CHECK(nearest_rank(0.999, 1000) == 999);
}

TEST_CASE("the first and the last sample are the bounds of every percentile", "[base]") {
  CHECK(nearest_rank(0, 7) == 1);
  CHECK(nearest_rank(1, 7) == 7);
  CHECK(nearest_rank(0.5, 0) == 1);
  constexpr auto most = std::numeric_limits<std::uint64_t>::max();
  CHECK(nearest_rank(1, most) == most);
}

}  // namespace
}  // namespace udperf
