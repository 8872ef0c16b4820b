#include "rounds/light_rounds.hpp"
#include "support/catch.hpp"

using namespace std::chrono_literals;
using namespace udperf;

TEST_CASE("a light round spreads its datagrams over its interval, both ways") {
  const TestParams params = rounds::light_params();
  CHECK_FALSE(check_params(params));
  CHECK(params.direction == Direction::both);
  CHECK(params.amount.packets == 100);
  CHECK(expected_duration(params, Way::up).value() > 9990ms);
  CHECK(expected_duration(params, Way::down) == expected_duration(params, Way::up));
}

TEST_CASE("a light round of any interval is one that can be run") {
  for (const Duration interval : {Duration{200ms}, Duration{1s}, Duration{7s}, Duration{1h}}) {
    const TestParams params = rounds::light_params(50, 64, interval);
    CAPTURE(interval.count());
    CHECK_FALSE(check_params(params));
    const Duration takes = expected_duration(params, Way::up).value();
    CHECK(takes > interval * 99 / 100);
    CHECK(takes <= interval);
  }
}
