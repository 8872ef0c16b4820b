#include "app/monitor/history_lock.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <filesystem>
#include <string_view>

namespace udperf::app {
namespace {

/// The same for each of a file's names, since SQLite follows links, too.
std::string lock_path(const std::string& history) {
  std::error_code unknown;
  const auto real = std::filesystem::weakly_canonical(history, unknown);
  return (unknown ? history : real.string()) + ".lock";
}

/// For writing; where it is another user's, who crashed, a lock needs no more than to read it.
os::Fd open_lock(const std::string& path) {
  os::Fd file{::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644)};
  if (!file && errno == EACCES) {
    file = os::Fd{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW)};
  }
  return file;
}

/// " (pid 17)", where the file says so.
std::string writer_of(const os::Fd& file) {
  std::array<char, 16> text{};
  const ssize_t size = ::pread(file.get(), text.data(), text.size(), 0);
  const std::string_view all{text.data(), size > 0 ? static_cast<std::size_t>(size) : 0U};
  const std::string_view digits = all.substr(0, all.find_first_not_of("0123456789"));
  return digits.empty() ? std::string{} : " (pid " + std::string{digits} + ")";
}

}  // namespace

Result<HistoryLock> HistoryLock::take(const std::string& history) {
  constexpr int kMostTries = 10;
  const std::string path = lock_path(history);
  for (int i = 0; i < kMostTries; ++i) {
    HistoryLock lock{path, open_lock(path)};
    if (!lock.file_) {
      const int reason = errno;
      lock.path_.clear();
      return system_error(reason, path + ": cannot be opened for writing");
    }
    // Where a file system knows no locks, there is none.
    if (::flock(lock.file_.get(), LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) {
      lock.path_.clear();
      return tl::unexpected<Error>{Error{ErrorCode::system,
                                         history + ": another udperf monitor" +
                                             writer_of(lock.file_) +
                                             " writes it; give another file with --history",
                                         0,
                                         {}}};
    }
    if (lock.is_there()) {
      lock.tell_process();
      return lock;
    }
    lock.path_.clear();  // what bears the name by now is somebody else's
  }
  return tl::unexpected<Error>{
      Error{ErrorCode::system, path + ": is made and removed all the time", 0, {}}};
}

bool HistoryLock::is_there() const {
  struct stat open {};
  struct stat named {};
  return ::fstat(file_.get(), &open) == 0 && ::lstat(path_.c_str(), &named) == 0 &&
         open.st_dev == named.st_dev && open.st_ino == named.st_ino;
}

void HistoryLock::tell_process() const {
  const std::string text = std::to_string(::getpid()) + "\n";
  // It is for who is refused to read: without it he is told all the same.
  if (::ftruncate(file_.get(), 0) == 0) {
    static_cast<void>(::pwrite(file_.get(), text.data(), text.size(), 0) != 0);
  }
}

HistoryLock::~HistoryLock() {
  if (!path_.empty()) {
    ::unlink(path_.c_str());  // before the lock goes: see is_there()
  }
}

}  // namespace udperf::app
