// What is done to a history each minute while its clock does what clocks do.

#include <thread>

#include "app/monitor/history.hpp"
#include "app/monitor/sqlite_file.hpp"
#include "support/catch.hpp"
#include "support/history_rows.hpp"
#include "support/monitored_rounds.hpp"
#include "support/stepped_clock.hpp"
#include "support/temp_dir.hpp"

namespace udperf::app {
namespace {

using namespace std::chrono_literals;
using test::SteppedClock;

/// A file of a history, and what others see in it.
struct Looked {
  [[nodiscard]] std::string file() const { return folder.path().string() + "/m.db"; }
  [[nodiscard]] std::int64_t number(const std::string& sql) const {
    const auto look = SqliteFile::open(file(), SqliteFile::Mode::read);
    return look ? look->number(sql.c_str()).value_or(0) : 0;
  }
  /// Whether it comes to be so.
  [[nodiscard]] bool becomes(const std::string& sql) const {
    const SystemClock real;
    const MonoTime end = real.now() + 60s;
    while (number(sql) == 0 && real.now() < end) {
      std::this_thread::yield();
    }
    return number(sql) != 0;
  }
  const test::TempDir folder;
};

std::unique_ptr<History> open(const Looked& looked, const Retention& retention,
                              const Clock& clock) {
  auto history = History::open(looked.file(), retention, clock, [](const std::string&) {});
  REQUIRE(history);
  return *std::move(history);
}

TEST_CASE("a target of which nothing is kept any more is forgotten, and may come again") {
  const Looked looked;
  SteppedClock clock;
  const UnixTime now = clock.unix;
  Retention retention;
  retention.rounds = retention.five_minutes = retention.hours = 10h;
  {
    SteppedClock early;  // to which nothing is over
    early.unix = now - 20h;
    const auto history = open(looked, retention, early);
    history->put(test::target_named("gw"), test::round_begun(now - 20h, 1, 0));
    history->put(test::target_named("core"), test::round_begun(now - 1min, 1, 0));
  }
  const auto history = open(looked, retention, clock);
  REQUIRE(looked.becomes("SELECT count(*) = 1 AND max(name) = 'core' FROM target"));
  history->put(test::target_named("gw"), test::round_begun(now - 30s, 2, 0));
  REQUIRE(looked.becomes("SELECT count(*) = 2 FROM round JOIN target ON target = id"));
  const auto rows = test::rows_of(*history, {"gw", now - 1h, now, History::Grain::round});
  REQUIRE(rows);
  CHECK(rows->size() == 1);
}

TEST_CASE("an hour that a clock tells twice is in the sums with all that came in it") {
  const bool restarted = GENERATE(false, true);
  CAPTURE(restarted);
  const Looked looked;
  SteppedClock clock;
  const UnixTime begin = clock.unix;  // of an hour and of five minutes
  const auto put = [](History& history, UnixTime start, std::uint64_t number) {
    const std::uint64_t before = history.written();
    history.put(test::target_named("gw"), test::round_begun(start, number, 0));
    while (history.written() == before) {
      std::this_thread::yield();
    }
  };
  const std::string since =
      " FROM span WHERE start >= " + std::to_string(to_ns(begin) / kNsPerSecond);
  const auto sum = [&since](int seconds, int sent) {
    return "SELECT coalesce(sum(up_sent), 0) = " + std::to_string(sent) + since +
           " AND seconds = " + std::to_string(seconds);
  };
  {
    clock.unix = begin + 70min;
    const auto history = open(looked, Retention{}, clock);
    put(*history, begin + 1min, 1);
    put(*history, begin + 50min, 2);
    clock.ahead = 61s;
    REQUIRE(looked.becomes(sum(3600, 200)));
  }
  auto history = open(looked, Retention{}, clock);
  clock.unix = begin + 2min;  // an hour and more back
  put(*history, begin + 90s, 3);
  put(*history, begin - 3h, 4);  // by whose sum a minute's work is seen to be done
  clock.ahead = 122s;
  REQUIRE(looked.becomes("SELECT count(*) FROM span WHERE seconds = 3600 AND start < " +
                         std::to_string(to_ns(begin) / kNsPerSecond)));
  if (restarted) {
    history.reset();
    history = open(looked, Retention{}, clock);
  }
  clock.unix = begin + 9min;
  put(*history, begin + 8min, 5);
  clock.ahead = 183s;
  REQUIRE(looked.becomes(sum(300, 300)));
  CHECK(looked.number(sum(3600, 200)) == 1);
  clock.unix = begin + 69min;
  put(*history, begin + 68min, 6);
  clock.ahead = 244s;
  CHECK(looked.becomes(sum(3600, 400)));
  CHECK(looked.number(sum(300, 400)) == 1);
}

}  // namespace
}  // namespace udperf::app
