// Who may write a history, when it can be opened, what its clock may do to it, and what waits or is
// kept while it is closed.

#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <thread>

#include "app/monitor/history.hpp"
#include "app/monitor/sqlite_file.hpp"
#include "clock/system_clock.hpp"
#include "support/catch.hpp"
#include "support/history_rows.hpp"
#include "support/monitored_rounds.hpp"
#include "support/stepped_clock.hpp"
#include "support/temp_dir.hpp"

namespace udperf::app {
namespace {

using namespace std::chrono_literals;

using test::SteppedClock;

/// A history with one round, closed again.
void write_one_round(const std::string& file, const SteppedClock& clock) {
  const auto history = History::open(file, Retention{}, clock, [](const std::string&) {});
  REQUIRE(history);
  (*history)->put(test::target_named("gw"), test::round_begun(clock.unix.load() - 1h, 1, 0));
}

TEST_CASE("who only adds rounds to a history forgets none") {
  const test::TempDir folder;
  const std::string file = folder.path().string() + "/m.db";
  SteppedClock clock;
  write_one_round(file, clock);
  clock.unix = clock.unix.load() + 24h * 30;
  auto history = History::open_to_add(file, clock, [](const std::string&) {});
  REQUIRE(history);
  (*history)->put(test::target_named("gw"), test::round_begun(clock.unix.load() - 1h, 2, 0));
  while ((*history)->written() == 0) {
    std::this_thread::yield();
  }
  CHECK(History::end(*std::move(history)) == 0);
  const auto made = SqliteFile::open(file, SqliteFile::Mode::read);
  REQUIRE(made);
  CHECK(made->number("SELECT count(*) FROM round").value_or(0) == 2);
  CHECK(made->number("SELECT count(*) FROM summed").value_or(-1) == 0);
}

TEST_CASE("a wall clock that is set forward deletes nothing, now or at the start") {
  const bool running = GENERATE(true, false);
  CAPTURE(running);
  const test::TempDir folder;
  const std::string file = folder.path().string() + "/m.db";
  SteppedClock clock;
  const UnixTime right = clock.unix;
  std::vector<monitor::RoundResult> rounds;
  for (std::uint64_t i = 0; i < 60; ++i) {
    rounds.push_back(test::round_begun(right - 2h + i * 2min, i + 1, 0));
  }
  {
    SteppedClock
        early;  // to which no round is over, so that nothing is summed up before all is there
    early.unix = rounds.front().start;
    const auto history = History::open(file, Retention{}, early, [](const std::string&) {});
    REQUIRE(history);
    for (const auto& round : rounds) {
      (*history)->put(test::target_named("gw"), round);
    }
  }
  const auto look = SqliteFile::open(file, SqliteFile::Mode::read);
  REQUIRE(look);
  const auto becomes = [&look](const char* sql) {
    const SystemClock real;
    const MonoTime end = real.now() + 60s;
    while (look->number(sql).value_or(0) == 0 && real.now() < end) {
      std::this_thread::yield();
    }
    return look->number(sql).value_or(0) != 0;
  };
  if (!running) {
    clock.unix = right + 24h * 1000;
  }
  {
    const auto history = History::open(file, Retention{}, clock, [](const std::string&) {});
    REQUIRE(history);
    REQUIRE(becomes("SELECT count(*) FROM summed WHERE seconds = 3600"));
    // A round of that time is summed up, after which the minute's work of deleting follows.
    const UnixTime wrong = right + 24h * 1000;
    clock.unix = wrong;
    (*history)->put(test::target_named("gw"), test::round_begun(wrong - 3h, 100, 0));
    clock.ahead = 61s;
    REQUIRE(becomes("SELECT max(start) > 1850000000 FROM span WHERE seconds = 3600"));
  }
  CHECK(look->number("SELECT count(*) FROM round").value_or(-1) == 61);
  CHECK(look->number("SELECT sum(up_sent) FROM span WHERE seconds = 300").value_or(-1) == 6100);
}

TEST_CASE("a history that cannot be opened is tried again, and its rounds are failures till then") {
  const test::TempDir folder;
  const std::string blocked = folder.path().string() + "/state";
  const std::string file = blocked + "/m.db";
  std::ofstream{blocked} << "where a folder should be";
  SteppedClock clock;
  const auto becomes = [](auto condition) {
    const SystemClock real;
    const MonoTime end = real.now() + 60s;
    while (!condition() && real.now() < end) {
      std::this_thread::yield();
    }
    return condition();
  };
  REQUIRE_FALSE(History::open(file, Retention{}, clock, [](const std::string&) {}));
  std::atomic<int> said{0};
  const auto history =
      History::open_later(file, Retention{}, clock, [&said](const std::string&) { ++said; });
  const UnixTime now = clock.unix;
  history->put(test::target_named("gw"), test::round_begun(now - 2min, 1, 0));
  CHECK(becomes([&] { return history->failures() == 1; }));
  CHECK_FALSE(test::rows_of(*history, {"gw", now - 1h, now, History::Grain::round}));
  CHECK(said == 0);  // who opens it later knows

  std::filesystem::remove(blocked);
  clock.ahead = 61s;
  REQUIRE(becomes([&] { return history->changes({}).has_value(); }));
  history->put(test::target_named("gw"), test::round_begun(now - 1min, 2, 0));
  CHECK(becomes([&] { return history->written() == 1; }));
  CHECK(becomes([&] { return said == 1; }));
  CHECK(history->failures() == 1);
  const auto rows = test::rows_of(*history, {"gw", now - 1h, now, History::Grain::round});
  REQUIRE(rows);
  CHECK(rows->size() == 1);
}

TEST_CASE("a history has one writer, whatever its name, until that ends") {
  const test::TempDir folder;
  const SteppedClock clock;
  const std::string file = folder.path().string() + "/m.db";
  const std::string link = folder.path().string() + "/link.db";
  const auto open = [&clock](const std::string& name) {
    return History::open(name, Retention{}, clock, [](const std::string&) {});
  };
  {
    const auto first = open(file);
    REQUIRE(first);
    std::filesystem::create_symlink(file, link);
    for (const std::string& name : {file, link}) {
      CAPTURE(name);
      const auto second = open(name);
      REQUIRE_FALSE(second);
      CHECK(second.error().what.find("another udperf monitor (pid " + std::to_string(::getpid()) +
                                     ") writes it") != std::string::npos);
      CHECK(second.error().what.find("--history") != std::string::npos);
    }
    (*first)->put(test::target_named("gw"), test::round_begun(clock.unix.load() - 1h, 1, 0));
  }
  CHECK_FALSE(std::filesystem::exists(file + ".lock"));
  std::ofstream{file + ".lock"} << "1\n";  // as a crash leaves it
  const auto next = open(link);
  REQUIRE(next);
  CHECK(test::rows_of(**next,
                      {"gw", clock.unix.load() - 2h, clock.unix.load(), History::Grain::round})
            ->size() == 1);
}

TEST_CASE("a file of another program or version is refused and left as it is") {
  const test::TempDir folder;
  const SteppedClock clock;
  const std::string foreign = folder.path().string() + "/foreign.db";
  {
    auto made = SqliteFile::open(foreign, SqliteFile::Mode::create);
    REQUIRE(made);
    REQUIRE(made->run("CREATE TABLE notes (text TEXT); INSERT INTO notes VALUES ('mine')"));
  }
  const std::string text = folder.path().string() + "/text.db";
  std::ofstream{text} << "this is no database, but it is long enough to be looked at as one ......."
                         "..................................................";
  const std::string later = folder.path().string() + "/later.db";
  write_one_round(later, clock);
  {
    auto made = SqliteFile::open(later, SqliteFile::Mode::create);
    REQUIRE(made->run("PRAGMA user_version = 99"));
  }
  const std::string ours = folder.path().string() + "/ours.db";
  CHECK_FALSE(History::refusal_of(ours));
  write_one_round(ours, clock);
  CHECK_FALSE(History::refusal_of(ours));
  const std::string fresh = folder.path().string() + "/fresh.db";
  const auto written = History::open(fresh, Retention{}, clock, [](const std::string&) {});
  CHECK_FALSE(History::refusal_of(fresh));  // it is open, and has no round yet
  for (const std::string& file : {foreign, text, later}) {
    CAPTURE(file);
    std::ifstream before{file};
    const std::string content{std::istreambuf_iterator<char>{before}, {}};
    CHECK(History::refusal_of(file));
    const auto opened = History::open(file, Retention{}, clock, [](const std::string&) {});
    REQUIRE_FALSE(opened);
    CHECK(opened.error().code == ErrorCode::usage);
    CHECK(opened.error().what.find("--history") != std::string::npos);
    std::ifstream after{file};
    CHECK(std::string{std::istreambuf_iterator<char>{after}, {}} == content);
  }
}

TEST_CASE("a file that another program has locked is not called another program's") {
  const test::TempDir folder;
  const SteppedClock clock;
  const std::string file = folder.path().string() + "/m.db";
  write_one_round(file, clock);
  auto holder = SqliteFile::open(file, SqliteFile::Mode::create);
  REQUIRE(holder);
  REQUIRE(holder->run("PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE; DELETE FROM event"));
  const auto opened = History::open(file, Retention{}, clock, [](const std::string&) {});
  REQUIRE_FALSE(opened);
  CHECK(opened.error().code == ErrorCode::system);
  CHECK(opened.error().what.find("locked") != std::string::npos);
}

/// Root may write what nobody may.
class AsNobody {
 public:
  AsNobody() : before_(::geteuid()) {
    constexpr uid_t kNobody = 65534;
    REQUIRE((before_ != 0 || ::seteuid(kNobody) == 0));
  }
  AsNobody(const AsNobody&) = delete;
  AsNobody& operator=(const AsNobody&) = delete;
  ~AsNobody() { static_cast<void>(::seteuid(before_) == 0); }

 private:
  uid_t before_;
};

TEST_CASE("a history that may not be written is not taken to be read for ever") {
  const test::TempDir folder;
  const SteppedClock clock;
  const std::string file = folder.path().string() + "/m.db";
  REQUIRE(History::open(file, Retention{}, clock, [](const std::string&) {}));
  namespace fs = std::filesystem;
  fs::permissions(folder.path(), fs::perms::all);
  fs::permissions(file, fs::perms::owner_read | fs::perms::group_read | fs::perms::others_read);
  {
    const AsNobody nobody;
    const auto opened = History::open(file, Retention{}, clock, [](const std::string&) {});
    REQUIRE_FALSE(opened);
    CHECK(opened.error().code == ErrorCode::system);
    CHECK(opened.error().what.find("may not be written") != std::string::npos);
  }
  fs::permissions(file, fs::perms::all);
  const AsNobody nobody;
  CHECK(History::open(file, Retention{}, clock, [](const std::string&) {}));
}

TEST_CASE("while the file cannot be written, so many bytes of rounds wait and no more") {
  constexpr std::uint64_t kRounds = 200;
  constexpr std::size_t kDocument = std::size_t{256} << 10U;
  constexpr std::uint64_t kMostKept = 128;  // 16 MiB that wait, and as many that are written
  const test::TempDir folder;
  const std::string file = folder.path().string() + "/m.db";
  const SteppedClock clock;
  const auto history = History::open(file, Retention{}, clock, [](const std::string&) {});
  REQUIRE(history);
  {
    const auto other = SqliteFile::open(file, SqliteFile::Mode::create);
    REQUIRE(other);
    REQUIRE(other->run("BEGIN IMMEDIATE"));
    for (std::uint64_t i = 0; i < kRounds; ++i) {
      monitor::RoundResult round = test::round_begun(clock.unix.load() - 1h + i * 10s, i + 1, 0);
      round.document.assign(kDocument, ' ');
      (*history)->put(test::target_named("gw"), round);
    }
    CHECK((*history)->failures() >= kRounds - kMostKept);
    REQUIRE(other->run("COMMIT"));
  }
}

}  // namespace
}  // namespace udperf::app
