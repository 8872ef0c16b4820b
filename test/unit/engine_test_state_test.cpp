#include "engine/test_state.hpp"
#include "support/catch.hpp"

using namespace std::chrono_literals;

namespace udperf::engine {
namespace {

TEST_CASE("the shortest and the longest round trip are kept", "[engine]") {
  TestState test;
  CHECK_FALSE(test.least_round_trip());

  for (const Duration rtt : {Duration{7ms}, Duration{3ms}, Duration{9ms}, Duration{5ms}}) {
    test.note_round_trip(rtt);
  }

  CHECK(test.least_round_trip() == Duration{3ms});
  CHECK(test.round_trip() == Duration{9ms});
}

TEST_CASE("the better value is kept, though another thread sets one at that moment", "[engine]") {
  const int theirs = GENERATE(9, 5);
  std::atomic<int> kept{1};
  bool first = true;

  keep_if(kept, 7, [&](int value, int known) {
    if (first) {
      first = false;
      kept.store(theirs);
    }
    return value > known;
  });

  CHECK(kept.load() == std::max(theirs, 7));
}

}  // namespace
}  // namespace udperf::engine
