#include <algorithm>
#include <atomic>
#include <thread>

#include "rounds/host_watch.hpp"
#include "support/catch.hpp"
#include "support/fake_clock.hpp"

namespace udperf::rounds {
namespace {

using namespace std::chrono_literals;

TEST_CASE("what a late step notices is told once, also while it is noticed", "[rounds]") {
  const test::FakeClock clock;
  rounds::HostWatch watch{clock, [] { return Duration{0}; }, {}};
  net::ReceiveBuffers buffers;
  constexpr Duration kLate = 10s;
  constexpr int kSteps = 20'000;
  std::atomic<int> steps{0};
  const auto time_of = [&clock, kLate](int step) {
    return clock.now() + step * (rounds::HostWatch::kEvery + kLate);
  };
  std::thread stepping{[&] {
    for (int i = 1; i <= kSteps; ++i) {
      steps.store(i);
      watch.step(time_of(i), buffers);
    }
  }};
  Duration too_much{0};
  for (int before = 0; before < kSteps; before = steps.load()) {
    const Duration told = watch.stood_still(time_of(before));
    too_much = std::max(too_much, told - steps.load() * kLate);
  }
  stepping.join();
  CHECK(too_much == 0s);
  CHECK(watch.stood_still(time_of(kSteps)) == kSteps * kLate);
}

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
