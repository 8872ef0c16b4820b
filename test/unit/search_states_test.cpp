// What each state of a search makes of a trial, one step at a time.

#include "search/states.hpp"
#include "search/transitions.hpp"
#include "support/catch.hpp"

using namespace std::chrono_literals;
using namespace udperf;
using namespace udperf::search;

namespace {

constexpr double kRate = 10e6;

LateRate late_at(double bps, bool steady = true) {
  LateRate late;
  late.low_bps = bps;
  late.high_bps = 1.001 * bps;
  late.steady = steady;
  return late;
}

/// A trial in which `offered` went in and all but `lost` of 1000 datagrams came out.
Observation seen_of(double offered, std::uint64_t lost = 0) {
  Observation seen;
  seen.complete = true;
  seen.payload_bytes = 1472;
  seen.offered_bps = offered;
  seen.goodput_bps = offered * (1 - static_cast<double>(lost) / 1000);
  seen.sent = 1000;
  seen.lost = lost;
  return seen;
}

/// Half of what went in came out.
Observation full_at(double bps, bool steady = true) {
  Observation seen = seen_of(2 * bps, 500);
  seen.late = late_at(bps, steady);
  return seen;
}

Goal goal_of(Duration time) {
  Goal goal;
  goal.time = time;
  return goal;
}

/// A search with a minute, over a bottleneck that has carried kRate in an overload.
struct Searched {
  PathKnowledge known{goal_of(60s)};
  Overload measuring;

  Searched() {
    const State state = overload(known, kRate);
    measuring = std::get<Overload>(state);
    known.take_ceiling(late_at(kRate));
  }

  template <typename S>
  State after(const S& state, const Observation& seen, Verdict verdict) {
    Trial trial;
    trial.step = S::kStep;
    trial.rate_bps = state.rate;
    return state.after(Tried{trial, seen, verdict}, known);
  }
};

template <typename S>
S is(const State& state) {
  REQUIRE(std::holds_alternative<S>(state));
  return std::get<S>(state);
}

}  // namespace

TEST_CASE("an approach goes on eight times faster, sixteen where trials are costly", "[search]") {
  Searched search;
  CHECK(is<Approach>(search.after(Approach{1e6}, seen_of(1e6), Verdict::passed)).rate == 8e6);
  search.known.time.begin_trial();
  search.known.time.move_to(1s);
  search.known.time.end_trial(0s);
  CHECK(is<Approach>(search.after(Approach{1e6}, seen_of(1e6), Verdict::passed)).rate == 16e6);
}

TEST_CASE("an approach that the hosts cut short asks for more once", "[search]") {
  Searched search;
  const Observation as_before = seen_of(1e6);
  const Approach first{8e6, 1e6, false};
  const auto more = is<Approach>(search.after(first, as_before, Verdict::host_limited));
  CHECK(more.rate == 64e6);
  CHECK(more.repeated);
  CHECK_FALSE(search.known.host_is_limit);
  const State next = search.after(more, as_before, Verdict::host_limited);
  CHECK(is<BelowHosts>(next).rate == 0.95e6);
  CHECK(search.known.host_is_limit);
}

TEST_CASE("an approach that does better after a try that fell short is a first try", "[search]") {
  Searched search;
  const Approach again{8e6, 1e6, true};
  CHECK_FALSE(is<Approach>(search.after(again, seen_of(8e6), Verdict::passed)).repeated);
}

TEST_CASE("an approach that congests ends in an overload of twice what came out", "[search]") {
  Searched search;
  const State next = search.after(Approach{64e6, 8e6, true}, full_at(20e6), Verdict::congested);
  const auto first = is<Overload>(next);
  CHECK(first.rate == 40e6);
  CHECK_FALSE(first.repeated);  // whatever the approach had to do twice
}

TEST_CASE("an approach at the fastest rate that was wanted confirms it", "[search]") {
  Searched search;
  search.known.goal.max_rate_bps = 5e6;
  CHECK(is<Confirm>(search.after(Approach{5e6}, seen_of(5e6), Verdict::passed)).rate == 5e6);
}

TEST_CASE("an overload is followed by a confirmation a little below", "[search]") {
  Searched search;
  const State next = search.after(search.measuring, full_at(kRate), Verdict::congested);
  const auto confirming = is<Confirm>(next);
  CHECK(confirming.rate < kRate);
  CHECK(confirming.rate > 0.99 * kRate);
  CHECK(search.known.answer.bottleneck_bps == kRate);
}

TEST_CASE("an overload that is not steady is made again for longer", "[search]") {
  Searched search;
  const Duration before = search.known.overloads.duration();
  const State next = search.after(search.measuring, full_at(kRate, false), Verdict::congested);
  CHECK(is<Overload>(next).duration(search.known) == 2 * before);
}

TEST_CASE("an overload whose sender fell short is made again once", "[search]") {
  Searched search;
  const Observation short_of = seen_of(kRate);
  const State next = search.after(search.measuring, short_of, Verdict::host_limited);
  const auto again = is<Overload>(next);
  CHECK(again.rate == search.measuring.rate);
  CHECK(again.repeated);
  const State then = search.after(again, short_of, Verdict::host_limited);
  CHECK(is<BelowHosts>(then).rate == 0.95 * kRate);
}

TEST_CASE("an overload of merged buffers is made again with single datagrams", "[search]") {
  Searched search;
  Observation merged = full_at(1.02 * kRate);
  merged.merged = true;
  merged.rtt_idle_p50_ns = 100'000;
  merged.rtt_loaded_p50_ns = 200'000;
  const auto singly = is<Overload>(search.after(search.measuring, merged, Verdict::lossy));
  CHECK(search.known.single);
  CHECK(singly.rate == search.measuring.rate);
  SECTION("what that comes to counts") {
    const State next = search.after(singly, full_at(kRate), Verdict::lossy);
    CHECK(is<Confirm>(next).rate < kRate);
  }
  SECTION("the merged one has to do where the sender cannot") {
    const State next = search.after(singly, seen_of(kRate / 2), Verdict::host_limited);
    CHECK(is<Confirm>(next).rate > kRate);
    CHECK_FALSE(search.known.single);
  }
  SECTION("it is kept while the single one is made longer") {
    const State longer = search.after(singly, full_at(kRate, false), Verdict::lossy);
    const State next =
        search.after(is<Overload>(longer), seen_of(kRate / 2), Verdict::host_limited);
    CHECK(is<Confirm>(next).rate > kRate);
  }
  SECTION("it is of no use once more than that has passed") {
    const State faster = search.after(singly, seen_of(singly.rate), Verdict::passed);
    const auto again = is<Overload>(faster);
    const State next = search.after(again, seen_of(kRate / 2), Verdict::host_limited);
    CHECK(is<Overload>(next).repeated);
  }
}

TEST_CASE("an overload that the hosts lose is made gentler once", "[search]") {
  Searched search;
  const Observation lost = seen_of(2 * kRate, 400);
  const State next = search.after(search.measuring, lost, Verdict::host_limited);
  CHECK(is<Overload>(next).rate == 1.25 * lost.goodput_bps);
  const State then = search.after(is<Overload>(next), lost, Verdict::host_limited);
  CHECK_FALSE(std::holds_alternative<Overload>(then));
}

TEST_CASE("the bottleneck that is another one each time has no answer", "[search]") {
  Searched search;
  State state = search.measuring;
  while (std::holds_alternative<Overload>(state)) {
    const Overload now = std::get<Overload>(state);
    state = search.after(now, seen_of(now.rate), Verdict::passed);
  }
  is<Done>(state);
  CHECK(search.known.answer.limited_by == Limit::unstable);
}

TEST_CASE("below the hosts' rate it goes down until nothing is lost", "[search]") {
  Searched search;
  const State slower = search.after(BelowHosts{8e6}, seen_of(8e6, 100), Verdict::host_limited);
  const auto next = is<BelowHosts>(slower);
  CHECK(next.rate == 0.9 * 8e6);
  CHECK(search.known.bracket.failed_bps() == 8e6);
  // Slower than asked for, but all of it passed.
  const State passed = search.after(next, seen_of(6e6), Verdict::host_limited);
  CHECK(is<Confirm>(passed).rate == next.rate);
}

TEST_CASE("a queue below the hosts' rate makes the network the limit again", "[search]") {
  Searched search;
  search.known.host_is_limit = true;
  const State next = search.after(BelowHosts{8e6}, full_at(3e6), Verdict::congested);
  CHECK(is<Overload>(next).rate == 6e6);
  CHECK_FALSE(search.known.host_is_limit);
}

TEST_CASE("a path loses where more is lost far below than chance and hosts lose", "[search]") {
  Searched search;
  Observation seen = seen_of(1e6, 4);
  seen.host_lost = 2;
  LossProbe probe{1e6, 9e6};
  probe = is<LossProbe>(search.after(probe, seen, Verdict::lossy));
  CHECK(probe.repeated);
  SECTION("with one more") {
    const State next = search.after(probe, seen_of(1e6, 1), Verdict::lossy);
    is<Done>(next);
    CHECK(search.known.answer.limited_by == Limit::path_loss);
    CHECK_FALSE(search.known.answer.answer_bps);
  }
  SECTION("not where the hosts own up to more than was lost") {
    Observation hosts = seen_of(1e6, 1);
    hosts.host_lost = 2;
    const State next = search.after(probe, hosts, Verdict::lossy);
    CHECK(std::holds_alternative<Bisect>(next));
  }
}

TEST_CASE("what lost is confirmed a second time where the path is not to blame", "[search]") {
  Searched search;
  const State next = search.after(LossProbe{1e6, 9e6}, seen_of(1e6), Verdict::passed);
  CHECK(is<Confirm>(next).rate == 9e6);
  CHECK(is<Confirm>(next).repeated);
  const State then = search.after(is<Confirm>(next), seen_of(9e6, 1), Verdict::lossy);
  CHECK(std::holds_alternative<LossProbe>(then));  // this search has not been told of the first
  search.known.loss_checked = true;
  CHECK(is<Bisect>(search.after(is<Confirm>(next), seen_of(9e6, 1), Verdict::lossy)).rate < 9e6);
}

TEST_CASE("a rate fails a bisection at the second try", "[search]") {
  Searched search;
  const State again = search.after(Bisect{5e6}, seen_of(5e6, 10), Verdict::lossy);
  CHECK(is<Bisect>(again).rate == 5e6);
  CHECK_FALSE(search.known.bracket.failed_bps());
  const State next = search.after(is<Bisect>(again), seen_of(5e6, 10), Verdict::lossy);
  CHECK(search.known.bracket.failed_bps() == 5e6);
  CHECK(is<Bisect>(next).rate < 5e6);
  CHECK_FALSE(is<Bisect>(next).repeated);
}

TEST_CASE("a bisection that has come to its end is confirmed", "[search]") {
  Searched search;
  Trial trial;
  trial.rate_bps = 0.995 * kRate;
  search.known.note(trial, seen_of(trial.rate_bps), Verdict::passed);
  const State next = search.after(Bisect{0.995 * kRate}, seen_of(trial.rate_bps), Verdict::passed);
  CHECK(is<Confirm>(next).rate == 0.995 * kRate);
}

TEST_CASE("a confirmation that passes near the bottleneck's rate is the answer", "[search]") {
  Searched search;
  const double rate = 0.997 * kRate;
  is<Done>(search.after(Confirm{rate}, seen_of(rate), Verdict::passed));
  CHECK(search.known.answer.confirmed);
  CHECK(search.known.answer.answer_bps == rate);
  CHECK(search.known.answer.limited_by == Limit::network);
}

TEST_CASE("a confirmation whose sender was held up is made again once", "[search]") {
  Searched search;
  const Confirm confirming{0.997 * kRate};
  const Observation held_up = seen_of(0.96 * kRate);
  const State again = search.after(confirming, held_up, Verdict::passed);
  CHECK(is<Confirm>(again).rate == confirming.rate);
  is<Done>(search.after(is<Confirm>(again), held_up, Verdict::passed));
  CHECK(search.known.answer.answer_bps == 0.96 * kRate);
}

TEST_CASE("a confirmation with a growing queue measures the bottleneck again, once", "[search]") {
  Searched search;
  Observation growing = seen_of(0.997 * kRate);
  growing.late = late_at(0.99 * kRate);
  const Confirm confirming{0.997 * kRate, true};
  const State next = search.after(confirming, growing, Verdict::congested);
  CHECK(is<Overload>(next).rate == 2 * 0.99 * kRate);
  CHECK_FALSE(is<Overload>(next).repeated);
  CHECK_FALSE(search.known.bracket.failed_bps());
  const State then = search.after(confirming, growing, Verdict::congested);
  CHECK(is<Confirm>(then).rate < 0.99 * kRate);
  CHECK(search.known.changes == 0);
}

TEST_CASE("a confirmation that finds another bottleneck counts the change", "[search]") {
  Searched search;
  Observation slower = full_at(0.5 * kRate);
  is<Overload>(search.after(Confirm{0.997 * kRate}, slower, Verdict::congested));
  CHECK(search.known.changes == 1);
  CHECK(search.known.answer.bottleneck_bps == 0.5 * kRate);
}

TEST_CASE("a confirmation that loses asks far below whether the path does", "[search]") {
  Searched search;
  const State next = search.after(Confirm{9e6}, seen_of(9e6, 10), Verdict::lossy);
  const auto probe = is<LossProbe>(next);
  CHECK(probe.rate <= 9e6 / 2);
  CHECK(probe.rate >= 9e6 / 8);
  CHECK(probe.lost_bps == 9e6);
}

TEST_CASE("a confirmation that the hosts lose goes down from what they managed", "[search]") {
  Searched search;
  const Observation seen = seen_of(9e6, 100);
  const State next = search.after(Confirm{9.5e6}, seen, Verdict::host_limited);
  CHECK(is<Confirm>(next).rate == seen.goodput_bps * 0.92);
  CHECK(search.known.host_is_limit);
  CHECK(search.known.bracket.failed_bps() == 9e6);
}
