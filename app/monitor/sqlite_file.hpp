#pragma once

#include <cstdint>
#include <memory>
#include <sqlite3.h>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace udperf::app {

/// An SQLite connection; each failed call is a value that names the file.
class SqliteFile {
 public:
  enum class Mode : std::uint8_t { create, read };
  [[nodiscard]] static Result<SqliteFile> open(const std::string& path, Mode mode);

  /// Statements without a result.
  [[nodiscard]] Result<void> run(const char* sql) const;
  /// The only number that the statement returns.
  [[nodiscard]] Result<std::int64_t> number(const char* sql) const;
  [[nodiscard]] tl::unexpected<Error> failure(std::string_view doing) const;
  /// Whether who closes it last moves what is in FILE-wal into it; so it is at first.
  void set_tidies_at_end(bool wanted) const;
  /// Of a file that is not there by its name any more: takes the names of FILE-wal and FILE-shm,
  /// too, so that who has it open does not meet who makes another one.
  void unname_log() const;
  /// Whether it waits for who holds the file, 2 s at most; so it is at first.
  void set_patient(bool wanted) const;
  /// Error::phase where another program holds the file.
  static constexpr const char* kLocked = "locked";
  [[nodiscard]] sqlite3* get() const { return file_.get(); }

 private:
  struct Close {
    void operator()(sqlite3* file) const { sqlite3_close_v2(file); }
  };
  explicit SqliteFile(std::string path) : path_(std::move(path)) {}

  std::string path_;
  std::unique_ptr<sqlite3, Close> file_;
};

/// A prepared statement. Parameters are counted from 1, columns from 0, as SQLite does.
class SqliteStatement {
 public:
  [[nodiscard]] static Result<SqliteStatement> prepare(const SqliteFile& file, const char* sql);

  SqliteStatement& bind(int at, std::int64_t value);
  SqliteStatement& bind(int at, std::string_view text);
  SqliteStatement& bind_blob(int at, std::string_view bytes);
  /// True with each row, false at the end.
  [[nodiscard]] Result<bool> step();
  /// To its end, and back to the beginning.
  [[nodiscard]] Result<void> run();
  void reset();

  [[nodiscard]] std::int64_t number(int column) const;
  [[nodiscard]] std::string_view bytes(int column) const;

 private:
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
  };
  SqliteStatement(const SqliteFile& file, sqlite3_stmt* statement)
      : file_(&file), statement_(statement) {}

  const SqliteFile* file_;
  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
};

}  // namespace udperf::app
