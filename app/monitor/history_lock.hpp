#pragma once

#include <string>
#include <utility>

#include "base/result.hpp"
#include "os/fd.hpp"

namespace udperf::app {

/// Of several processes one alone writes a history: SQLite keeps its tables whole, but each would
/// sum up what the other has written. Told by a lock on FILE.lock, which is there as long as this
/// lives and has the process id; one that a crash left behind is taken over.
class HistoryLock {
 public:
  /// Fails where another has it, and where the file cannot be made.
  [[nodiscard]] static Result<HistoryLock> take(const std::string& history);
  HistoryLock(const HistoryLock&) = delete;
  HistoryLock& operator=(const HistoryLock&) = delete;
  HistoryLock(HistoryLock&& other) noexcept
      : path_(std::exchange(other.path_, {})), file_(std::move(other.file_)) {}
  HistoryLock& operator=(HistoryLock&& other) noexcept {
    std::swap(path_, other.path_);
    std::swap(file_, other.file_);
    return *this;
  }
  ~HistoryLock();

 private:
  HistoryLock(std::string path, os::Fd file) : path_(std::move(path)), file_(std::move(file)) {}
  /// Whether the name still means what is open: the last who had it may have removed it meanwhile.
  [[nodiscard]] bool is_there() const;
  void tell_process() const;

  std::string path_;
  os::Fd file_;
};

}  // namespace udperf::app
