#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "app/cli.hpp"
#include "base/endpoint.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "clock/clock.hpp"
#include "os/fd.hpp"

namespace spdlog {
class logger;
}

namespace udperf::app {

class ProgressLine;

/// What a record is about, besides its text.
struct LogContext {
  std::optional<Endpoint> peer;
  std::optional<std::uint64_t> session;
};

struct LogRecord {
  UnixTime time;
  LogLevel level = LogLevel::info;
  std::string_view message;
  LogContext context;
};

/// One line without its end. Text has "time level message peer=A:P session=ID"; JSON has the keys
/// time, level, message, peer_address, peer_port and session, the last three only where known.
/// Whatever bytes the message has, text is free of control characters and JSON is valid.
[[nodiscard]] std::string format_record(LogFormat format, const LogRecord& record);

/// Writes records to stderr or a file, each flushed at once. May be used by several threads.
class Log {
 public:
  /// `progress`: what gives way to each record that goes to stderr; null: nothing stands there. It
  /// and `clock` must outlive the log. Fails when the file cannot be opened.
  [[nodiscard]] static Result<Log> open(const LogOptions& options, const Clock& clock,
                                        ProgressLine* progress = nullptr);

  Log(const Log&) = delete;
  Log& operator=(const Log&) = delete;
  Log(Log&&) noexcept;
  Log& operator=(Log&&) noexcept;
  ~Log();

  /// Opens the file of the same name anew, e.g. after another program has moved it away; the old
  /// one stays in use when that fails. From any thread.
  [[nodiscard]] Result<void> reopen();

  void write(LogLevel level, std::string_view message, const LogContext& context = {});
  void error(std::string_view text, const LogContext& context = {}) {
    write(LogLevel::error, text, context);
  }
  void warning(std::string_view text, const LogContext& context = {}) {
    write(LogLevel::warning, text, context);
  }
  void info(std::string_view text, const LogContext& context = {}) {
    write(LogLevel::info, text, context);
  }
  void debug(std::string_view text, const LogContext& context = {}) {
    write(LogLevel::debug, text, context);
  }

  /// From now on a record for which there is no room is left out, and counted: a terminal that is
  /// stopped, or a pipe that nobody reads, holds nobody up.
  void wait_for_nobody();
  /// The end, of what waits for nobody: writes what had no room yet, and how many records were
  /// left out, for so long at most.
  void finish(Duration at_most = std::chrono::seconds{2});

  /// On the clock of its records.
  [[nodiscard]] MonoTime now() const { return clock_->now(); }

 private:
  Log(const LogOptions& options, const Clock& clock, ProgressLine* progress,
      std::unique_ptr<spdlog::logger> logger, os::Fd pipe);
  [[nodiscard]] bool has_place();
  void tell_left_out();
  void write_rest();
  void put(LogLevel level, std::string_view message, const LogContext& context);

  LogLevel level_;
  LogFormat format_;
  const Clock* clock_;
  ProgressLine* progress_;
  std::unique_ptr<std::mutex> mutex_ = std::make_unique<std::mutex>();  ///< of the logger's sink
  std::unique_ptr<spdlog::logger> logger_;
  std::optional<std::string> file_;
  bool to_stderr_;
  bool waits_ = true;
  os::Fd direct_;     ///< a named pipe, read or not, or the terminal that stderr is: no sink
  std::string rest_;  ///< of a record that it had no room for as a whole
  std::uint64_t left_out_ = 0;
};

}  // namespace udperf::app
