#include "app/output/log.hpp"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>
#include <spdlog/logger.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>

#include "app/output/files.hpp"
#include "app/output/progress.hpp"
#include "app/output/terminal.hpp"
#include "base/printable.hpp"
#include "base/units.hpp"
#include "clock/system_clock.hpp"
#include "model/session_text.hpp"

namespace udperf::app {
namespace {

std::string_view level_text(LogLevel level) {
  switch (level) {
    case LogLevel::error:
      return "error";
    case LogLevel::warning:
      return "warning";
    case LogLevel::info:
      return "info";
    case LogLevel::debug:
      return "debug";
  }
  return "error";
}

spdlog::level::level_enum spdlog_level(LogLevel level) {
  switch (level) {
    case LogLevel::error:
      return spdlog::level::err;
    case LogLevel::warning:
      return spdlog::level::warn;
    case LogLevel::info:
      return spdlog::level::info;
    case LogLevel::debug:
      return spdlog::level::debug;
  }
  return spdlog::level::err;
}

std::string text_record(const LogRecord& record) {
  std::string line = format_utc(record.time) + " " + std::string{level_text(record.level)} + " " +
                     printable(record.message);
  if (record.context.peer) {
    line += " peer=" + record.context.peer->to_string();
  }
  if (record.context.session) {
    line += " session=" + session_text(*record.context.session);
  }
  return line;
}

std::string json_record(const LogRecord& record) {
  nlohmann::ordered_json line;
  line["time"] = format_utc(record.time);
  line["level"] = level_text(record.level);
  line["message"] = record.message;
  if (record.context.peer) {
    line["peer_address"] = record.context.peer->address.to_string();
    line["peer_port"] = record.context.peer->port;
  }
  if (record.context.session) {
    line["session"] = session_text(*record.context.session);
  }
  // Text that is no UTF-8 gets U+FFFD, the rest is escaped to plain ASCII.
  return line.dump(-1, ' ', true, nlohmann::json::error_handler_t::replace);
}

}  // namespace

std::string format_record(LogFormat format, const LogRecord& record) {
  return format == LogFormat::json ? json_record(record) : text_record(record);
}

namespace {

/// For both ways, which waits for nobody who reads it; none where that is no named pipe. Without
/// O_CREAT, with which the system refuses pipes of others, see fs.protected_fifos.
os::Fd open_pipe(const std::optional<std::string>& file) {
  return file && is_named_pipe(*file)
             ? os::Fd{::open(file->c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC)}
             : os::Fd{};
}

spdlog::sink_ptr make_sink(const std::optional<std::string>& file) {
  spdlog::sink_ptr sink;
  if (file) {
    sink = std::make_shared<spdlog::sinks::basic_file_sink_mt>(*file);
  } else {
    sink = std::make_shared<spdlog::sinks::stderr_sink_mt>();
  }
  // Records are complete when they reach spdlog: the time is the one that Clock has.
  sink->set_formatter(std::make_unique<spdlog::pattern_formatter>(
      "%v", spdlog::pattern_time_type::utc, std::string{"\n"}));
  return sink;
}

/// None beside a pipe, which is written to directly.
std::vector<spdlog::sink_ptr> make_sinks(const std::optional<std::string>& file,
                                         const os::Fd& pipe) {
  return pipe ? std::vector<spdlog::sink_ptr>{} : std::vector{make_sink(file)};
}

}  // namespace

Result<Log> Log::open(const LogOptions& options, const Clock& clock, ProgressLine* progress) {
  try {
    os::Fd pipe = open_pipe(options.file);
    const auto sinks = make_sinks(options.file, pipe);
    auto logger = std::make_unique<spdlog::logger>("udperf", sinks.begin(), sinks.end());
    logger->set_level(spdlog::level::trace);
    logger->flush_on(spdlog::level::trace);
    return Log{options, clock, progress, std::move(logger), std::move(pipe)};
  } catch (const spdlog::spdlog_ex& problem) {
    return tl::unexpected<Error>{
        Error{ErrorCode::usage,
              "--log-file " + options.file.value_or("stderr") + ": " + problem.what(),
              0,
              {}}};
  }
}

Log::Log(const LogOptions& options, const Clock& clock, ProgressLine* progress,
         std::unique_ptr<spdlog::logger> logger, os::Fd pipe)
    : level_(options.level),
      format_(options.format),
      clock_(&clock),
      progress_(progress),
      logger_(std::move(logger)),
      file_(options.file),
      to_stderr_(!options.file),
      direct_(std::move(pipe)) {}

Result<void> Log::reopen() {
  if (!file_) {
    return {};
  }
  try {
    os::Fd pipe = open_pipe(file_);
    auto sinks = make_sinks(file_, pipe);
    const std::lock_guard lock{*mutex_};
    logger_->sinks() = std::move(sinks);
    direct_ = std::move(pipe);
    if (!direct_ && !rest_.empty()) {  // a part of a record is none
      rest_.clear();
      ++left_out_;
    }
    return {};
  } catch (const spdlog::spdlog_ex& problem) {
    return tl::unexpected<Error>{Error{ErrorCode::system, problem.what(), 0, {}}};
  }
}

Log::Log(Log&&) noexcept = default;
Log& Log::operator=(Log&&) noexcept = default;
Log::~Log() = default;

void Log::write(LogLevel level, std::string_view message, const LogContext& context) {
  if (level > level_) {
    return;
  }
  if (to_stderr_ && progress_ != nullptr) {
    progress_->erase();
  }
  const std::lock_guard lock{*mutex_};
  if (!has_place()) {
    ++left_out_;
    return;
  }
  tell_left_out();
  put(level, message, context);
}

void Log::tell_left_out() {
  if (const auto count = std::exchange(left_out_, 0); count != 0) {
    put(LogLevel::warning,
        std::to_string(count) + " records are left out: nobody read them, or not fast enough", {});
  }
}

void Log::wait_for_nobody() {
  waits_ = false;
  if (to_stderr_) {
    direct_ = unhurried_terminal(STDERR_FILENO);
  }
}

void Log::finish(Duration at_most) {
  const SystemClock clock;
  const MonoTime end = clock.now() + at_most;
  const std::lock_guard lock{*mutex_};
  while (true) {
    if (has_place()) {
      tell_left_out();
    }
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(end - clock.now()).count();
    if ((rest_.empty() && left_out_ == 0) || left <= 0) {
      return;
    }
    pollfd room{direct_ ? direct_.get() : STDERR_FILENO, POLLOUT, 0};
    ::poll(&room, 1, static_cast<int>(std::min<std::int64_t>(left, INT_MAX)));
  }
}

/// A terminal says that there is room where there is some for a part of a record.
void Log::write_rest() {
  const ssize_t written = ::write(direct_.get(), rest_.data(), rest_.size());
  if (written >= 0) {
    rest_.erase(0, static_cast<std::size_t>(written));
  } else if (errno != EAGAIN && errno != EINTR) {
    rest_.clear();  // of a terminal that is gone nobody reads anything any more
  }
}

/// For a record. A file always has, and says so when it is full.
bool Log::has_place() {
  if (direct_) {
    write_rest();
    return rest_.empty();
  }
  return waits_ || !to_stderr_ || has_room(STDERR_FILENO);
}

void Log::put(LogLevel level, std::string_view message, const LogContext& context) {
  const auto line = format_record(format_, LogRecord{clock_->unix_now(), level, message, context});
  if (direct_) {
    rest_ += line + "\n";
    write_rest();
    return;
  }
  logger_->log(spdlog_level(level), spdlog::string_view_t{line.data(), line.size()});
}

}  // namespace udperf::app
