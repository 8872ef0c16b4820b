#include "sender/host_load.hpp"
#include "support/catch.hpp"

using namespace std::chrono_literals;
using udperf::Duration;
using udperf::sender::permille_of;

TEST_CASE("shares of a time are told of a year's test, too", "[sender]") {
  CHECK(permille_of(0s, 1s) == 0);
  CHECK(permille_of(1ms, 1s) == 1);
  CHECK(permille_of(2s, 1s) == 1000);
  CHECK(permille_of(-1s, 1s) == 0);
  CHECK(permille_of(24h * 183, 24h * 366) == 500);
  CHECK(permille_of(24h * 366, 24h * 366) == 1000);
  CHECK(permille_of(Duration::max(), Duration{1}) == 1000);
}
