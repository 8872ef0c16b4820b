#include "app/test_command.hpp"

#include <array>
#include <cerrno>
#include <cstdio>
#include <vector>

#include "app/client_reporter.hpp"
#include "app/exit_code.hpp"
#include "app/files.hpp"
#include "app/find_rate.hpp"
#include "app/last_resort.hpp"
#include "app/log.hpp"
#include "app/render.hpp"
#include "app/signals.hpp"
#include "app/trace_input.hpp"
#include "app/whole_file.hpp"
#include "clock/system_clock.hpp"
#include "crypto/crypto.hpp"
#include "html/report_page.hpp"
#include "os/event.hpp"
#include "report/writer.hpp"
#include "result/document.hpp"

namespace udperf::app {
namespace {

/// What has to be opened before a test, so that a wrong path fails before it and not after.
struct OpenFiles {
  Log log;
  OutputFile output;
  std::optional<WholeFile> page;
  std::optional<crypto::Key> key;
};

Result<OpenFiles> open_files(const ClientCommand& command, const Clock& clock) {
  LogOptions log_options = command.log;
  if (command.output.verbosity == Verbosity::quiet && !log_options.file &&
      log_options.level == LogLevel::warning) {  // any other level was asked for
    log_options.level = LogLevel::error;
  }
  auto log = Log::open(log_options, clock);
  if (!log) {
    return tl::unexpected<Error>{log.error()};
  }
  std::optional<crypto::Key> key;
  if (command.key_file) {
    const auto bytes = read_key_file(*command.key_file);
    if (!bytes) {
      return tl::unexpected<Error>{bytes.error()};
    }
    key = *bytes;
  }
  auto output = OutputFile::open(command.output.file, "--output");
  if (!output) {
    return tl::unexpected<Error>{output.error()};
  }
  std::optional<WholeFile> page;
  if (command.output.page) {
    auto opened = WholeFile::open(command.output.page, "--report");
    if (!opened) {
      return tl::unexpected<Error>{opened.error()};
    }
    page.emplace(*std::move(opened));
  }
  return OpenFiles{*std::move(log), *std::move(output), std::move(page), key};
}

ThresholdsMet judge_thresholds(const ClientCommand& command, const result::ResultDocument& document,
                               Log& log) {
  if (document.status != TestStatus::complete) {
    return ThresholdsMet::no;
  }
  const auto missed = missed_thresholds(command.thresholds, measured_by(document));
  for (const std::string& sentence : missed) {
    log.error(sentence);
  }
  return missed.empty() ? ThresholdsMet::yes : ThresholdsMet::no;
}

/// --report: the last document as a page. Says why where it cannot be written.
bool page_written(std::optional<WholeFile>& page, const result::ResultDocument& document,
                  Log& log) {
  if (!page) {
    return true;
  }
  const auto done = page->write(html::report_page(report::to_json(document)));
  if (!done) {
    log.error(done.error().message());
  }
  return done.has_value();
}

bool written(const Result<std::string>& text, const ClientReporter& reporter,
             const OutputFile& output, Log& log) {
  std::optional<Error> problem = reporter.write_error();
  if (!text) {
    problem = text.error();
  } else if (const auto done = output.write(*text); !done) {
    problem = done.error();
  }
  if (problem) {  // who closed the pipe knows it
    log.write(problem->os_error == EPIPE ? LogLevel::info : LogLevel::error, problem->message());
  }
  return !problem;
}

void say_error(const TestOutcome& outcome, Log& log) {
  if (outcome.error) {  // an interruption is what the user wanted
    const auto level = outcome.status == TestStatus::interrupted ? LogLevel::info : LogLevel::error;
    log.write(level, outcome.error->message(), LogContext{outcome.server, outcome.session});
  }
}

/// The last of the output: `text`, and the page of its document.
bool all_written(const Result<std::string>& text, const result::ResultDocument& document,
                 const ClientReporter& reporter, OpenFiles& files, Log& log) {
  return written(text, reporter, files.output, log) && page_written(files.page, document, log);
}

/// --find-rate: many short tests, one result. Returns the exit status.
int run_search(const ClientCommand& command, const TestRunner& runner, const TestSetting& setting,
               Renderer& renderer, ClientReporter& reporter, OpenFiles& files) {
  const search::FoundRate found = find_rate(command, runner, setting, renderer, reporter);
  reporter.end_progress();
  auto document = result::build_result(found.outcome);
  if (found.outcome.status != TestStatus::error) {
    document.search = found.first;
    document.search_down = found.down;
    document.search_sizes = found.sizes;
  }
  const auto text = renderer.finished(document, setting.clock.unix_now());
  say_error(found.outcome, setting.log);
  if (!all_written(text, document, reporter, files, setting.log)) {
    return exit_internal;
  }
  return exit_code(found.outcome, setting.stop.signal(),
                   judge_thresholds(command, document, setting.log));
}

/// The runs of one command: one, or as many as --repeat says.
class Series {
 public:
  Series(const ClientCommand& command, const TestRunner& runner, const TestSetting& setting,
         OpenFiles& files)
      : command_(command), runner_(runner), setting_(setting), files_(files) {}

  /// Runs and prints them all; returns the exit status.
  int run(Renderer& renderer, ClientReporter& reporter) {
    int code = exit_ok;
    for (std::uint32_t number = 1;; ++number) {
      const TestOutcome outcome = runner_(setting_);
      reporter.end_progress();
      auto document = result::build_result(outcome);
      runs_.push_back(result::shorten(document));
      const bool complete = outcome.status == TestStatus::complete;
      const bool last = number >= command_.repeat || !complete || setting_.stop.requested();
      const bool told = last ? tell_last(document, renderer, reporter)
                             : written(renderer.run(document, setting_.clock.unix_now()), reporter,
                                       files_.output, setting_.log);
      say_error(outcome, setting_.log);
      if (!told) {
        return exit_internal;
      }
      const int this_code = exit_code(outcome, setting_.stop.signal(),
                                      judge_thresholds(command_, document, setting_.log));
      code = this_code == exit_ok ? code : this_code;
      if (last) {
        // All that ran is complete, but not all that was asked for.
        return complete && number < command_.repeat ? signal_code() : code;
      }
      if (!pause_before_next()) {
        const auto whole = summed_up(document);
        const auto rest = renderer.stopped(whole, setting_.clock.unix_now());
        return all_written(rest, whole, reporter, files_, setting_.log) ? signal_code()
                                                                        : exit_internal;
      }
    }
  }

 private:
  bool tell_last(const result::ResultDocument& document, Renderer& renderer,
                 const ClientReporter& reporter) const {
    const auto whole = summed_up(document);
    return all_written(renderer.finished(whole, setting_.clock.unix_now()), whole, reporter, files_,
                       setting_.log);
  }

  [[nodiscard]] int signal_code() const { return exit_code_of_signal(setting_.stop.signal()); }

  /// The last document, with what all runs came to where there are several.
  [[nodiscard]] result::ResultDocument summed_up(result::ResultDocument document) const {
    if (command_.repeat > 1) {
      document.repeats = result::build_repeats(command_.repeat, runs_);
    }
    return document;
  }

  /// False when a signal ended it.
  [[nodiscard]] bool pause_before_next() const {
    const std::array<int, 1> fds{setting_.stop.wait_fd()};
    if (!setting_.stop.requested()) {
      os::wait_readable(fds, command_.gap);
    }
    return !setting_.stop.requested();
  }

  const ClientCommand& command_;
  const TestRunner& runner_;
  TestSetting setting_;
  OpenFiles& files_;
  std::vector<result::RunPart> runs_;
};

}  // namespace

namespace {

/// What no memory, or no thread, is left for is a result of its own.
TestRunner careful(const TestRunner& runner) {
  return [&runner](const TestSetting& setting) {
    try {
      return runner(setting);
    } catch (const std::exception& problem) {
      return failed_outcome(error_of(problem), setting.options, setting.clock.unix_now());
    }
  };
}

int run_carefully(const ClientCommand& command, const TestRunner& runner) {
  engine::StopToken stop;
  const SignalWatcher signals{stop};  // before any other thread
  const SystemClock clock;
  auto files = open_files(command, clock);
  if (!files) {
    return report_failure(files.error(), command);
  }
  engine::ClientOptions options = command.options;
  options.key = files->key;
  std::optional<traffic::TraceInput> trace;
  if (command.trace) {
    auto loaded = load_trace(command, options);
    if (!loaded) {
      return report_failure(loaded.error(), command);
    }
    options.profile.trace = &trace.emplace(*std::move(loaded));
  }
  crypto::SystemRandom random;
  Log& log = files->log;
  Renderer renderer{command.output, text_style(command.output, files->output.is_terminal(),
                                               files->output.columns())};
  ClientReporter reporter{{log, renderer, files->output, clock, stop}, command};

  const TestSetting setting{options, clock, random, reporter, stop, log};
  if (command.find_rate) {
    return run_search(command, runner, setting, renderer, reporter, *files);
  }
  Series series{command, runner, setting, *files};
  return series.run(renderer, reporter);
}

}  // namespace

int run_test_command(const ClientCommand& command, const TestRunner& runner) {
  try {
    return run_carefully(command, careful(runner));
  } catch (const std::exception& problem) {
    return report_failure(error_of(problem), command);
  }
}

int report_failure(const Error& error, const ClientCommand& command) {
  std::fprintf(stderr, "udperf: %s\n", error.message().c_str());
  // Only the formats that programs read promise something on stdout when there is no result.
  const bool wanted =
      command.output.format == OutputFormat::json || command.output.format == OutputFormat::jsonl;
  if (wanted) {
    const auto now = SystemClock{}.unix_now();
    const auto document = result::build_result(failed_outcome(error, command.options, now));
    Renderer renderer{command.output, report::TextStyle{}};
    const auto text = renderer.finished(document, now);
    auto output = OutputFile::open(command.output.file, "--output");
    if (!output) {  // which may be what is wrong
      output = OutputFile::open(std::nullopt, "stdout");
    }
    if (!text || !output || !output->write(*text)) {
      return exit_internal;
    }
  }
  return exit_code(error.code);
}

}  // namespace udperf::app
