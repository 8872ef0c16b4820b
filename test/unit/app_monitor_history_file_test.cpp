// The file of a history among others: by what it is taken for this program's, and what becomes of
// one that is moved away.

#include <sys/stat.h>

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
#include "support/temp_dir.hpp"

namespace udperf::app {
namespace {

using namespace std::chrono_literals;

/// The round of that number, an hour ago; returns when it is in the file.
void put_round(History& history, std::uint64_t number) {
  history.put(test::target_named("gw"),
              test::round_begun(SystemClock{}.unix_now() - 1h + number * 10s, number, 0));
  while (history.written() < number) {
    std::this_thread::yield();
  }
}

TEST_CASE("what another program's crash has left beside its file stays for that program") {
  const bool named = GENERATE(true, false);
  CAPTURE(named);
  const test::TempDir folder;
  const SystemClock clock;
  const std::string own = folder.path().string() + "/own.db";
  const std::string left = folder.path().string() + "/left.db";
  {
    auto made = SqliteFile::open(own, SqliteFile::Mode::create);
    REQUIRE(made);
    REQUIRE(made->run("PRAGMA journal_mode = WAL"));
    REQUIRE(made->run(named ? "PRAGMA application_id = 7" : "SELECT 1"));
    REQUIRE(made->run("CREATE TABLE notes (text TEXT); INSERT INTO notes VALUES ('mine')"));
    for (const char* const end : {"", "-wal"}) {
      std::filesystem::copy_file(own + end, left + end);
    }
  }
  const auto content = [](const std::string& file) {
    std::ifstream in{file, std::ios::binary};
    return std::string{std::istreambuf_iterator<char>{in}, {}};
  };
  const std::string before = content(left);
  const std::string log = content(left + "-wal");
  REQUIRE(log.size() > 0);
  const auto opened = History::open(left, Retention{}, clock, [](const std::string&) {});
  REQUIRE_FALSE(opened);
  CHECK(opened.error().code == ErrorCode::usage);
  CHECK(content(left) == before);
  CHECK(content(left + "-wal") == log);
}

TEST_CASE("a history that was moved away is whole, and what comes then is in a new one") {
  const bool removed = GENERATE(false, true);
  CAPTURE(removed);
  const test::TempDir folder;
  const SystemClock clock;
  const std::string file = folder.path().string() + "/m.db";
  const std::string other = folder.path().string() + "/old.db";
  std::atomic<int> said{0};
  {
    const auto history =
        History::open(file, Retention{}, clock, [&said](const std::string&) { ++said; });
    REQUIRE(history);
    const auto put = [&](std::uint64_t number) { put_round(**history, number); };
    put(1);
    CHECK(said == 0);
    removed ? static_cast<void>(std::filesystem::remove(file))
            : std::filesystem::rename(file, other);
    put(2);
    CHECK(said == 1);
    put(3);
    const auto rows = test::rows_of(
        **history, {"gw", clock.unix_now() - 2h, clock.unix_now(), History::Grain::round});
    REQUIRE(rows);
    CHECK(rows->size() == 2);
    CHECK((*history)->failures() == 0);
  }
  CHECK(said == 1);
  const auto count = [](const std::string& name) {
    const auto made = SqliteFile::open(name, SqliteFile::Mode::read);
    REQUIRE(made);
    return made->number("SELECT count(*) FROM round").value_or(-1);
  };
  CHECK(count(file) == 2);
  CHECK((removed || count(other) == 1));
}

TEST_CASE("a history that is moved away while somebody reads it loses nothing") {
  const test::TempDir folder;
  const SystemClock clock;
  const std::string file = folder.path().string() + "/m.db";
  const std::string other = folder.path().string() + "/old.db";
  std::atomic<int> said{0};
  const auto count = [](const SqliteFile& made) {
    return made.number("SELECT count(*) FROM round").value_or(-1);
  };
  {
    const auto history =
        History::open(file, Retention{}, clock, [&said](const std::string&) { ++said; });
    REQUIRE(history);
    const auto put = [&](std::uint64_t number) { put_round(**history, number); };
    put(1);
    const auto reader = SqliteFile::open(file, SqliteFile::Mode::read);
    REQUIRE(reader);
    REQUIRE(reader->run("BEGIN"));
    REQUIRE(count(*reader) == 1);
    put(2);  // is in FILE-wal, and cannot leave it
    std::filesystem::rename(file, other);
    put(3);
    put(4);
    CHECK(said == 1);
    CHECK_FALSE(std::filesystem::exists(file));
    CHECK_FALSE((*history)->changes({}));
    CHECK(count(*reader) == 1);
    REQUIRE(reader->run("COMMIT"));
    put(5);
    CHECK(said == 2);
    CHECK((*history)->changes({}));
    CHECK((*history)->failures() == 0);
  }
  for (const auto& [name, rounds] : {std::pair{file, 1}, std::pair{other, 4}}) {
    CAPTURE(name);
    const auto made = SqliteFile::open(name, SqliteFile::Mode::read);
    REQUIRE(made);
    CHECK(count(*made) == rounds);
    auto whole = SqliteStatement::prepare(*made, "PRAGMA integrity_check");
    REQUIRE(whole);
    REQUIRE(whole->step());
    CHECK(whole->bytes(0) == "ok");
  }
}

TEST_CASE("an end beside a reader of a history that was moved away is no success") {
  const test::TempDir folder;
  const SystemClock clock;
  const std::string file = folder.path().string() + "/m.db";
  std::string said;
  auto history =
      History::open(file, Retention{}, clock, [&said](const std::string& text) { said += text; });
  REQUIRE(history);
  const auto reader = SqliteFile::open(file, SqliteFile::Mode::read);
  REQUIRE(reader);
  REQUIRE(reader->run("BEGIN"));
  REQUIRE(reader->number("SELECT count(*) FROM round"));
  put_round(**history, 1);
  std::filesystem::rename(file, file + ".old");
  CHECK(History::end(*std::move(history)) == 1);
  CHECK(said.find(file + "-wal") != std::string::npos);
}

TEST_CASE("who has a history open that is moved away sees that one, and it is whole at the end") {
  const bool goes_on = GENERATE(true, false);
  CAPTURE(goes_on);
  const test::TempDir folder;
  const SystemClock clock;
  const std::string file = folder.path().string() + "/m.db";
  const std::string other = folder.path().string() + "/old.db";
  const auto count = [](const SqliteFile& made) {
    return made.number("SELECT count(*) FROM round").value_or(-1);
  };
  auto history = History::open(file, Retention{}, clock, [](const std::string&) {});
  REQUIRE(history);
  const auto put = [&](std::uint64_t number) {
    (*history)->put(test::target_named("gw"),
                    test::round_begun(clock.unix_now() - 1h + number * 10s, number, 0));
    while ((*history)->written() < number) {
      std::this_thread::yield();
    }
  };
  put(1);
  const auto reader = SqliteFile::open(file, SqliteFile::Mode::read);
  REQUIRE(reader);
  REQUIRE(count(*reader) == 1);
  std::filesystem::rename(file, other);
  if (goes_on) {
    put(2);
    put(3);
    CHECK(count(*reader) == 1);
  }
  CHECK(History::end(*std::move(history)) == 0);
  CHECK(count(*reader) == 1);
  const auto moved = SqliteFile::open(other, SqliteFile::Mode::read);
  REQUIRE(moved);
  CHECK(count(*moved) == 1);
  CHECK(std::filesystem::exists(file) == goes_on);
  if (goes_on) {
    const auto fresh = SqliteFile::open(file, SqliteFile::Mode::read);
    REQUIRE(fresh);
    CHECK(count(*fresh) == 2);
  }
}

TEST_CASE("names that SQLite has for other things are files, too") {
  const test::TempDir folder;
  const auto before = std::filesystem::current_path();
  std::filesystem::current_path(folder.path());
  for (const char* const name : {":memory:", "file:m.db?mode=memory"}) {
    CAPTURE(name);
    const auto made = SqliteFile::open(name, SqliteFile::Mode::create);
    REQUIRE(made);
    CHECK(made->run("CREATE TABLE t (a)"));
    CHECK(std::filesystem::file_size(folder.path() / name) > 0);
  }
  std::filesystem::current_path(before);
}

TEST_CASE("what is no file is refused before anybody waits for it") {
  const test::TempDir folder;
  const SystemClock clock;
  const std::string pipe = folder.path().string() + "/pipe";
  REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
  for (const std::string& path : {pipe, folder.path().string(), std::string{"/dev/null"}}) {
    CAPTURE(path);
    CHECK(History::refusal_of(path));
    const auto opened = History::open(path, Retention{}, clock, [](const std::string&) {});
    REQUIRE_FALSE(opened);
    CHECK(opened.error().code == ErrorCode::usage);
  }
}

TEST_CASE("a file without tables is nobody's, and is taken") {
  const test::TempDir folder;
  const SystemClock clock;
  const std::string file = folder.path().string() + "/m.db";
  {
    auto made = SqliteFile::open(file, SqliteFile::Mode::create);
    REQUIRE(made->run("PRAGMA journal_mode = WAL"));  // as who is killed in his first moment
  }
  REQUIRE(std::filesystem::file_size(file) > 0);
  CHECK_FALSE(History::refusal_of(file));
  CHECK(History::open(file, Retention{}, clock, [](const std::string&) {}));
}

}  // namespace
}  // namespace udperf::app
