#include <algorithm>
#include <atomic>
#include <thread>

#include "rounds/host_watch.hpp"
#include "support/catch.hpp"
#include "support/fake_clock.hpp"

using namespace std::chrono_literals;
using namespace udperf;

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
