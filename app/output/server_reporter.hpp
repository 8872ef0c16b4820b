#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "app/cli.hpp"
#include "app/output/files.hpp"
#include "app/output/line_queue.hpp"
#include "app/output/log.hpp"
#include "base/record_limiter.hpp"
#include "engine/server_run.hpp"

namespace udperf::app {

/// What `udperf server` shows: log records of everything that happens, and on stdout its half of
/// each session, as text or as a JSON line. log_tally() and reopen() may be called from any thread,
/// the rest is for the server's. Everything given must outlive it.
///
/// What strangers can cause is written at a limited rate, and what was left out is counted. Nobody
/// who reads slowly, or not at all, holds the server up.
class ServerReporter final : public engine::ServerObserver {
 public:
  /// Where sessions are written; without a file there, they are not.
  struct Outputs {
    OutputFile* text = nullptr;
    OutputFile* jsonl = nullptr;
  };
  using ReadyAction = std::function<void(const Endpoint& local)>;

  ServerReporter(Log& log, Outputs outputs, ReadyAction on_ready);

  void on_ready(const Endpoint& local) override;
  void on_service_ready(const std::string& name, const Endpoint& local) override;
  void on_session_opened(std::uint64_t session, const Endpoint& client,
                         const TestParams& params) override;
  void on_session_closed(const SessionOutcome& outcome) override;
  void on_fallback_closed(const engine::FallbackOutcome& outcome) override;
  void on_refused(const Endpoint& client, const engine::Refusal& refusal) override;
  void on_warning(const Warning& warning) override;
  void on_counters(const engine::ServerCounters& counters) override;

  MonoTime on_turn(MonoTime now) override;

  /// The end: tells what was left out, and writes what waits for readers, for so long at most.
  void finish(Duration patience = std::chrono::seconds{2});

  /// Opens the log and the file of JSON lines anew: the answer to SIGHUP.
  void reopen();
  /// One record with what has happened so far: the answer to SIGUSR1.
  void log_tally();

  /// Where other services than the native one listen, by name.
  using Services = std::vector<std::pair<std::string, Endpoint>>;
  [[nodiscard]] const Services& services() const { return services_; }

  /// How the last session ended; nothing before the first.
  [[nodiscard]] std::optional<TestStatus> last_status() const { return last_status_; }
  /// Whether the last of what a file was to have could not be written.
  [[nodiscard]] bool write_failed() const {
    return (text_ && text_->queue.failing()) || (lines_out_ && lines_out_->queue.failing());
  }

 private:
  /// A file of sessions, and what is to be said of it.
  struct Output {
    Output(OutputFile& file, std::string what) : queue(file), name(std::move(what)) {}
    LineQueue queue;
    std::string name;
    std::uint64_t left_out = 0;  ///< that nobody was told of
    bool said = false;           ///< that something was
  };
  /// A kind of record that strangers can cause.
  struct Kind {
    Kind(std::uint32_t burst, Duration every, std::string what, bool text = false)
        : limiter(burst, every), name(std::move(what)), in_text(text) {}
    RecordLimiter limiter;
    std::string name;
    bool in_text;  ///< is told in the text output, too
  };
  void emit(Output& output, const std::string& text);
  void emit_line(Kind& kind, std::size_t usual, const std::string& text);
  void look_after(Output& output);
  void tell_left_out(Kind& kind, std::uint64_t count);
  template <class Action>
  void for_each_kind(const Action& action);

  Log& log_;
  std::optional<Output> text_;
  std::optional<Output> lines_out_;
  ReadyAction ready_action_;
  Services services_;
  std::optional<TestStatus> last_status_;
  std::mutex files_;
  Kind sessions_{200, std::chrono::milliseconds{200}, "sessions", true};
  std::map<std::string, Kind> fallbacks_;  ///< by protocol
  Kind refusals_{50, std::chrono::milliseconds{500}, "refusals"};
  /// A line for each of 4096 light sessions at once, and of a thousand that are repeated.
  Kind completed_lines_{4096, std::chrono::milliseconds{5}, "JSON lines"};
  Kind lines_{1000, std::chrono::milliseconds{50}, "JSON lines of what did not complete"};
  std::map<std::string, Kind> warnings_;  ///< by code
  std::atomic<std::uint64_t> opened_{0};
  std::atomic<std::uint64_t> closed_{0};
  std::atomic<std::uint64_t> refused_{0};
};

/// Every counter with its name, "hellos=12 challenges=12 ..."; what no service has counted is 0.
[[nodiscard]] std::string counters_text(const engine::ServerCounters& counters);

}  // namespace udperf::app
