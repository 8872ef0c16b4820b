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
    : parts_(parts), says_plainly_(has_plain_lines(command)), progress_(parts.progress) {
  // A table of intervals on the same screen takes the live lines' place.
  if (command.output.live_intervals && command.output.format == OutputFormat::text &&
      parts.output.is_terminal()) {
    progress_ = nullptr;
  }
}

ClientReporter::~ClientReporter() {
  end_progress();
}

void ClientReporter::end_progress() {
  if (progress_ != nullptr) {
    progress_->erase();
    progress_ = nullptr;
  }
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
  if (progress_ != nullptr) {
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
  // In turns where the system had no descriptor to be woken by.
  const int stop = parts_.stop.wait_fd();
  const Duration turn = stop < 0 ? std::chrono::milliseconds{20} : time;
  for (Duration waited{0}; waited < time && !parts_.stop.requested(); waited += turn) {
    parts_.output.wait_abandoned(stop, std::min(turn, time - waited));
    stop_if_abandoned();
  }
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
  if (progress_ != nullptr) {
    progress_->erase();
  }
  std::fprintf(stderr, "%s\n", line.c_str());
}

void ClientReporter::restart_progress() {
  if (progress_ != nullptr) {
    progress_->restart();
  }
}

void ClientReporter::emit(const std::string& text) {
  if (text.empty() || write_error_) {
    return;
  }
  if (progress_ != nullptr && parts_.output.is_terminal()) {
    progress_->erase();
  }
  if (const auto done = parts_.output.write(text); !done) {
    write_error_ = done.error();
  }
}

}  // namespace udperf::app
