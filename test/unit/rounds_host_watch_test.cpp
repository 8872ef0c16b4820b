#include "rounds/host_watch.hpp"
#include "support/catch.hpp"

namespace udperf::rounds {
namespace {

using namespace std::chrono_literals;

TEST_CASE("a thread that is held up between two clocks sees no suspension") {
  constexpr Duration kSuspended = 7s;
  const int held_before = GENERATE(range(0, 9));  // this of the readings, and then not
  CAPTURE(held_before);
  Duration awake{100s};
  int reading = 0;
  const auto pass = [&] { awake += reading++ == held_before ? Duration{300ms} : Duration{1us}; };
  const Duration suspended = suspended_by(
      [&] {
        pass();
        return awake;
      },
      [&] {
        pass();
        return awake + kSuspended;
      });
  CHECK(suspended >= kSuspended - 1ms);
  CHECK(suspended <= kSuspended + 1ms);
}

TEST_CASE("this host's own suspensions are no less than none") {
  const Duration first = suspended_time();
  CHECK(first >= 0s);
}

}  // namespace
}  // namespace udperf::rounds
