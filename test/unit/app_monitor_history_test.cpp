#include <algorithm>
#include <thread>

#include "app/monitor/history.hpp"
#include "app/monitor/sqlite_file.hpp"
#include "clock/system_clock.hpp"
#include "support/catch.hpp"
#include "support/history_rows.hpp"
#include "support/monitored_rounds.hpp"
#include "support/temp_dir.hpp"

namespace udperf::app {
namespace {

using namespace std::chrono_literals;

/// The wall clock is set by the test, and so is the other.
class SetClock final : public Clock {
 public:
  [[nodiscard]] MonoTime now() const override { return system_.now(); }
  [[nodiscard]] UnixTime unix_now() const override { return unix; }
  UnixTime unix{1'800'000'000s};

 private:
  SystemClock system_;
};

/// Opened, fed and closed, so that all is written and nothing waits.
void write(const std::string& file, const Retention& retention,
           const std::vector<monitor::RoundResult>& rounds) {
  SetClock early;  // nothing is over yet, so nothing is summed up before all is there
  early.unix = rounds.front().start;
  auto history = History::open(file, retention, early, [](const std::string&) {});
  REQUIRE(history);
  for (const auto& round : rounds) {
    (*history)->put(test::target_named("gw"), round);
  }
}

/// A minute's work is done at the beginning of each: sums, and what is too old. It ends with all
/// rounds in sums of five minutes, and of hours but for the last one, which is not over.
void sum_up(const std::string& file, const Clock& clock, const Retention& retention) {
  const auto history = History::open(file, retention, clock, [](const std::string&) {});
  REQUIRE(history);
  SystemClock real;
  const MonoTime end = real.now() + 60s;
  const auto file_now = SqliteFile::open(file, SqliteFile::Mode::read);
  REQUIRE(file_now);
  const char* const done =
      "SELECT (SELECT max(start_ns) / 1000000000 FROM round) <"
      " min((SELECT start FROM summed WHERE seconds = 300),"
      " (SELECT start FROM summed WHERE seconds = 3600) + 3600)";
  while (file_now->number(done).value_or(0) == 0 && real.now() < end) {
    std::this_thread::yield();
  }
  REQUIRE(file_now->number(done).value_or(0) == 1);
}

monitor::Totals sum_of(const std::vector<HistoryRow>& rows) {
  monitor::Totals sum;
  for (const HistoryRow& row : rows) {
    sum.add(row.totals);
  }
  return sum;
}

TEST_CASE("the sums of rounds, of five minutes and of hours are the same") {
  const test::TempDir folder;
  const std::string file = folder.path().string() + "/m.db";
  SetClock clock;
  std::vector<monitor::RoundResult> rounds;
  monitor::Totals expected;
  const UnixTime begin = clock.unix - 5h;
  for (std::uint64_t i = 0; i < 1700; ++i) {  // 4 h 43 min
    rounds.push_back(test::round_begun(begin + i * 10s, i + 1, i * 7 % 13));
    expected.add(rounds.back());
  }
  write(file, Retention{}, rounds);
  sum_up(file, clock, Retention{});
  const auto history = History::open(file, Retention{}, clock, [](const std::string&) {});
  REQUIRE(history);
  for (const auto grain :
       {History::Grain::round, History::Grain::five_minutes, History::Grain::hour}) {
    const auto rows = test::rows_of(**history, {"gw", begin - 1h, clock.unix, grain});
    REQUIRE(rows);
    CHECK(sum_of(*rows) == expected);
    CHECK(rows->size() == (grain == History::Grain::round          ? 1700U
                           : grain == History::Grain::five_minutes ? 57U
                                                                   : 5U));
  }
  CHECK(test::rows_of(**history, {"nobody", begin, clock.unix, History::Grain::hour})->empty());
}

TEST_CASE("the latest sums are whole, however few are asked for") {
  const bool summed = GENERATE(false, true);
  CAPTURE(summed);
  const test::TempDir folder;
  const std::string file = folder.path().string() + "/m.db";
  const SetClock clock;
  std::vector<monitor::RoundResult> rounds;
  const UnixTime begin = clock.unix - 5h;
  for (std::uint64_t i = 0; i < 1700; ++i) {
    rounds.push_back(test::round_begun(begin + i * 10s, i + 1, i * 7 % 13));
  }
  write(file, Retention{}, rounds);
  if (summed) {
    sum_up(file, clock, Retention{});
  }
  SetClock early;  // so that nothing more is summed up
  early.unix = begin;
  const auto history = History::open(file, Retention{}, early, [](const std::string&) {});
  REQUIRE(history);
  for (const auto grain : {History::Grain::five_minutes, History::Grain::hour}) {
    const auto all = test::rows_of(**history, {"gw", begin - 1h, clock.unix, grain});
    REQUIRE(all);
    for (const std::size_t most : {1U, 2U, 4U}) {
      CAPTURE(most);
      const auto some = test::rows_of(**history, {"gw", begin - 1h, clock.unix, grain, most});
      REQUIRE(some);
      REQUIRE(some->size() == most);
      for (std::size_t i = 0; i < most; ++i) {
        const HistoryRow& expected = all->at(all->size() - most + i);
        CHECK(some->at(i).start == expected.start);
        CHECK(some->at(i).totals == expected.totals);
      }
    }
  }
}

TEST_CASE("a part of a span is told as the whole of it, summed up or not") {
  const bool summed = GENERATE(false, true);
  CAPTURE(summed);
  const test::TempDir folder;
  const std::string file = folder.path().string() + "/m.db";
  const SetClock clock;
  std::vector<monitor::RoundResult> rounds;
  const UnixTime begin = clock.unix - 5h;  // a whole hour
  for (std::uint64_t i = 0; i < 1700; ++i) {
    rounds.push_back(test::round_begun(begin + i * 10s, i + 1, i * 7 % 13));
  }
  write(file, Retention{}, rounds);
  if (summed) {
    sum_up(file, clock, Retention{});
  }
  SetClock early;  // so that nothing more is summed up
  early.unix = begin;
  const auto history = History::open(file, Retention{}, early, [](const std::string&) {});
  REQUIRE(history);
  for (const auto grain : {History::Grain::five_minutes, History::Grain::hour}) {
    const auto all = test::rows_of(**history, {"gw", begin, clock.unix, grain});
    const auto part = test::rows_of(**history, {"gw", begin + 62min, begin + 123min, grain});
    REQUIRE(all);
    REQUIRE(part);
    const bool hours = grain == History::Grain::hour;
    REQUIRE(part->size() == (hours ? 2U : 13U));
    for (std::size_t i = 0; i < part->size(); ++i) {
      const HistoryRow& whole = all->at(i + (hours ? 1U : 12U));
      CHECK(part->at(i).start == whole.start);
      CHECK(part->at(i).totals == whole.totals);
    }
  }
}

TEST_CASE("a target that had another module before has one row of each span") {
  const test::TempDir folder;
  const std::string file = folder.path().string() + "/m.db";
  const SetClock clock;
  const UnixTime begin = clock.unix - 5h;
  {
    SetClock early;
    early.unix = begin;
    const auto history = History::open(file, Retention{}, early, [](const std::string&) {});
    REQUIRE(history);
    monitor::Target target = test::target_named("gw");
    for (std::uint64_t i = 0; i < 1700; ++i) {
      target.module = i < 370 ? "light" : "voice";  // in the middle of an hour and of five minutes
      (*history)->put(target, test::round_begun(begin + i * 10s, i + 1, 1));
    }
  }
  sum_up(file, clock, Retention{});
  const auto history = History::open(file, Retention{}, clock, [](const std::string&) {});
  REQUIRE(history);
  for (const auto grain : {History::Grain::five_minutes, History::Grain::hour}) {
    const auto rows = test::rows_of(**history, {"gw", begin, clock.unix, grain});
    REQUIRE(rows);
    CHECK(rows->size() == (grain == History::Grain::hour ? 5U : 57U));
    CHECK(sum_of(*rows).up.lost == 1700);
    const auto latest = test::rows_of(**history, {"gw", begin, clock.unix, grain, 4});
    REQUIRE(latest);
    CHECK(latest->size() == 4);
  }
}

TEST_CASE("when the last round of each target was over is known") {
  const test::TempDir folder;
  const std::string file = folder.path().string() + "/m.db";
  const SetClock clock;
  const UnixTime begin = clock.unix - 5h;
  write(file, Retention{}, {test::round_begun(begin, 1, 0), test::round_begun(begin + 1h, 2, 0)});
  const auto history = History::open(file, Retention{}, clock, [](const std::string&) {});
  REQUIRE(history);
  const auto ends = (*history)->last_ends();
  REQUIRE(ends);
  CHECK(*ends == monitor::Board::Ends{{{"gw", "light"}, begin + 1h + 10s}});
}

TEST_CASE("rounds whose times a damaged file has made impossible are left out") {
  const test::TempDir folder;
  const std::string file = folder.path().string() + "/m.db";
  const SetClock clock;
  std::vector<monitor::RoundResult> rounds;
  for (std::uint64_t i = 0; i < 4; ++i) {
    rounds.push_back(test::round_begun(clock.unix - 1h + i * 10s, i + 1, 0));
  }
  write(file, Retention{}, rounds);
  {
    const auto damaged = SqliteFile::open(file, SqliteFile::Mode::create);
    REQUIRE(damaged);
    REQUIRE(
        damaged->run("UPDATE round SET length_ns = 9223372036854775807 WHERE number = 2;"
                     "UPDATE round SET length_ns = -9000000000 WHERE number = 3;"
                     "UPDATE round SET start_ns = -9223372036854775807 WHERE number = 4"));
  }
  const auto history = History::open(file, Retention{}, clock, [](const std::string&) {});
  REQUIRE(history);
  const auto rows = test::rows_of(**history, {"gw", UnixTime{}, clock.unix, History::Grain::round});
  REQUIRE(rows);
  REQUIRE(rows->size() == 1);
  CHECK(rows->front().span == 10s);
  const auto of_second = (*history)->document({"gw", {}, rounds[1].start + 1s});
  REQUIRE(of_second);
  CHECK_FALSE(of_second->has_value());
}

TEST_CASE("what does not add up is told of each round, and of no sum") {
  const test::TempDir folder;
  const std::string file = folder.path().string() + "/m.db";
  const SetClock clock;
  monitor::RoundResult call = test::round_begun(clock.unix - 3h, 1, 0);
  call.up->voice = monitor::RoundVoice{4.25, 91.5, std::nullopt};
  call.up->jitter = 70us;
  monitor::RoundResult search = test::round_begun(clock.unix - 2h, 2, 0);
  search.up->found_bps = 48.5e6;
  search.up->goodput_bps = 48e6;
  write(file, Retention{}, {call, search});
  const auto history = History::open(file, Retention{}, clock, [](const std::string&) {});
  REQUIRE(history);

  const auto rounds =
      test::rows_of(**history, {"gw", clock.unix - 4h, clock.unix, History::Grain::round});
  REQUIRE(rounds);
  REQUIRE(rounds->size() == 2);
  CHECK(rounds->at(0).figures == figures_of(call));
  CHECK(rounds->at(1).figures == figures_of(search));
  CHECK(rounds->at(0).figures->up->voice == call.up->voice);
  CHECK(rounds->at(1).figures->up->found_bps == 48.5e6);
  CHECK_FALSE(rounds->at(0).figures->down);

  const auto sums =
      test::rows_of(**history, {"gw", clock.unix - 4h, clock.unix, History::Grain::hour});
  REQUIRE(sums);
  CHECK(std::none_of(sums->begin(), sums->end(),
                     [](const HistoryRow& row) { return row.figures.has_value(); }));
}

TEST_CASE("a round that came late is in the sums, though the monitor ended before it could be") {
  const test::TempDir folder;
  const std::string file = folder.path().string() + "/m.db";
  const SetClock clock;
  std::vector<monitor::RoundResult> rounds;
  for (std::uint64_t i = 0; i < 60; ++i) {
    rounds.push_back(test::round_begun(clock.unix - 3h + i * 2min, i + 1, 0));
  }
  write(file, Retention{}, rounds);
  sum_up(file, clock, Retention{});
  // To the clock that write() has this round is not over, so that no sum is made meanwhile.
  write(file, Retention{}, {test::round_begun(clock.unix - 90min, 99, 3)});
  const auto history = History::open(file, Retention{}, clock, [](const std::string&) {});
  REQUIRE(history);
  const auto look = SqliteFile::open(file, SqliteFile::Mode::read);
  REQUIRE(look);
  const char* const lost = "SELECT sum(up_lost) FROM span WHERE seconds = 3600";
  const SystemClock real;
  const MonoTime end = real.now() + 60s;
  while (look->number(lost).value_or(0) == 0 && real.now() < end) {
    std::this_thread::yield();
  }
  CHECK(look->number(lost).value_or(-1) == 3);
  CHECK(look->number("SELECT sum(up_lost) FROM span WHERE seconds = 300").value_or(-1) == 3);
  CHECK(look->number("SELECT sum(up_sent) FROM span WHERE seconds = 300").value_or(-1) == 6100);
}

TEST_CASE("what is old enough is forgotten, and not before it is in a sum") {
  const test::TempDir folder;
  const std::string file = folder.path().string() + "/m.db";
  SetClock clock;
  std::vector<monitor::RoundResult> rounds;
  const UnixTime begin = clock.unix - 50h;
  for (std::uint64_t i = 0; i < 500; ++i) {
    rounds.push_back(test::round_begun(begin + i * 6min, i + 1, 1));
  }
  Retention retention;
  retention.rounds = 10h;
  retention.five_minutes = 20h;
  write(file, retention, rounds);
  sum_up(file, clock, retention);
  SystemClock real;
  const MonoTime end = real.now() + 60s;
  const auto look = SqliteFile::open(file, SqliteFile::Mode::read);
  REQUIRE(look);
  while (look->number("SELECT count(*) FROM round").value_or(0) > 110 && real.now() < end) {
    std::this_thread::yield();
  }
  CHECK(look->number("SELECT count(*) FROM round").value_or(-1) <= 100);
  CHECK(look->number("SELECT count(*) FROM span WHERE seconds = 300").value_or(-1) <= 200);
  CHECK(look->number("SELECT sum(up_sent) FROM span WHERE seconds = 3600").value_or(-1) >= 49'000);
}

TEST_CASE("the latest rows are told where there are more than wanted, oldest first") {
  const test::TempDir folder;
  const std::string file = folder.path().string() + "/m.db";
  const SetClock clock;
  std::vector<monitor::RoundResult> rounds;
  for (std::uint64_t i = 0; i < 20; ++i) {
    rounds.push_back(test::round_begun(clock.unix - 1h + i * 10s, i + 1, 0));
  }
  write(file, Retention{}, rounds);
  const auto history = History::open(file, Retention{}, clock, [](const std::string&) {});
  REQUIRE(history);
  const auto rows =
      test::rows_of(**history, {"gw", clock.unix - 2h, clock.unix, History::Grain::round, 3});
  REQUIRE(rows);
  REQUIRE(rows->size() == 3);
  for (std::size_t i = 0; i < 3; ++i) {
    CHECK(rows->at(i).start == rounds[17 + i].start);
  }
}

}  // namespace
}  // namespace udperf::app
