// The judge of what is measured on real sockets.

#include <limits>

#include "support/catch.hpp"
#include "support/condition.hpp"

using namespace std::chrono_literals;
using namespace udperf;
using test::Attempt;

namespace {

/// Nothing that this host does is strain.
test::Conditions of_a_quiet_host() {
  test::Conditions conditions;
  conditions.latest = conditions.late_p99 = conditions.stolen = 24h;
  conditions.drops = std::numeric_limits<std::uint64_t>::max();
  conditions.tries = 3;
  return conditions;
}

}  // namespace

TEST_CASE("what the program never keeps on a quiet host is a failure", "[support][!shouldfail]") {
  test::measure_under_condition([](Attempt& attempt) { attempt.keeps(false, "what it does"); },
                                of_a_quiet_host());
}

TEST_CASE("what the program keeps in the third try is measured then", "[support]") {
  int tries = 0;
  CHECK(test::measure_under_condition(
      [&tries](Attempt& attempt) { attempt.keeps(++tries == 3, "what it does"); },
      of_a_quiet_host()));
  CHECK(tries == 3);
}
