#include "app/output/files.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <utility>

#include "app/output/terminal.hpp"
#include "os/event.hpp"

namespace udperf::app {
namespace {

tl::unexpected<Error> refuse(std::string what, int os_error = 0) {
  return tl::unexpected<Error>{Error{ErrorCode::usage, std::move(what), os_error, {}}};
}

bool is_regular(int fd) {
  struct stat status {};
  return ::fstat(fd, &status) == 0 && S_ISREG(status.st_mode);
}

/// Where somebody else empties the file, what comes then stands at its beginning.
constexpr int kHow = O_CLOEXEC | O_APPEND | O_NOCTTY;

/// Waits for who reads the pipe, or for a stop: then the error says that nobody does.
int open_read_pipe(const std::string& path, const engine::StopToken& stop) {
  constexpr Duration kTurn = std::chrono::milliseconds{20};
  int fd = -1;
  while ((fd = ::open(path.c_str(), O_WRONLY | O_NONBLOCK | kHow)) < 0 && errno == ENXIO &&
         !stop.requested()) {
    os::wait_readable(std::array{stop.wait_fd()}, kTurn);
  }
  if (fd >= 0) {
    static_cast<void>(::fcntl(fd, F_SETFL, O_APPEND));
  }
  return fd;
}

int open_for_writing(const std::string& path, OutputFile::Mode mode,
                     const engine::StopToken* stop) {
  const int at_once = mode == OutputFile::Mode::unhurried ? O_NONBLOCK : 0;
  if (!is_named_pipe(path)) {
    return ::open(path.c_str(), O_WRONLY | O_CREAT | kHow | at_once, 0644);
  }
  // O_CREAT would have the system refuse a pipe that is somebody else's, see fs.protected_fifos.
  if (at_once != 0) {
    // Linux lets it be opened without its other end, if for both ways.
    const int both = ::open(path.c_str(), O_RDWR | O_NONBLOCK | kHow);
    return both >= 0 ? both : ::open(path.c_str(), O_WRONLY | O_NONBLOCK | kHow);
  }
  return stop != nullptr ? open_read_pipe(path, *stop) : ::open(path.c_str(), O_WRONLY | kHow);
}

/// Whether somebody makes room, before a stop is requested or a moment after it.
bool awaits_room(int fd, const engine::StopToken& stop) {
  constexpr int kMomentMs = 500;
  constexpr int kTurnMs = 20;  // where the system had no descriptor to be woken by
  while (true) {
    const bool stopped = stop.requested();
    std::array<pollfd, 2> both{pollfd{fd, POLLOUT, 0},
                               pollfd{stopped ? -1 : stop.wait_fd(), POLLIN, 0}};
    const int ms = stopped ? kMomentMs : stop.wait_fd() < 0 ? kTurnMs : -1;
    const int ready = ::poll(both.data(), both.size(), ms);
    if (both[0].revents != 0) {
      return true;
    }
    if (stopped && ready == 0) {
      return false;
    }
  }
}

}  // namespace

bool is_named_pipe(const std::string& path) {
  constexpr auto kNameless = 0x50495045;  // of pipe(2), also as /dev/stderr: statfs(2)
  struct stat status {};
  struct statfs holder {};
  return ::stat(path.c_str(), &status) == 0 && S_ISFIFO(status.st_mode) &&
         ::statfs(path.c_str(), &holder) == 0 && holder.f_type != kNameless;
}

bool has_room(int fd) {
  pollfd room{fd, POLLOUT, 0};
  return ::poll(&room, 1, 0) == 1;
}

Result<void> write_all(int fd, std::string_view text, const std::string& name,
                       const engine::StopToken* stop) {
  const bool read_by_somebody = stop != nullptr && !is_regular(fd);
  while (!text.empty()) {
    if (read_by_somebody && !awaits_room(fd, *stop)) {
      return tl::unexpected<Error>{
          Error{ErrorCode::system, "write " + name + ": nobody reads it", 0, {}}};
    }
    // Where there is room at all, there is as much as this.
    const std::size_t piece =
        read_by_somebody ? std::min<std::size_t>(text.size(), PIPE_BUF) : text.size();
    const ssize_t written = ::write(fd, text.data(), piece);
    if (written < 0) {
      const int reason = errno;
      if (reason == EINTR) {
        continue;
      }
      if (reason == EAGAIN) {  // whoever shares this end with us has made it non-blocking
        pollfd ready{fd, POLLOUT, 0};
        ::poll(&ready, 1, -1);
        continue;
      }
      return system_error(reason, "write " + name);
    }
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return {};
}

Result<std::string> read_file(const std::string& path, std::size_t most) {
  os::Fd file;
  if (path != "-") {
    file = os::Fd{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
    if (!file) {
      const int reason = errno;
      return refuse(path + ": cannot be opened", reason);
    }
  }
  const int fd = path == "-" ? STDIN_FILENO : file.get();
  std::string text;
  std::array<char, 65536> buffer{};
  while (true) {
    const ssize_t got = ::read(fd, buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) {
      continue;
    }
    if (got < 0) {
      const int reason = errno;
      return refuse(path + ": cannot be read", reason);
    }
    if (got == 0) {
      return text;
    }
    text.append(buffer.data(), static_cast<std::size_t>(got));
    if (text.size() > most) {
      return refuse(path + ": is larger than " + std::to_string(most) + " bytes");
    }
  }
}

void OutputFile::open_terminal() {
  if (mode_ == Mode::unhurried && is_terminal()) {
    terminal_ = unhurried_terminal(STDOUT_FILENO);
  }
}

Result<OutputFile> OutputFile::open(const std::optional<std::string>& path, std::string_view option,
                                    Mode mode, const engine::StopToken* stop) {
  if (!path || *path == "-") {
    OutputFile out{os::Fd{}, "stdout", mode, stop};
    out.open_terminal();
    return out;
  }
  os::Fd file{open_for_writing(*path, mode, stop)};
  if (!file) {
    const int reason = errno;
    return refuse(std::string{option} + " " + *path + ": cannot be opened for writing", reason);
  }
  OutputFile result{std::move(file), *path, mode, stop};
  // What is there stays until there is something to put in its place.
  result.begun_ = mode != Mode::replace;
  if (mode != Mode::replace) {
    if (const auto done = result.end_torn_line(); !done) {
      return tl::unexpected<Error>{done.error()};
    }
  }
  return result;
}

Result<void> OutputFile::reopen() {
  if (!file_) {
    return {};
  }
  // Whatever its mode, what has been written stays.
  os::Fd file{open_for_writing(name_, mode_ == Mode::unhurried ? mode_ : Mode::append, stop_)};
  if (!file) {
    const int reason = errno;
    return system_error(reason, "open " + name_ + " again");
  }
  file_ = std::move(file);
  begun_ = true;
  torn_ = false;
  return mode_ != Mode::replace ? end_torn_line() : Result<void>{};
}

std::pair<std::uint64_t, std::uint64_t> OutputFile::identity() const {
  struct stat status {};
  ::fstat(fd(), &status);
  return {status.st_dev, status.st_ino};
}

Result<void> OutputFile::end_torn_line() const {
  if (!file_) {
    return {};  // stdout has no name to read it by
  }
  const os::Fd reader{::open(name_.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
  struct stat status {};
  if (!reader || ::fstat(reader.get(), &status) != 0 || !S_ISREG(status.st_mode) ||
      status.st_size == 0) {
    return {};
  }
  char last = 0;
  if (::pread(reader.get(), &last, 1, status.st_size - 1) != 1 || last == '\n') {
    return {};
  }
  return write_all(fd(), "\n", name_);
}

int OutputFile::fd() const {
  return file_ ? file_.get() : terminal_ ? terminal_.get() : STDOUT_FILENO;
}

Result<void> OutputFile::write(std::string_view text) const {
  if (!begun_ && !text.empty()) {
    begun_ = true;
    static_cast<void>(!::ftruncate(fd(), 0));  // a pipe or a device has nothing to be emptied of
  }
  if (std::exchange(torn_, false) && mode_ != Mode::replace) {
    if (auto done = end_torn_line(); !done) {
      torn_ = true;
      return done;
    }
  }
  auto done = write_all(fd(), text, name_, stop_);
  torn_ = !done;
  return done;
}

Result<std::size_t> OutputFile::write_some(std::string_view text) const {
  if (is_regular(fd())) {
    const auto done = write(text);
    return done ? Result<std::size_t>{text.size()} : tl::unexpected<Error>{done.error()};
  }
  // Where there is room at all there is as much as this: no write waits, though others may share
  // this end, and have left it as one that does.
  const std::string_view piece = text.substr(0, PIPE_BUF);
  if (!has_room(fd())) {
    return 0;
  }
  ssize_t written = ::send(fd(), piece.data(), piece.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
  if (written < 0 && errno == ENOTSOCK) {
    written = ::write(fd(), piece.data(), piece.size());
  }
  const int reason = written < 0 ? errno : 0;
  if (reason == EAGAIN || reason == EINTR) {
    return 0;
  }
  if (reason != 0) {
    return system_error(reason, "write " + name_);
  }
  return static_cast<std::size_t>(written);
}

void OutputFile::wait_for_room(int other, Duration at_most) const {
  std::array<pollfd, 2> both{pollfd{fd(), POLLOUT, 0}, pollfd{other, POLLIN, 0}};
  const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(at_most).count();
  ::poll(both.data(), both.size(), static_cast<int>(std::clamp<std::int64_t>(ms, 0, 60'000)));
}

void OutputFile::wait_abandoned(int other, Duration at_most) const {
  std::array<pollfd, 2> both{pollfd{fd(), 0, 0}, pollfd{other, POLLIN, 0}};
  if (::poll(both.data(), 1, 0) != 0 && !is_abandoned()) {
    both[0].fd = -1;  // closed, or a terminal that has hung up: that would be told at once
  }
  const auto ms = std::chrono::ceil<std::chrono::milliseconds>(at_most).count();
  ::poll(both.data(), both.size(), static_cast<int>(std::clamp<std::int64_t>(ms, 0, INT_MAX)));
}

bool OutputFile::is_abandoned() const {
  pollfd pipe{fd(), 0, 0};
  return ::poll(&pipe, 1, 0) == 1 && (pipe.revents & POLLERR) != 0;
}

bool OutputFile::is_terminal() const {
  return ::isatty(fd()) == 1;
}

std::size_t OutputFile::columns() const {
  return terminal_columns(fd());
}

Result<PidFile> PidFile::create(const std::string& path, std::string_view option) {
  const std::string name = std::string{option} + " " + path;
  os::Fd file{::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0644)};
  if (!file) {
    const int reason = errno;
    return refuse(name + ": cannot be opened for writing", reason);
  }
  // Where a file system knows no locks, there is none.
  if (::flock(file.get(), LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) {
    return refuse(name + ": a process that still runs has it: another server is running");
  }
  PidFile result{path, std::move(file)};
  if (const auto done = result.write_own_id(); !done) {
    return tl::unexpected<Error>{done.error()};
  }
  return result;
}

Result<void> PidFile::write_own_id() const {
  const bool emptied = ::ftruncate(file_.get(), 0) == 0;
  static_cast<void>(emptied);  // a pipe or a device has no length
  static_cast<void>(::lseek(file_.get(), 0, SEEK_SET));
  return write_all(file_.get(), std::to_string(::getpid()) + "\n", path_);
}

PidFile::~PidFile() {
  if (!path_.empty()) {
    ::unlink(path_.c_str());  // somebody else may have removed it already
  }
}

}  // namespace udperf::app
