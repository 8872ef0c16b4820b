#include "search/bracket.hpp"
#include "search/overloads.hpp"
#include "search/time_budget.hpp"
#include "support/catch.hpp"

using namespace std::chrono_literals;
using namespace udperf;
using namespace udperf::search;

namespace {

TrialPart trial(double bps, Verdict verdict) {
  TrialPart out;
  out.rate_bps = bps;
  out.verdict = verdict;
  return out;
}

LateRate late_of(double low, bool steady = true, bool saturated = true) {
  LateRate out;
  out.low_bps = low;
  out.high_bps = 1.01 * low;
  out.steady = steady;
  out.saturated = saturated;
  return out;
}

}  // namespace

TEST_CASE("a trial fits with what trials have cost beside their duration", "[search]") {
  TimeBudget time{10s};
  CHECK(time.fits(9500ms));
  CHECK_FALSE(time.fits(9501ms));
  CHECK(time.fits(4600ms, 2));
  CHECK_FALSE(time.fits(4601ms, 2));
  time.begin_trial();
  time.move_to(3s);
  time.end_trial(1s);  // two seconds more than it asked for
  CHECK(time.overhead() == 2s);
  CHECK(time.fits(4800ms));
  CHECK_FALSE(time.fits(4801ms));
  for (int i = 0; i < 10; ++i) {  // quick ones are believed little by little
    time.begin_trial();
    time.end_trial(0s);
  }
  CHECK(time.overhead() == 50ms);
}

TEST_CASE("long round trips need a longer last word, at most a second", "[search]") {
  TimeBudget time{10s};
  time.note_loaded_rtt(200ms);
  CHECK(time.fits(9100ms));
  CHECK_FALSE(time.fits(9101ms));
  time.note_loaded_rtt(10ms);  // never shorter again
  CHECK_FALSE(time.fits(9101ms));
  time.note_loaded_rtt(1h);
  CHECK(time.fits(8700ms));
  CHECK_FALSE(time.fits(8701ms));
}

TEST_CASE("what passed counts below what failed and below what comes out", "[search]") {
  const std::vector<TrialPart> trials{trial(1e6, Verdict::passed), trial(8e6, Verdict::passed),
                                      trial(5e6, Verdict::lossy), trial(3e6, Verdict::passed)};
  Bracket bracket;
  CHECK_FALSE(bracket.high());
  CHECK(bracket.low(trials) == 8e6);
  bracket.guess(8e6);  // a bucket let the faster one pass
  CHECK(bracket.low(trials) == 3e6);
  bracket.saturated(late_of(9e6));
  CHECK(bracket.low(trials) == 8e6);
  CHECK(bracket.high() == 1.01 * 9e6);
  bracket.failed(5e6);
  bracket.failed(6e6);
  CHECK(bracket.failed_bps() == 5e6);
  CHECK(bracket.high() == 5e6);
  CHECK(bracket.low(trials) == 3e6);
  bracket.forget_failed();
  CHECK(bracket.high() == 1.01 * 9e6);
  bracket.saturated(late_of(1e6));
  CHECK_FALSE(bracket.low(trials));
}

TEST_CASE("overloads get longer, never shorter, and come to an end", "[search]") {
  Overloads overloads;
  REQUIRE(overloads.again(1s));
  CHECK(overloads.duration() == 1300ms);
  REQUIRE(overloads.again(800ms));
  CHECK(overloads.duration() == 1300ms);
  overloads.lengthen();
  CHECK(overloads.duration() == 2600ms);
  overloads.lengthen();
  CHECK(overloads.duration() == Overloads::kLongest);
  CHECK(overloads.again(1s));
  CHECK(overloads.again(1s));
  CHECK(overloads.again(1s));
  CHECK_FALSE(overloads.again(1s));
}

TEST_CASE("an overload is made gentler once", "[search]") {
  Overloads overloads;
  CHECK(overloads.factor() == 2);
  CHECK(overloads.soften());
  CHECK(overloads.factor() == 1.25);
  CHECK_FALSE(overloads.soften());
}

TEST_CASE("where the bottleneck ran dry the better of two tries counts", "[search]") {
  Overloads overloads;
  SECTION("it did not") {
    CHECK(overloads.settle(late_of(5e6), true)->low_bps == 5e6);
  }
  SECTION("there is no time for another") {
    CHECK(overloads.settle(late_of(5e6, true, false), false)->low_bps == 5e6);
  }
  SECTION("the first was better") {
    CHECK_FALSE(overloads.settle(late_of(5e6, true, false), true));
    CHECK(overloads.settle(late_of(4e6, true, false), true)->low_bps == 5e6);
    CHECK_FALSE(overloads.settle(late_of(3e6, true, false), true));  // forgotten
  }
  SECTION("the first was better, but its halves differed") {
    CHECK_FALSE(overloads.settle(late_of(5e6, false, false), true));
    CHECK(overloads.settle(late_of(4e6), true)->low_bps == 4e6);
  }
}
