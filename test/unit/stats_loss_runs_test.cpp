#include <string>
#include <string_view>

#include "stats/loss_runs.hpp"
#include "support/catch.hpp"

using udperf::stats::LossRuns;

namespace {

/// One character a number: 'l' lost, anything else received.
LossRuns runs_of(std::string_view pattern) {
  LossRuns runs;
  for (const char fate : pattern) {
    fate == 'l' ? runs.lost(1) : runs.received(1);
  }
  return runs;
}

}  // namespace

TEST_CASE("bursts are the RFC 3611 example's, and a lonely loss is none", "[stats][loss]") {
  // RFC 3611 s4.7.2 has 63 characters in its example of 64; the missing one is an arrival.
  const std::string eighteen(18, 'r');
  LossRuns runs = runs_of("rrrrl" + eighteen + "lrrrlrlrrrrl" + eighteen + "lrrrrrrrrrr");
  CHECK(runs.bursts() == 1);
  runs.finish();
  CHECK(runs.bursts() == 1);
  CHECK(runs.burst_packets() == 12);
  CHECK(runs.burst_lost() == 4);
  CHECK(runs.lost() == 6);
}

TEST_CASE("sixteen arrivals part two bursts, fifteen do not", "[stats][loss]") {
  const std::string fifteen(15, 'r');
  LossRuns one = runs_of("ll" + fifteen + "l");
  one.finish();
  CHECK(one.bursts() == 1);
  CHECK(one.burst_packets() == 18);
  CHECK(one.burst_lost() == 3);

  LossRuns two = runs_of("ll" + fifteen + "rl");
  two.finish();
  CHECK(two.bursts() == 1);
  CHECK(two.burst_packets() == 2);
  CHECK(two.lost() == 3);
}

TEST_CASE("the example of RFC 3357 s6.5 has four loss periods of at most two", "[stats]") {
  const LossRuns runs = runs_of("rlrrlrlrll");

  CHECK(runs.lost() == 5);
  CHECK(runs.periods() == 4);
  CHECK(runs.longest() == 2);
  CHECK(runs.head() == 0);
  CHECK(runs.tail() == 2);
  CHECK(*runs.burst_ratio() == Approx(5.0 / 4.0 * 0.5));
}

TEST_CASE("losses at the head and at the tail are told from those between", "[stats]") {
  const LossRuns runs = runs_of("lllrllrrlllll");

  CHECK(runs.head() == 3);
  CHECK(runs.tail() == 5);
  CHECK(runs.lost() == 10);
  CHECK(runs.periods() == 3);
  CHECK(runs.longest() == 5);
}

TEST_CASE("runs of losses handed over in pieces are one loss period", "[stats]") {
  LossRuns runs;
  runs.lost(2);
  runs.lost(3);
  runs.received(10);
  runs.lost(0);
  runs.received(0);
  runs.lost(1);
  runs.received(0);
  runs.lost(4);

  CHECK(runs.head() == 5);
  CHECK(runs.periods() == 2);
  CHECK(runs.longest() == 5);
  CHECK(runs.tail() == 5);
}

TEST_CASE("the burst ratio is 1 for losses at random and more for bursts", "[stats]") {
  // Lone losses, each followed by nine arrivals: rarer in a row than chance would have it.
  LossRuns spread;
  for (int i = 0; i < 10; ++i) {
    spread.lost(1);
    spread.received(9);
  }
  CHECK(*spread.burst_ratio() == Approx(0.9));

  LossRuns burst;
  burst.received(90);
  burst.lost(10);
  CHECK(*burst.burst_ratio() == Approx(9.0));
}

TEST_CASE("there is no burst ratio without loss, nor where all is lost", "[stats]") {
  CHECK_FALSE(LossRuns{}.burst_ratio());
  CHECK_FALSE(runs_of("rrrr").burst_ratio());

  const LossRuns all = runs_of("lll");
  CHECK_FALSE(all.burst_ratio());
  CHECK(all.head() == 3);
  CHECK(all.tail() == 3);
  CHECK(all.periods() == 1);
}
