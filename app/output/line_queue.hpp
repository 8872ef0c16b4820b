#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <utility>

#include "app/output/files.hpp"
#include "base/time.hpp"

namespace udperf::app {

/// What goes to a file, a pipe or a terminal without ever waiting for who reads it: what there is
/// no room for waits here, and what does not fit here either, or cannot be written, is left out.
/// For one thread at a time.
class LineQueue {
 public:
  /// `file` outlives it.
  explicit LineQueue(OutputFile& file) : file_(file) {}

  /// Whole lines, their ends included. Writes what there is room for.
  void put(std::string lines);
  /// Writes more of what waits, as far as there is room.
  void flush();
  /// The same until nothing waits any more, for so long at most: the end.
  void finish(Duration at_most);
  /// The file of the same name anew: what waits goes there.
  [[nodiscard]] Result<void> reopen();

  /// When to flush() next; kNever where nothing waits.
  [[nodiscard]] MonoTime due(MonoTime now) const {
    return waiting_.empty() ? kNever : now + kLookAgain;
  }
  /// Whether the last of what was to be written could not be. That nobody reads a pipe any more is
  /// no such failure.
  [[nodiscard]] bool failing() const { return failing_; }
  /// Nothing waits, and the last was written.
  [[nodiscard]] bool goes() const { return waiting_.empty() && good_; }
  /// Since last asked: how many put() were left out, and why the first of them could not be
  /// written; empty: there was no room.
  struct LeftOut {
    std::uint64_t count = 0;
    std::string reason;
  };
  [[nodiscard]] LeftOut take_left_out() { return std::exchange(left_out_, {}); }

  /// Of what waits, in bytes.
  static constexpr std::size_t kMostWaiting = 4U << 20U;

 private:
  static constexpr Duration kLookAgain = std::chrono::milliseconds{20};

  void drop_first(const std::string& reason);

  OutputFile& file_;
  std::deque<std::string> waiting_;
  std::size_t waiting_bytes_ = 0;
  std::size_t written_ = 0;  ///< of the first that waits
  bool failing_ = false;
  bool good_ = true;
  LeftOut left_out_;
};

}  // namespace udperf::app
