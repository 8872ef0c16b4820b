#pragma once

#include <optional>

#include "app/output/files.hpp"
#include "app/output/log.hpp"
#include "app/output/progress.hpp"
#include "app/output/render.hpp"
#include "engine/client_run.hpp"
#include "engine/stop_token.hpp"

namespace udperf::app {

/// What the user sees of a running test: log records, the progress line, and the live lines of
/// those formats that have any. Everything given must outlive it.
class ClientReporter final : public engine::ClientObserver {
 public:
  struct Parts {
    Log& log;
    Renderer& renderer;
    const OutputFile& output;
    const Clock& clock;
    engine::StopToken& stop;
    ProgressLine* progress;  ///< null: none is shown
  };
  ClientReporter(Parts parts, const ClientCommand& command);
  ClientReporter(const ClientReporter&) = delete;
  ClientReporter& operator=(const ClientReporter&) = delete;
  ~ClientReporter() override;

  void on_started(const TestOutcome& outcome) override;
  void on_interval(const engine::LiveInterval& interval) override;
  void on_progress(const engine::LiveProgress& progress) override;
  void on_warning(const Warning& warning) override;
  void on_trace(const std::string& text, const std::optional<Endpoint>& peer) override;

  /// A line on how it goes: a record of the log at its level `info`, and else a plain line on
  /// stderr, beside the progress line; that not with --quiet, nor where stderr is to have JSON.
  void say(const std::string& line);
  /// Text for the output that another than this makes.
  void emit(const std::string& text);
  /// Another test of the same command begins.
  void restart_progress();

  /// The first failure to write a live line; the test itself went on.
  [[nodiscard]] const std::optional<Error>& write_error() const { return write_error_; }
  /// Waits so long, or until a stop, which it asks for where nobody is left who reads the output.
  void pause(Duration time);
  /// Takes the progress line away for good: nothing may stand before the result.
  void end_progress();

 private:
  void stop_if_abandoned();

  Parts parts_;
  bool says_plainly_;
  ProgressLine* progress_;  ///< null: none is shown any more
  LogContext context_;
  std::optional<Error> write_error_;
};

}  // namespace udperf::app
