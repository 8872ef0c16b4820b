#include "app/monitor/sqlite_file.hpp"

#include <system_error>

#include <filesystem>

namespace udperf::app {
namespace {

/// SQLite takes `:memory:` and `file:...` for something else than names of files.
std::string as_file(const std::string& path) {
  return path.starts_with('/') ? path : "./" + path;
}

}  // namespace

Result<SqliteFile> SqliteFile::open(const std::string& path, Mode mode) {
  SqliteFile made{path};
  sqlite3* file = nullptr;
  const int flags =
      (mode == Mode::create ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE : SQLITE_OPEN_READONLY) |
      SQLITE_OPEN_FULLMUTEX;
  const int code = sqlite3_open_v2(as_file(path).c_str(), &file, flags, nullptr);
  made.file_.reset(file);
  if (code != SQLITE_OK) {
    return made.failure("open");
  }
  // SQLite opens what may not be written to be read, and would keep it so.
  if (mode == Mode::create && sqlite3_db_readonly(file, "main") == 1) {
    return tl::unexpected<Error>{
        Error{ErrorCode::system, path + ": open: the file may not be written", 0, {}}};
  }
  made.set_patient(true);
  return made;
}

void SqliteFile::set_tidies_at_end(bool wanted) const {
  sqlite3_db_config(file_.get(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, wanted ? 0 : 1, nullptr);
}

void SqliteFile::unname_log() const {
  const std::string name = sqlite3_db_filename(file_.get(), "main");  // links are followed
  std::error_code unknown;
  if (!std::filesystem::exists(name, unknown) && !unknown) {
    for (const char* const end : {"-wal", "-shm"}) {
      std::filesystem::remove(name + end, unknown);
    }
  }
}

void SqliteFile::set_patient(bool wanted) const {
  constexpr int kPatienceMs = 2000;
  sqlite3_busy_timeout(file_.get(), wanted ? kPatienceMs : 0);
}

tl::unexpected<Error> SqliteFile::failure(std::string_view doing) const {
  const std::string reason = file_ ? sqlite3_errmsg(file_.get()) : "out of memory";
  const bool locked = file_ && sqlite3_errcode(file_.get()) == SQLITE_BUSY;
  return tl::unexpected<Error>{Error{ErrorCode::system,
                                     path_ + ": " + std::string{doing} + ": " + reason, 0,
                                     locked ? kLocked : ""}};
}

Result<void> SqliteFile::run(const char* sql) const {
  if (sqlite3_exec(file_.get(), sql, nullptr, nullptr, nullptr) != SQLITE_OK) {
    return failure("write");
  }
  return {};
}

Result<std::int64_t> SqliteFile::number(const char* sql) const {
  auto statement = SqliteStatement::prepare(*this, sql);
  if (!statement) {
    return tl::unexpected{statement.error()};
  }
  const auto row = statement->step();
  if (!row) {
    return tl::unexpected{row.error()};
  }
  return *row ? statement->number(0) : 0;
}

Result<SqliteStatement> SqliteStatement::prepare(const SqliteFile& file, const char* sql) {
  sqlite3_stmt* statement = nullptr;
  if (sqlite3_prepare_v2(file.get(), sql, -1, &statement, nullptr) != SQLITE_OK) {
    return file.failure("read");
  }
  return SqliteStatement{file, statement};
}

SqliteStatement& SqliteStatement::bind(int at, std::int64_t value) {
  sqlite3_bind_int64(statement_.get(), at, value);
  return *this;
}

SqliteStatement& SqliteStatement::bind(int at, std::string_view text) {
  sqlite3_bind_text64(statement_.get(), at, text.data(), text.size(), SQLITE_TRANSIENT,
                      SQLITE_UTF8);
  return *this;
}

SqliteStatement& SqliteStatement::bind_blob(int at, std::string_view bytes) {
  sqlite3_bind_blob64(statement_.get(), at, bytes.data(), bytes.size(), SQLITE_TRANSIENT);
  return *this;
}

Result<bool> SqliteStatement::step() {
  const int code = sqlite3_step(statement_.get());
  if (code == SQLITE_ROW) {
    return true;
  }
  if (code == SQLITE_DONE) {
    return false;
  }
  return file_->failure("write");
}

Result<void> SqliteStatement::run() {
  auto row = step();
  while (row && *row) {
    row = step();
  }
  reset();
  return row ? Result<void>{} : tl::unexpected{row.error()};
}

void SqliteStatement::reset() {
  sqlite3_reset(statement_.get());
  sqlite3_clear_bindings(statement_.get());
}

std::int64_t SqliteStatement::number(int column) const {
  return sqlite3_column_int64(statement_.get(), column);
}

std::string_view SqliteStatement::bytes(int column) const {
  const auto* const data = static_cast<const char*>(sqlite3_column_blob(statement_.get(), column));
  const int size = sqlite3_column_bytes(statement_.get(), column);
  return data != nullptr && size > 0 ? std::string_view{data, static_cast<std::size_t>(size)}
                                     : std::string_view{};
}

}  // namespace udperf::app
