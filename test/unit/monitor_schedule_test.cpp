#include <algorithm>
#include <map>

#include "monitor/schedule.hpp"
#include "support/catch.hpp"

namespace udperf::monitor {
namespace {

using namespace std::chrono_literals;

constexpr MonoTime kStart{1000s};
constexpr UnixTime kMidnight{std::chrono::hours{24 * 20000}};

TEST_CASE("a thousand targets have a round each period, evenly spread, for a day") {
  RoundSchedule schedule;
  for (std::uint64_t i = 0; i < 1000; ++i) {
    schedule.add(i, Timing{10s, {}, false}, kStart, kMidnight);
  }
  std::map<std::uint64_t, std::uint64_t> rounds;
  std::map<std::uint64_t, MonoTime> last;
  MonoTime now = kStart;
  std::size_t most_at_once = 0;
  const MonoTime end = kStart + 24h;
  while ((now = schedule.next()) < end) {
    const auto due = schedule.take_due(now);
    REQUIRE_FALSE(due.empty());
    most_at_once = std::max(most_at_once, due.size());
    for (const DueRound& round : due) {
      REQUIRE(round.due == now);
      REQUIRE(round.missed == 0);
      REQUIRE(round.number == ++rounds[round.target]);
      if (rounds[round.target] > 1) {
        REQUIRE(round.due - last[round.target] == 10s);
      }
      last[round.target] = round.due;
    }
  }
  CHECK(most_at_once <= 2);
  CHECK(std::all_of(rounds.begin(), rounds.end(),
                    [](const auto& one) { return one.second == 8640; }));
}

TEST_CASE("time that passed unseen makes missed rounds and one that runs, on the same grid") {
  RoundSchedule schedule;
  schedule.add(1, Timing{10s, {}, false}, kStart, kMidnight);
  const MonoTime first = schedule.next();
  REQUIRE(schedule.take_due(first).size() == 1);
  const auto due = schedule.take_due(first + 57s);
  REQUIRE(due.size() == 1);
  CHECK(due[0].missed == 4);
  CHECK(due[0].number == 6);
  CHECK(due[0].due == first + 50s);
  CHECK(schedule.next() == first + 60s);
}

TEST_CASE("a late turn moves no later round") {
  RoundSchedule schedule;
  schedule.add(1, Timing{10s, {}, false}, kStart, kMidnight);
  const MonoTime first = schedule.next();
  for (int i = 0; i < 100; ++i) {
    const auto due = schedule.take_due(first + i * 10s + 3s);
    REQUIRE(due.size() == 1);
    CHECK(due[0].due == first + i * 10s);
  }
}

TEST_CASE("what is down is asked less often, not in step, and at its usual pace once it answers") {
  RoundSchedule schedule;
  schedule.add(1, Timing{10s, {}, false}, kStart, kMidnight);
  std::vector<Duration> gaps;
  MonoTime last = schedule.next();
  for (std::uint32_t failures = 0; failures < 30; ++failures) {
    const MonoTime now = schedule.next();
    REQUIRE(schedule.take_due(now).size() == 1);
    gaps.push_back(now - last);
    last = now;
    schedule.finished(1, failures + 1, now + 1s);
  }
  CHECK(gaps[1] == 10s);
  CHECK(gaps.back() >= 39s);
  CHECK(gaps.back() <= 41s);
  CHECK(gaps[28] != gaps[29]);
  schedule.finished(1, 0, last + 2s);
  CHECK(schedule.next() == last + 12s);
}

TEST_CASE("a server that was busy at the time of day is asked again within the hour") {
  const bool daily = GENERATE(true, false);
  CAPTURE(daily);
  RoundSchedule schedule;
  const Timing timing = daily ? Timing{10s, 3h, true} : Timing{6h, {}, true};
  const Duration every = daily ? 24h : 6h;
  schedule.add(1, timing, kStart, kMidnight);
  const MonoTime first = schedule.next();
  for (std::uint64_t number = 1; number <= 5; ++number) {
    const MonoTime now = schedule.next();
    CHECK(now <= first + 1h + 1min);
    const auto due = schedule.take_due(now);
    REQUIRE(due.size() == 1);
    CHECK(due[0].number == number);
    CHECK(due[0].missed == 0);
    schedule.landed(1, number);
    schedule.finished(1, 1, now);
    schedule.refused(1, now);
  }
  CHECK(schedule.next() == first + every);  // enough of that, and on by the grid
  const auto due = schedule.take_due(schedule.next());
  REQUIRE(due.size() == 1);
  CHECK(due[0].number == 6);
  schedule.landed(1, 6);
  schedule.refused(1, first + every);
  CHECK(schedule.next() < first + every + 1h);
}

TEST_CASE("a clock that is set ends what was to be asked again, and days go on") {
  RoundSchedule schedule;
  schedule.add(1, Timing{10s, 3h, false}, kStart, kMidnight);
  REQUIRE(schedule.take_due(kStart + 3h).size() == 1);
  schedule.refused(1, kStart + 3h);
  schedule.clock_set(-5s, kStart + 3h + 1min, kMidnight + 3h + 1min - 5s);
  CHECK(schedule.next() == kStart + 27h + 5s);
}

TEST_CASE("who is asked each minute is not asked beside that since the server was busy") {
  RoundSchedule schedule;
  schedule.add(1, Timing{60s, {}, true}, kStart, kMidnight);
  const MonoTime first = schedule.next();
  REQUIRE(schedule.take_due(first).size() == 1);
  schedule.landed(1, 1);
  schedule.refused(1, first);
  CHECK(schedule.next() == first + 60s);
}

TEST_CASE("of heavy rounds one runs at a time, and none is forgotten") {
  RoundSchedule schedule;
  for (std::uint64_t i = 0; i < 3; ++i) {
    schedule.add(i, Timing{60s, {}, true}, kStart, kMidnight);
  }
  const MonoTime late = kStart + 60s;
  for (int i = 0; i < 3; ++i) {
    const auto due = schedule.take_due(late);
    REQUIRE(due.size() == 1);
    CHECK(schedule.take_due(late).empty());
    schedule.landed(due[0].target, due[0].number);
  }
  CHECK(schedule.take_due(late).empty());
  CHECK(schedule.next() > late);
}

TEST_CASE("a heavy round from elsewhere takes the one place, too") {
  RoundSchedule schedule;
  schedule.add(1, Timing{10s, {}, true}, kStart, kMidnight);
  CHECK(schedule.reserve_heavy());
  CHECK_FALSE(schedule.reserve_heavy());
  CHECK(schedule.take_due(kStart + 10s).empty());
  CHECK(schedule.next() == kNever);
  schedule.release_heavy();
  REQUIRE(schedule.take_due(kStart + 10s).size() == 1);
  CHECK_FALSE(schedule.reserve_heavy());
  schedule.release_heavy();  // another's place is not given away
  CHECK_FALSE(schedule.reserve_heavy());
}

TEST_CASE("a heavy round whose target is removed keeps its place until it has landed") {
  RoundSchedule schedule;
  schedule.add(1, Timing{10s, {}, true}, kStart, kMidnight);
  schedule.add(2, Timing{10s, {}, true}, kStart, kMidnight);
  const auto due = schedule.take_due(kStart + 10s);
  REQUIRE(due.size() == 1);
  schedule.remove(due[0].target);
  CHECK(schedule.size() == 1);
  CHECK(schedule.take_due(kStart + 10s).empty());
  CHECK_FALSE(schedule.reserve_heavy());
  schedule.landed(99, due[0].number);  // another's
  CHECK(schedule.take_due(kStart + 10s).empty());
  schedule.landed(due[0].target, due[0].number);
  CHECK(schedule.take_due(kStart + 10s).size() == 1);
}

TEST_CASE("a heavy round keeps its place when its timing changes, and when an earlier one lands") {
  RoundSchedule schedule;
  schedule.add(1, Timing{10s, {}, false}, kStart, kMidnight);
  schedule.add(2, Timing{10s, {}, true}, kStart + 20s, kMidnight);
  const auto light = schedule.take_due(kStart + 10s);
  REQUIRE(light.size() == 1);
  schedule.add(1, Timing{5s, {}, true}, kStart + 10s, kMidnight);
  const auto heavy = schedule.take_due(kStart + 15s);
  REQUIRE(heavy.size() == 1);
  REQUIRE(heavy[0].target == 1);
  schedule.landed(1, light[0].number);
  schedule.finished(1, 0, kStart + 16s);
  CHECK_FALSE(schedule.reserve_heavy());
  schedule.add(1, Timing{7s, {}, true}, kStart + 16s, kMidnight);
  schedule.add(1, Timing{7s, {}, false}, kStart + 16s, kMidnight);
  CHECK_FALSE(schedule.reserve_heavy());
  schedule.landed(1, heavy[0].number);
  CHECK(schedule.reserve_heavy());
}

TEST_CASE("a time of day is met once a day, today or tomorrow") {
  RoundSchedule schedule;
  schedule.add(1, Timing{10s, 3h + 10min, true}, kStart, kMidnight + 3h);
  CHECK(schedule.next() == kStart + 10min);
  schedule.add(2, Timing{10s, 2h, false}, kStart, kMidnight + 3h);
  const auto due = schedule.take_due(kStart + 10min);
  REQUIRE(due.size() == 1);
  schedule.landed(1, due[0].number);
  CHECK(schedule.next() == kStart + 23h);
  CHECK(schedule.take_due(kStart + 24h + 10min).size() == 2);
}

TEST_CASE("a time of day follows a wall clock that is set, and other rounds do not") {
  RoundSchedule schedule;
  schedule.add(1, Timing{10s, 3h + 10min, false}, kStart, kMidnight + 1h);
  REQUIRE(schedule.next() == kStart + 2h + 10min);
  // At one it turns out that it is five.
  schedule.clock_set(4h, kStart, kMidnight + 5h);
  CHECK(schedule.next() == kStart + 22h + 10min);
  schedule.clock_set(-4h, kStart + 1h, kMidnight + 2h);
  CHECK(schedule.next() == kStart + 2h + 10min);
  CHECK(schedule.take_due(kStart + 2h + 10min).size() == 1);
  CHECK(schedule.next() == kStart + 26h + 10min);

  RoundSchedule grid;
  grid.add(1, Timing{10s, {}, false}, kStart, kMidnight);
  const MonoTime first = grid.next();
  grid.clock_set(3h, kStart, kMidnight + 3h);
  CHECK(grid.next() == first);
}

TEST_CASE("a small correction makes no time of day happen twice, or not at all") {
  RoundSchedule schedule;
  schedule.add(1, Timing{10s, 3h, false}, kStart, kMidnight + 2h);
  const MonoTime three = kStart + 1h;
  schedule.clock_set(2s, three - 1s, kMidnight + 3h + 1s);
  REQUIRE(schedule.take_due(three - 1s).size() == 1);
  CHECK(schedule.next() == three - 1s + 24h);
  schedule.clock_set(-5s, three, kMidnight + 3h - 3s);
  CHECK(schedule.next() == three + 3s + 24h);
  // Two hours back it is worth another one.
  schedule.clock_set(-2h, three + 10s, kMidnight + 1h);
  CHECK(schedule.next() == three + 10s + 2h);
}

TEST_CASE("a round that waits for another heavy one waits on when the clock is set") {
  RoundSchedule schedule;
  schedule.add(1, Timing{10s, 3h, true}, kStart, kMidnight + 2h);
  REQUIRE(schedule.reserve_heavy());
  CHECK(schedule.take_due(kStart + 2h).empty());
  schedule.clock_set(5h, kStart + 2h, kMidnight + 9h);
  schedule.release_heavy();
  CHECK(schedule.take_due(kStart + 2h).size() == 1);
}

TEST_CASE("what is added again keeps its grid, and its numbers on another one") {
  RoundSchedule schedule;
  schedule.add(1, Timing{10s, {}, false}, kStart, kMidnight);
  const MonoTime first = schedule.next();
  CHECK(schedule.take_due(first).at(0).number == 1);
  schedule.add(1, Timing{10s, {}, false}, first + 3s, kMidnight);
  CHECK(schedule.next() == first + 10s);
  schedule.add(1, Timing{10s, 4h, false}, first + 3s, kMidnight + 3h);
  CHECK(schedule.next() == first + 3s + 1h);
  CHECK(schedule.take_due(first + 2h).at(0).number == 2);
  schedule.add(1, Timing{10s, 5h, false}, first + 2h, kMidnight + 4h + 30min);
  CHECK(schedule.next() == first + 2h + 30min);
}

TEST_CASE("rounds that a sleep swallowed are counted, and times of day are met after it") {
  RoundSchedule schedule;
  schedule.add(1, Timing{10s, {}, false}, kStart, kMidnight);
  schedule.add(2, Timing{10s, 3h, false}, kStart, kMidnight);
  schedule.add(3, Timing{10s, 23h, false}, kStart, kMidnight);
  schedule.add(4, Timing{12h, {}, false}, kStart, kMidnight);
  CHECK(schedule.take_due(kStart).at(0).number == 1);
  // Eight hours passed; the clock of the grids stood still.
  const auto missed = schedule.slept(8h, kStart + 1s, kMidnight + 8h + 1s);
  REQUIRE(missed.size() == 2);
  CHECK(missed[0].target == 1);
  CHECK(missed[0].missed == 2880);
  CHECK(missed[0].number == 2881);
  CHECK(missed[1].target == 2);
  CHECK(missed[1].missed == 1);
  CHECK(schedule.take_due(kStart + 10s).at(0).number == 2882);
  std::map<std::uint64_t, MonoTime> first;
  while (first.size() < 4) {
    const MonoTime now = schedule.next();
    for (const DueRound& round : schedule.take_due(now)) {
      first.emplace(round.target, now);
    }
  }
  CHECK(first.at(3) == kStart + 15h);
  CHECK(first.at(2) == kStart + 19h);
}

TEST_CASE("a sleep is told once, by how long it was") {
  SleepWatch watch;
  CHECK(watch.slept(5h) == 0s);
  CHECK(watch.slept(5h + 1ms) == 0s);
  CHECK(watch.slept(6h) > 59min);
  CHECK(watch.slept(6h) == 0s);
}

TEST_CASE("a step of the wall clock is told once, and sleep is none") {
  StepWatch watch;
  const auto step = [&watch](Duration at, Duration wall, Duration suspended) {
    return watch.step({kStart + at, kMidnight + at + wall}, suspended);
  };
  CHECK_FALSE(step(0s, 0s, 0s));
  CHECK_FALSE(step(10s, 20ms, 0s));
  CHECK(step(20s, -1h, 0s).value() < -59min);
  CHECK_FALSE(step(30s, -1h, 0s));
  CHECK_FALSE(step(40s, 7h, 8h));
  CHECK_FALSE(step(40s, 7h + 60ms, 8h + 60ms));
}

}  // namespace
}  // namespace udperf::monitor
