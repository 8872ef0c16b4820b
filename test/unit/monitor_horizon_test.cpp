#include "monitor/horizon.hpp"
#include "support/catch.hpp"

namespace udperf::monitor {
namespace {

using namespace std::chrono_literals;

constexpr UnixTime kBegin{1'800'000'000s};
constexpr Duration kDay = 24h;

TEST_CASE(
    "time that goes by is believed, with a host that sleeps and a clock that is a little off") {
  Horizon horizon{kBegin - 10min};
  for (int minute = 0; minute < 3000; ++minute) {
    CHECK(horizon.at(minute * 1min, kBegin + minute * 60'001ms) == kBegin + minute * 60'001ms);
  }
  CHECK(horizon.at(5 * kDay, kBegin + 5 * kDay) == kBegin + 5 * kDay);  // it slept
}

TEST_CASE("a step forward counts after a day, and none where it was taken back") {
  Horizon horizon{std::nullopt};
  CHECK(horizon.at(1h, kBegin) == kBegin);
  CHECK(horizon.at(2h, kBegin + 1h + 30 * kDay) == kBegin + 1h);
  CHECK(horizon.at(25h, kBegin + 24h + 30 * kDay) == kBegin + 24h);
  SECTION("it stays") {
    CHECK(horizon.at(26h, kBegin + 25h + 30 * kDay) == kBegin + 25h + 30 * kDay);
    CHECK(horizon.at(27h, kBegin + 26h + 30 * kDay) == kBegin + 26h + 30 * kDay);
  }
  SECTION("it is taken back") {
    CHECK(horizon.at(26h, kBegin + 25h) == kBegin + 25h);
    CHECK(horizon.at(99h, kBegin + 98h) == kBegin + 98h);
  }
  SECTION("another follows, and the day begins anew") {
    CHECK(horizon.at(25h + 30min, kBegin + 60 * kDay) == kBegin + 24h + 30min);
    CHECK(horizon.at(48h, kBegin + 60 * kDay + 22h) == kBegin + 47h);
    CHECK(horizon.at(50h, kBegin + 60 * kDay + 24h) == kBegin + 60 * kDay + 24h + 0h);
  }
}

TEST_CASE("who was stopped for long, or starts with a wrong clock, goes on from the last round") {
  Horizon horizon{kBegin};
  CHECK(horizon.at(0h, kBegin + 100 * kDay) == kBegin);
  CHECK(horizon.at(10h, kBegin + 100 * kDay + 10h) == kBegin + 10h);
  CHECK(horizon.at(24h, kBegin + 101 * kDay) == kBegin + 101 * kDay);
}

TEST_CASE("a clock that is set back is believed at once") {
  Horizon horizon{kBegin};
  CHECK(horizon.at(0h, kBegin) == kBegin);
  CHECK(horizon.at(1h, kBegin - 300 * kDay) == kBegin - 300 * kDay);
  Horizon later{kBegin + 7 * kDay};  // what is kept may be of a time to come
  CHECK(later.at(0h, kBegin) == kBegin);
}

}  // namespace
}  // namespace udperf::monitor
