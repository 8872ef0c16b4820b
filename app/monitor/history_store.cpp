#include "app/monitor/history_store.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <string_view>

namespace udperf::app {
namespace {

constexpr std::int64_t kApplicationId = 0x75647066;  // "udpf"
constexpr std::int64_t kVersion = 4;

constexpr const char* kSchema =
    "CREATE TABLE target (id INTEGER PRIMARY KEY, name TEXT NOT NULL, module TEXT NOT NULL,"
    " UNIQUE (name, module));"
    "CREATE TABLE round (target INTEGER NOT NULL, start_ns INTEGER NOT NULL, number INTEGER NOT "
    "NULL,"
    " status TEXT NOT NULL, length_ns INTEGER NOT NULL, up_sent INTEGER, up_lost INTEGER,"
    " down_sent INTEGER, down_lost INTEGER, error TEXT, totals BLOB NOT NULL,"
    " PRIMARY KEY (target, start_ns, number)) WITHOUT ROWID;"
    "CREATE INDEX round_start ON round (start_ns);"
    "CREATE TABLE span (seconds INTEGER NOT NULL, target INTEGER NOT NULL, start INTEGER NOT NULL,"
    " up_sent INTEGER NOT NULL, up_lost INTEGER NOT NULL, down_sent INTEGER NOT NULL,"
    " down_lost INTEGER NOT NULL, totals BLOB NOT NULL,"
    " PRIMARY KEY (seconds, target, start)) WITHOUT ROWID;"
    "CREATE INDEX span_start ON span (seconds, start);"
    "CREATE TABLE event (at_ns INTEGER NOT NULL, target INTEGER NOT NULL, kind TEXT NOT NULL,"
    " direction TEXT NOT NULL, detail TEXT NOT NULL);"
    "CREATE INDEX event_at ON event (at_ns);"
    "CREATE TABLE summed (seconds INTEGER PRIMARY KEY, start INTEGER NOT NULL);"
    "PRAGMA application_id = 1969516646;"
    "PRAGMA user_version = 1;";
/// To version 2: what a report of each round is made of. `setup` has the parameters of rounds.
constexpr const char* kReports =
    "ALTER TABLE round ADD COLUMN setup INTEGER;"
    "ALTER TABLE round ADD COLUMN record BLOB;"
    "CREATE TABLE setup (id INTEGER PRIMARY KEY, params BLOB NOT NULL UNIQUE);"
    "CREATE TABLE document (target INTEGER NOT NULL, start_ns INTEGER NOT NULL, number INTEGER NOT "
    "NULL, json TEXT NOT NULL, PRIMARY KEY (target, start_ns, number)) WITHOUT ROWID;"
    "PRAGMA user_version = 2;";
/// To version 4: sums tell what no round told apart (3) and how many were not asked (4), and who
/// does not know that would lose them. Changes are asked for by target.
constexpr const char* kSumsOfMore =
    "CREATE INDEX IF NOT EXISTS event_target ON event (target, at_ns);"
    "PRAGMA user_version = 4;";
static_assert(kApplicationId == 1969516646);

tl::unexpected<Error> refused(const std::string& path, const std::string& why) {
  return tl::unexpected<Error>{
      Error{ErrorCode::usage,
            path + ": " + why + "; give another file with --history, or move it away",
            0,
            {}}};
}

tl::unexpected<Error> of_version(const std::string& path, std::int64_t version) {
  return refused(path, "is of version " + std::to_string(version) + ", this udperf knows " +
                           std::to_string(kVersion));
}

tl::unexpected<Error> unreadable(const std::string& path, const Error& error) {
  if (error.phase != SqliteFile::kLocked) {
    return refused(path, "is not an SQLite file, or cannot be read (" + error.what + ")");
  }
  return tl::unexpected<Error>{
      Error{ErrorCode::system,
            path + ": another program has locked the file; end it, or give another file with "
                   "--history",
            0,
            {}}};
}

/// Which file has this name; nothing, and errno, where none is seen.
std::optional<std::pair<dev_t, ino_t>> node_of(const std::string& path) {
  struct stat info {};
  return ::stat(path.c_str(), &info) == 0 ? std::optional{std::pair{info.st_dev, info.st_ino}}
                                          : std::nullopt;
}

}  // namespace

std::optional<Error> History::refusal_of(const std::string& path) {
  constexpr std::size_t kVersionAt = 60;  // sqlite.org/fileformat2.html, 1.3
  constexpr std::size_t kApplicationAt = 68;
  constexpr std::size_t kFirstTableAt = 100;  // of the first page, which lists the tables
  constexpr std::array<unsigned char, 5> kNoTables{13, 0, 0, 0, 0};
  constexpr std::string_view kMagic{"SQLite format 3\0", 16};
  std::array<unsigned char, kFirstTableAt + kNoTables.size()> head{};
  std::error_code none;
  const auto status = std::filesystem::status(path, none);
  if (!std::filesystem::is_regular_file(status)) {  // a pipe would keep who reads it
    return std::filesystem::exists(status)
               ? std::optional{refused(path, "is a folder, a device or a pipe, no file").value()}
               : std::nullopt;
  }
  std::ifstream file{path, std::ios::binary};
  file.read(reinterpret_cast<char*>(head.data()), head.size());
  const auto read = static_cast<std::size_t>(std::max<std::streamsize>(file.gcount(), 0));
  if (read == 0) {
    return std::nullopt;  // a new one
  }
  if (read < head.size() || !std::equal(kMagic.begin(), kMagic.end(), head.begin())) {
    return refused(path, "is not an SQLite file").value();
  }
  const auto number = [&head](std::size_t at) {
    return std::int64_t{head.at(at)} << 24U | head.at(at + 1) << 16U | head.at(at + 2) << 8U |
           head.at(at + 3);
  };
  const bool unnamed = number(kApplicationAt) == 0 && number(kVersionAt) == 0;
  if (unnamed && std::equal(kNoTables.begin(), kNoTables.end(), head.begin() + kFirstTableAt)) {
    return std::nullopt;  // nobody's, or its tables are all in FILE-wal yet: it will be seen
  }
  if (number(kApplicationAt) != kApplicationId) {
    return refused(path, "is the file of another program").value();
  }
  return number(kVersionAt) > kVersion ? std::optional{of_version(path, number(kVersionAt)).value()}
                                       : std::nullopt;
}

Result<std::unique_ptr<History::Store>> History::Store::open(const std::string& path,
                                                             const Retention& retention,
                                                             UnixTime now) {
  // SQLite would tidy up behind another program's crash.
  if (auto foreign = refusal_of(path)) {
    return tl::unexpected{*std::move(foreign)};
  }
  auto file = SqliteFile::open(path, SqliteFile::Mode::create);
  if (!file) {
    return tl::unexpected{file.error()};
  }
  std::unique_ptr<Store> store{new Store{path, *std::move(file), retention}};
  store->file_.set_tidies_at_end(false);  // where it is refused, too
  if (const auto claimed = store->claim(path, now); !claimed) {
    return tl::unexpected{claimed.error()};
  }
  store->file_.set_tidies_at_end(true);
  store->node_ = node_of(path);
  return store;
}

bool History::Store::is_moved() const {
  const auto now = node_of(path_);
  return node_ && (now ? *now != *node_ : errno == ENOENT);
}

/// What lies beside the file bears the names of the one that has its name now: that would be read
/// with what is in FILE-wal yet.
bool History::Store::let_go(std::unique_ptr<Store>& store, Readers readers) {
  store->file_.set_patient(readers == Readers::awaited);
  const auto busy = store->file_.number("PRAGMA wal_checkpoint(TRUNCATE)");
  if (!busy || *busy != 0) {
    store->file_.set_patient(true);
    return false;
  }
  store->file_.set_tidies_at_end(false);
  store->file_.unname_log();
  store.reset();
  return true;
}

/// The version of the tables, 0 where there are none yet; changes nothing.
Result<std::int64_t> History::Store::look(const std::string& path) const {
  const auto application = file_.number("PRAGMA application_id");
  if (!application) {
    return unreadable(path, application.error());
  }
  const auto version = file_.number("PRAGMA user_version");
  const auto tables = file_.number("SELECT count(*) FROM sqlite_master");
  if (!version || !tables) {
    return unreadable(path, (version ? tables : version).error());
  }
  const bool empty = *application == 0 && *version == 0 && *tables == 0;
  if (!empty && *application != kApplicationId) {
    return refused(path, "is the file of another program");
  }
  if (!empty && (*version < 1 || *version > kVersion)) {
    return of_version(path, *version);
  }
  return *version;
}

/// The tables of this version, in a new file or beside those of an earlier one.
Result<void> History::Store::make_tables(std::int64_t version) {
  if (version == kVersion) {
    return {};
  }
  const std::string sql = std::string{"BEGIN IMMEDIATE;"} + (version == 0 ? kSchema : "") +
                          (version < 2 ? kReports : "") + kSumsOfMore + "COMMIT;";
  if (auto made = file_.run(sql.c_str()); !made) {
    roll_back();
    return made;
  }
  // From here on the file itself says whose it is, for who looks without SQLite.
  return file_.run("PRAGMA wal_checkpoint(TRUNCATE);");
}

/// Makes the tables in a new file. One that exists has to be ours, and nobody else's meanwhile,
/// before anything is changed.
Result<void> History::Store::claim(const std::string& path, UnixTime now) {
  if (const auto ours = look(path); !ours) {
    return tl::unexpected{ours.error()};
  }
  auto lock = HistoryLock::take(path);
  if (!lock) {
    return tl::unexpected{lock.error()};
  }
  lock_ = *std::move(lock);
  const auto version = look(path);  // who had it before may have made it
  if (!version) {
    return tl::unexpected{version.error()};
  }
  const bool empty = *version == 0;
  if (auto set = file_.run("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;"
                           "PRAGMA journal_size_limit = 4194304; PRAGMA temp_store = MEMORY;");
      !set) {
    return set;
  }
  if (auto made = make_tables(*version); !made) {
    return made;
  }
  if (!empty) {
    // A round may have come late, or by a clock that was set back, and its span not been summed up
    // again before the last end.
    const auto summed = mark(kFiveMinutes);
    touched_ = summed && *summed > 0 ? std::min(*summed, to_ns(now) / kNsPerSecond) - 2 * kHour : 0;
  }
  const auto last = latest(now);
  if (!last) {
    return tl::unexpected{last.error()};
  }
  horizon_ = monitor::Horizon{*last};
  return {};
}

/// When the latest round or sum is of that is not of a time to come.
Result<std::optional<UnixTime>> History::Store::latest(UnixTime now) const {
  auto select = SqliteStatement::prepare(
      file_,
      "SELECT max(coalesce((SELECT max(start_ns) FROM round WHERE start_ns <= ?1), 0),"
      " coalesce((SELECT max(start) * 1000000000 FROM span WHERE seconds = 3600 AND"
      " start <= ?1 / 1000000000), 0))");
  if (!select) {
    return tl::unexpected{select.error()};
  }
  const auto row = select->bind(1, to_ns(now)).step();
  if (!row) {
    return tl::unexpected{row.error()};
  }
  const std::int64_t last = select->number(0);
  return last > 0 ? std::optional{unix_from_ns(last)} : std::nullopt;
}

void History::Store::roll_back() {
  if (sqlite3_get_autocommit(file_.get()) == 0) {
    static_cast<void>(file_.run("ROLLBACK"));
  }
  ids_.clear();  // what was given in the transaction is not there
  setups_.clear();
}

Result<void> History::Store::tidy(UnixTime now, Duration elapsed) {
  const UnixTime believed = horizon_.at(elapsed, now);
  for (const std::int64_t seconds : {kFiveMinutes, kHour}) {
    if (auto done = sum_up(seconds, now, believed); !done) {
      return done;
    }
  }
  touched_ = 0;
  return forget(believed);
}

}  // namespace udperf::app
