#pragma once

#include <sys/types.h>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.hpp"

namespace udperf::test {

/// How a process ended: by exit(code) or by a signal, never both.
struct ExitStatus {
  std::optional<int> code;
  std::optional<int> signal;

  bool operator==(const ExitStatus&) const = default;
};

/// What a process is started with, besides its arguments.
struct SpawnOptions {
  /// The child gets a pipe at this descriptor; what it writes there is Stream::extra.
  std::optional<int> extra_fd;
  std::string working_directory;                                 ///< empty: ours
  std::vector<std::pair<std::string, std::string>> environment;  ///< added to ours
};

enum class Stream { out, err, extra };

/// A running program whose output is read continuously by a thread of its own, so that it never
/// blocks on a full pipe. The destructor kills it (SIGKILL, by pid) when it still runs, and reaps
/// it. Every wait has a deadline.
class Process {
 public:
  using Timeout = std::chrono::milliseconds;

  /// Starts arguments[0], which is searched in PATH where it has no slash. stdin is /dev/null.
  [[nodiscard]] static Result<Process> start(const std::vector<std::string>& arguments,
                                             const SpawnOptions& options = {});

  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;
  Process(Process&&) noexcept;
  Process& operator=(Process&&) noexcept;
  ~Process();

  [[nodiscard]] pid_t pid() const;
  /// Does nothing once the process was reaped.
  void send_signal(int signal);

  /// Waits for the end of the process and then of its output; nothing when `timeout` is over first.
  /// May be called again, also after success.
  [[nodiscard]] std::optional<ExitStatus> wait(Timeout timeout);

  /// True once `needle` has appeared anywhere in the stream; false when it cannot any more (the
  /// stream has ended) or `timeout` is over.
  [[nodiscard]] bool wait_for(Stream stream, std::string_view needle, Timeout timeout);

  /// Everything the process wrote so far.
  [[nodiscard]] std::string output(Stream stream) const;

 private:
  struct State;
  explicit Process(std::unique_ptr<State> state);

  std::unique_ptr<State> state_;
};

/// A process that has ended, with all that it said.
struct Finished {
  std::optional<ExitStatus> status;  ///< nothing: it was killed because the time was over
  std::string out;
  std::string err;
  std::chrono::milliseconds took{0};

  /// The exit code; -1 when it was killed or did not end in time.
  [[nodiscard]] int code() const { return status && status->code ? *status->code : -1; }
};

/// Starts a process and waits for its end.
[[nodiscard]] Result<Finished> run_to_end(const std::vector<std::string>& arguments,
                                          Process::Timeout timeout,
                                          const SpawnOptions& options = {});

}  // namespace udperf::test
