#include "app/output/client_reporter.hpp"

#include <csignal>
#include <cstdio>

namespace udperf::app {
namespace {

/// Whether stderr is free for lines that are no records.
bool has_plain_lines(const ClientCommand& command) {
  const LogOptions& log = command.log;
  const bool of_records =
      !log.file && (log.format == LogFormat::json || log.level >= LogLevel::info);
  return command.output.verbosity == Verbosity::normal && !of_records;
}

}  // namespace

ClientReporter::ClientReporter(Parts parts, const ClientCommand& command)
    : parts_(parts), says_plainly_(has_plain_lines(command)) {
  const auto terminal = ProgressLine::stderr_terminal();
  const OutputOptions& output = command.output;
  // A table of intervals on the same screen takes the live lines' place.
  const bool table =
      output.live_intervals && output.format == OutputFormat::text && parts.output.is_terminal();
  if (terminal && output.verbosity == Verbosity::normal && !table) {
    const ProgressLine::Style style{choose_colors(output.color, true), choose_glyphs()};
    progress_.emplace(*terminal, whole_amount(command.options.params), style);
  }
  parts_.log.before_stderr([this] {
    if (progress_) {
      progress_->erase();
    }
  });
}

ClientReporter::~ClientReporter() {
  parts_.log.before_stderr({});
}

void ClientReporter::on_started(const TestOutcome& outcome) {
  context_ = LogContext{outcome.server, outcome.session};
  parts_.log.info("test started", context_);
  emit(parts_.renderer.started(outcome, parts_.clock.unix_now()));
}

void ClientReporter::on_interval(const engine::LiveInterval& interval) {
  emit(parts_.renderer.interval(interval, parts_.clock.unix_now()));
}

void ClientReporter::on_progress(const engine::LiveProgress& progress) {
  if (progress_) {
    progress_->update(progress);
  }
  stop_if_abandoned();
}

/// What nobody is left to read needs not be measured.
void ClientReporter::stop_if_abandoned() {
  if (!parts_.stop.requested() && parts_.output.is_abandoned()) {
    parts_.stop.request(SIGPIPE);
  }
}

void ClientReporter::pause(Duration time) {
  if (!parts_.stop.requested()) {
    parts_.output.wait_abandoned(parts_.stop.wait_fd(), time);
  }
  stop_if_abandoned();
}

void ClientReporter::on_warning(const Warning& warning) {
  parts_.log.warning(warning.message + " [" + warning.code + "]", context_);
}

void ClientReporter::on_trace(const std::string& text, const std::optional<Endpoint>& peer) {
  parts_.log.debug(text, LogContext{peer, context_.session});
  stop_if_abandoned();  // a server that is waited for is tried again and again
}

void ClientReporter::say(const std::string& line) {
  parts_.log.info(line, context_);
  if (!says_plainly_) {
    return;
  }
  if (progress_) {
    progress_->erase();
  }
  std::fprintf(stderr, "%s\n", line.c_str());
}

void ClientReporter::restart_progress() {
  if (progress_) {
    progress_->restart();
  }
}

void ClientReporter::emit(const std::string& text) {
  if (text.empty() || write_error_) {
    return;
  }
  if (progress_ && parts_.output.is_terminal()) {
    progress_->erase();
  }
  if (const auto done = parts_.output.write(text); !done) {
    write_error_ = done.error();
  }
}

}  // namespace udperf::app
