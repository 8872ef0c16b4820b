#pragma once

#include <optional>
#include <string>

#include "app/cli.hpp"
#include "app/commands/open_files.hpp"
#include "app/exit_code.hpp"
#include "app/output/client_reporter.hpp"
#include "result/document.hpp"

namespace udperf::app {

/// Puts what a command has measured where it was asked for, and says on stderr what could not be
/// written, what ended a test early and which thresholds were missed. Everything given must outlive
/// it.
class ResultOutput {
 public:
  ResultOutput(const ClientCommand& command, OpenFiles& files, const ClientReporter& reporter)
      : command_(command), files_(files), reporter_(reporter) {}

  /// False where it, or a live line before it, could not be written.
  [[nodiscard]] bool put(const Result<std::string>& text);
  /// The last of the output: `text`, and the page of its document (--report).
  [[nodiscard]] bool put_last(const Result<std::string>& text,
                              const result::ResultDocument& document);
  void say_error(const TestOutcome& outcome);
  [[nodiscard]] ThresholdsMet judge(const result::ResultDocument& document);

 private:
  [[nodiscard]] bool put_page(const result::ResultDocument& document);

  const ClientCommand& command_;
  OpenFiles& files_;
  const ClientReporter& reporter_;
};

}  // namespace udperf::app
