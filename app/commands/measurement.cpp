#include "app/commands/measurement.hpp"

#include <cstdio>
#include <optional>

#include "app/commands/open_files.hpp"
#include "app/commands/result_output.hpp"
#include "app/commands/runs.hpp"
#include "app/commands/trace_input.hpp"
#include "app/exit_code.hpp"
#include "app/last_resort.hpp"
#include "app/output/client_reporter.hpp"
#include "app/output/files.hpp"
#include "app/output/render.hpp"
#include "app/signals.hpp"
#include "clock/system_clock.hpp"
#include "crypto/crypto.hpp"
#include "result/document.hpp"

namespace udperf::app {
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

int run_carefully(const ClientCommand& command, const TestRunner& runner, engine::StopToken& stop) {
  const SystemClock clock;
  auto files = open_files(command, clock, stop);
  if (!files && stop.requested()) {  // while nobody read what it was to write
    return exit_code_of_signal(stop.signal());
  }
  if (!files) {
    return report_failure(files.error(), command, &stop);
  }
  engine::ClientOptions options = command.options;
  options.key = files->key;
  std::optional<traffic::TraceInput> trace;
  if (command.trace) {
    auto loaded = load_trace(command, options);
    if (!loaded) {
      return report_failure(loaded.error(), command, &stop);
    }
    options.profile.trace = &trace.emplace(*std::move(loaded));
  }
  crypto::SystemRandom random;
  Log& log = files->log;
  Renderer renderer{command.output, text_style(command.output, files->output.is_terminal(),
                                               files->output.columns())};
  ClientReporter reporter{{log, renderer, files->output, clock, stop, files->progress.get()},
                          command};

  const TestSetting setting{options, clock, random, reporter, stop, log};
  ResultOutput output{command, *files, reporter};
  return command.find_rate ? run_search(command, runner, setting, renderer, reporter, output)
                           : run_series(command, runner, setting, renderer, reporter, output);
}

}  // namespace

int run_measurement(const ClientCommand& command, const TestRunner& runner) {
  engine::StopToken stop;
  std::optional<SignalWatcher> signals;  // until all is said
  try {
    signals.emplace(stop);  // before any other thread
    return run_carefully(command, careful(runner), stop);
  } catch (const std::exception& problem) {
    return report_failure(error_of(problem), command, &stop);
  }
}

int report_failure(const Error& error, const ClientCommand& command,
                   const engine::StopToken* stop) {
  std::fprintf(stderr, "udperf: %s\n", error.message().c_str());
  // Only the formats that programs read promise something on stdout when there is no result.
  if (command.output.format != OutputFormat::text) {
    const auto now = SystemClock{}.unix_now();
    const auto document = result::build_result(failed_outcome(error, command.options, now));
    Renderer renderer{command.output, report::TextStyle{}};
    const auto text = renderer.finished(document, now);
    auto output =
        OutputFile::open(command.output.file, "--output", OutputFile::Mode::replace, stop);
    if (!output && stop != nullptr && stop->requested()) {  // while nobody read it
      return exit_code_of_signal(stop->signal());
    }
    if (!output) {  // which may be what is wrong
      output = OutputFile::open(std::nullopt, "stdout", OutputFile::Mode::replace, stop);
    }
    if (!text || !output || !output->write(*text)) {
      return exit_internal;
    }
  }
  return exit_code(error.code);
}

}  // namespace udperf::app
