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
