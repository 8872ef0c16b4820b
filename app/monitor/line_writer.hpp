#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "app/output/files.hpp"
#include "base/result.hpp"
#include "clock/system_clock.hpp"
#include "os/event.hpp"

namespace udperf::app {

/// Lines for a file or a pipe. A thread of its own writes, so that no disk and nobody who does not
/// read holds up a round; what does not fit into the queue, or cannot be written, is counted and
/// left out.
class LineWriter {
 public:
  struct Listener {
    /// Told once when lines begin to be left out, and once when all are written again.
    std::function<void(const std::string& text)> say;
    /// Told once when it is stdout, and a pipe that nobody reads any more.
    std::function<void()> on_abandoned;
  };
  /// "-" is stdout. Both are called from another thread.
  [[nodiscard]] static Result<std::unique_ptr<LineWriter>> open(const std::string& path,
                                                                Listener listener);
  LineWriter(const LineWriter&) = delete;
  LineWriter& operator=(const LineWriter&) = delete;
  /// Writes what waits, for two seconds at most.
  ~LineWriter();

  // Never block, from any thread:
  /// A whole line, its end included.
  void put(std::string line);
  /// The file of the same name anew: what is put from now on goes there.
  void reopen();
  /// Lines that were left out.
  [[nodiscard]] std::uint64_t failures() const { return failures_.load(); }

  /// Of what waits, in bytes.
  static constexpr std::size_t kMostWaiting = 16U << 20U;

 private:
  LineWriter(OutputFile file, bool is_stdout, Listener listener);
  void work();
  /// False when the time of ending is over.
  [[nodiscard]] bool goes_on();
  void take_next();
  void open_again();
  /// Some of the line that is being written; false where nothing goes.
  [[nodiscard]] bool write_some();
  void end_line();
  void wait();
  void begin_gap(const std::string& reason);

  OutputFile file_;
  bool watched_;  ///< for its reader's end
  Listener listener_;
  SystemClock clock_;
  std::atomic<std::uint64_t> failures_{0};
  std::atomic<bool> overflowed_{false};
  std::atomic<bool> reopen_{false};
  os::Event wake_;
  std::mutex mutex_;
  std::deque<std::string> waiting_;
  std::size_t waiting_bytes_ = 0;
  std::optional<MonoTime> deadline_;  ///< it ends
  // The thread's own:
  std::string line_;
  std::size_t written_ = 0;  ///< of the line
  bool failing_ = false;     ///< and that was said
  bool good_ = true;         ///< the last line went
  std::thread thread_;
};

}  // namespace udperf::app
