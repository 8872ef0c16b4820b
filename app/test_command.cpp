#include "app/test_command.hpp"

#include <cstdio>

#include "app/client_reporter.hpp"
#include "app/exit_code.hpp"
#include "app/files.hpp"
#include "app/log.hpp"
#include "app/render.hpp"
#include "app/signals.hpp"
#include "clock/system_clock.hpp"
#include "crypto/crypto.hpp"
#include "result/document.hpp"

namespace udperf::app {
namespace {

/// What has to be opened before a test, so that a wrong path fails before it and not after.
struct OpenFiles {
  Log log;
  OutputFile output;
  std::optional<std::string> key;
};

Result<OpenFiles> open_files(const ClientCommand& command, const Clock& clock) {
  LogOptions log_options = command.log;
  if (command.output.verbosity == Verbosity::quiet && !log_options.file &&
      log_options.level == LogLevel::warning) {  // who asks for more than the default gets it
    log_options.level = LogLevel::error;
  }
  auto log = Log::open(log_options, clock);
  if (!log) {
    return tl::unexpected<Error>{log.error()};
  }
  std::optional<std::string> key;
  if (command.key_file) {
    auto bytes = read_key_file(*command.key_file);
    if (!bytes) {
      return tl::unexpected<Error>{bytes.error()};
    }
    key = *std::move(bytes);
  }
  auto output = OutputFile::open(command.output.file, "--output");
  if (!output) {
    return tl::unexpected<Error>{output.error()};
  }
  return OpenFiles{*std::move(log), *std::move(output), std::move(key)};
}

ThresholdsMet judge_thresholds(const ClientCommand& command, const result::ResultDocument& document,
                               Log& log) {
  const auto missed =
      missed_thresholds(command.thresholds, document.loss_percent, document.goodput_bps);
  for (const std::string& sentence : missed) {
    log.error(sentence);
  }
  return missed.empty() ? ThresholdsMet::yes : ThresholdsMet::no;
}

/// Prints the result; false when it could not be written.
Result<void> print_result(const result::ResultDocument& document, Renderer& renderer,
                          const OutputFile& output, UnixTime now) {
  const auto text = renderer.finished(document, now);
  if (!text) {
    return tl::unexpected<Error>{text.error()};
  }
  return output.write(*text);
}

}  // namespace

int run_test_command(const ClientCommand& command, const TestRunner& runner) {
  engine::StopToken stop;
  const SignalWatcher signals{stop};  // before any other thread
  const SystemClock clock;
  auto files = open_files(command, clock);
  if (!files) {
    return report_failure(files.error(), command);
  }
  engine::ClientOptions options = command.options;
  options.key = files->key;
  crypto::SystemRandom random;
  Log& log = files->log;
  Renderer renderer{command.output,
                    choose_colors(command.output.color, files->output.is_terminal())};
  ClientReporter reporter{{log, renderer, files->output, clock}, command};

  const TestOutcome outcome = runner({options, clock, random, reporter, stop, log});

  reporter.end_progress();
  const auto document = result::build_result(outcome);
  const auto printed = print_result(document, renderer, files->output, clock.unix_now());
  if (outcome.error) {  // an interruption is what the user wanted
    const auto level = outcome.status == TestStatus::interrupted ? LogLevel::info : LogLevel::error;
    log.write(level, outcome.error->message(), LogContext{outcome.server, outcome.session});
  }
  if (!printed || reporter.write_error()) {
    log.error(printed ? reporter.write_error()->message() : printed.error().message());
    return exit_internal;
  }
  const auto thresholds = outcome.status == TestStatus::complete
                              ? judge_thresholds(command, document, log)
                              : ThresholdsMet::no;
  return exit_code(outcome, stop.signal(), thresholds);
}

int report_failure(const Error& error, const ClientCommand& command) {
  std::fprintf(stderr, "udperf: %s\n", error.message().c_str());
  // Only the formats that programs read promise something on stdout when there is no result.
  const bool wanted =
      command.output.format == OutputFormat::json || command.output.format == OutputFormat::jsonl;
  if (wanted) {
    const auto now = SystemClock{}.unix_now();
    const auto document = result::build_result(failed_outcome(error, command.options, now));
    Renderer renderer{command.output, Colors::off};
    const auto text = renderer.finished(document, now);
    const auto output = OutputFile::open(std::nullopt, "stdout");
    if (!text || !output || !output->write(*text)) {
      return exit_internal;
    }
  }
  return exit_code(error.code);
}

}  // namespace udperf::app
