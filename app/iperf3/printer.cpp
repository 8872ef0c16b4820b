#include "app/iperf3/printer.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <ctime>
#include <utility>

#include "app/output/terminal.hpp"
#include "base/printable.hpp"
#include "iperf3/report_json.hpp"

namespace udperf::app {
namespace {

using iperf3::IntervalRows;
using iperf3::TestRecord;

/// Each line with the same before it.
std::string with_prefix(const std::string& text, const std::string& prefix) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size() - 1) + 1;
    out += prefix;
    out.append(text, at, end - at);
    at = end;
  }
  return out;
}

std::string time_now(const std::string& format) {
  std::array<char, 128> stamp{};
  const std::time_t now = std::time(nullptr);
  std::tm local{};
  ::localtime_r(&now, &local);
  // NOLINTNEXTLINE(clang-diagnostic-format-nonliteral): the user's own format
  const std::size_t length = std::strftime(stamp.data(), stamp.size(), format.c_str(), &local);
  return {stamp.data(), length};
}

}  // namespace

iperf3::TextFormat text_format(const Iperf3Command& command) {
  return {command.report.unit, command.log.verbose};
}

Iperf3Printer::Iperf3Printer(const Iperf3Command& command, OutputFile& output, const Clock& clock)
    : command_(command), output_(output), format_(text_format(command)), clock_(clock) {
  if (command.role == Iperf3Command::Role::server) {
    queue_.emplace(output);
    terminal_ = unhurried_terminal(STDERR_FILENO);
  }
}

void Iperf3Printer::write(const std::string& text) {
  std::string prefix;
  if (this->text()) {
    const auto& title = command_.parameters.labels.title;
    prefix = (command_.log.timestamps ? time_now(*command_.log.timestamps) : "") +
             (title ? *title + ":  " : "");
  }
  const std::string whole = prefix.empty() ? text : with_prefix(text, prefix);
  if (queue_) {
    queue_->put(whole);
    failed_ = queue_->failing();
    return;
  }
  const auto done = output_.write(whole);
  failed_ = failed_ || !done;
}

/// To stderr, unless that would hold up a server.
void Iperf3Printer::write_error(const std::string& line) {
  if (terminal_) {
    static_cast<void>(!::write(terminal_.get(), line.data(), line.size()));
  } else if (!queue_ || has_room(STDERR_FILENO)) {
    std::fputs(line.c_str(), stderr);
  }
}

void Iperf3Printer::on_test_taken(const TestRecord& record) {
  const std::string length = std::to_string(record.parameters.length);
  const std::string segment = std::to_string(record.segment_bytes);
  const bool chosen = command_.parameters.length != 0;
  if (chosen && record.segment_bytes != 0 && record.parameters.length > record.segment_bytes) {
    const std::string line = "warning: UDP block size " + length + " exceeds TCP MSS " + segment +
                             ", may result in fragmentation / drops\n";
    write_error(line);
  }
  if (!text()) {
    return;
  }
  std::string said;
  if (command_.log.verbose) {
    said = iperf3::version_name(command_.report.keys) + "\n" + iperf3::system_info() +
           "\nControl connection MSS " + segment + "\n" +
           (chosen ? "" : "Setting UDP block size to " + length + "\n") +
           "Time: " + iperf3::time_text(record) + "\n";
  }
  said += "Connecting to host " + command_.host + ", port " + std::to_string(command_.port) + "\n";
  if (record.parameters.reverse) {
    said += "Reverse mode, remote host " + record.host + " is sending\n";
  }
  if (command_.log.verbose) {
    said += "      Cookie: " + record.cookie +
            "\n      Target Bitrate: " + std::to_string(record.parameters.rate_bps) + "\n";
  }
  write(said);
}

void Iperf3Printer::announce_server(std::uint16_t port) {
  constexpr const char* kLine = "-----------------------------------------------------------\n";
  port_ = port;
  if (text()) {
    const bool verbose = command_.log.verbose;
    write((verbose
               ? iperf3::version_name(command_.report.keys) + "\n" + iperf3::system_info() + "\n"
               : "") +
          std::string{kLine} + "Server listening on " + std::to_string(port) + " (test #" +
          std::to_string(tests_.load() + 1) + ")\n" + kLine);
  }
}

std::string Iperf3Printer::start_of(const TestRecord& record) const {
  const auto& p = record.parameters;
  if (!command_.log.verbose) {
    return iperf3::start_text(record) + iperf3::heading_text(record);
  }
  const std::string what = p.bytes != 0    ? std::to_string(p.bytes) + " bytes to send"
                           : p.blocks != 0 ? std::to_string(p.blocks) + " blocks to send"
                                           : std::to_string(p.seconds) + " second test";
  std::string who = iperf3::start_text(record);
  if (record.server) {  // a client has said it when the server took the test
    who.insert(who.find('\n') + 1, "      Cookie: " + printable(record.cookie) +
                                       "\n      Target Bitrate: " + std::to_string(p.rate_bps) +
                                       "\n");
    who.insert(0, "Time: " + iperf3::time_text(record) + "\n");
  }
  return who + "Starting Test: protocol: UDP, " + std::to_string(p.streams) + " streams, " +
         std::to_string(p.length) + " byte blocks, omitting " + std::to_string(p.omit_seconds) +
         " seconds, " + what + ", tos " + std::to_string(p.ip.tos) + "\n" +
         iperf3::heading_text(record);
}

void Iperf3Printer::renew_log() {
  if (const auto done = queue_ ? queue_->reopen() : output_.reopen(); !done) {
    say_error(done.error().message());
  }
}

void Iperf3Printer::on_test_started(const TestRecord& record) {
  if (record.server && live_ == nullptr) {
    renew_log();
  }
  ++tests_;
  if (!tests_limit_.admit(clock_.now())) {
    unprinted_.insert(&record);
    return;
  }
  if (command_.report.output != Iperf3Command::Output::json && live_ == nullptr) {
    live_ = &record;
    write(text() ? start_of(record) : iperf3::start_event(record));
  }
}

void Iperf3Printer::on_test_interval(const TestRecord& record, const IntervalRows& rows) {
  if (live_ == &record) {
    write(text() ? iperf3::rows_text(record, rows, format_) : iperf3::interval_event(record, rows));
  }
}

/// Events do not say whose they are: those of a test that was not printed as it ran come together.
std::string Iperf3Printer::events_of(const TestRecord& record) const {
  std::string out;
  if (live_ != &record) {
    out = iperf3::start_event(record);
    for (const IntervalRows& rows : record.intervals) {
      out += iperf3::interval_event(record, rows);
    }
  }
  return out + iperf3::end_events(record);
}

void Iperf3Printer::on_test_ended(const TestRecord& record) {
  if (unprinted_.erase(&record) != 0) {
    return;
  }
  if (record.rows_left_out != 0) {
    const std::string line = "iperf3: warning - " + std::to_string(record.rows_left_out) +
                             " intervals are not kept: there is no room for their rows\n";
    write_error(line);
  }
  switch (command_.report.output) {
    case Iperf3Command::Output::json_stream:
      write(events_of(record));
      break;
    case Iperf3Command::Output::json_stream_full:
      write(events_of(record) + iperf3::report_json(record, iperf3::KeySet::of_3_21));
      break;
    case Iperf3Command::Output::json:
      write(iperf3::report_json(record, command_.report.keys));
      break;
    case Iperf3Command::Output::text:
      write(live_ == &record ? iperf3::end_text(record, format_)
                             : iperf3::report_text(record, format_));
      break;
  }
  live_ = live_ == &record ? nullptr : live_;
  if (record.server) {
    const bool told = !record.error || !text() || say_trouble(*record.error);
    stop_told_ = stop_told_ || (record.shut_down && told);
    if (!command_.service.one_off && !record.shut_down) {
      announce_server(port_);
    }
  }
}

void Iperf3Printer::finish_client(const TestRecord& record, bool began) {
  if (!began && !text()) {
    write_alone(record);
  }
  if (!text()) {
    return;
  }
  if (record.error) {
    say_error(*record.error);
  } else {
    write("\niperf Done.\n");
  }
}

void Iperf3Printer::on_test_refused(const std::string& reason) {
  if (!text() && trouble_limit_.admit(clock_.now())) {
    say_last_error(reason);
  }
}

void Iperf3Printer::on_test_unstarted(const TestRecord& record) {
  if (text()) {
    say_trouble(record.host + ": " + record.error.value_or(""));
  } else if (trouble_limit_.admit(clock_.now())) {
    write_alone(record);
  }
}

void Iperf3Printer::write_alone(const TestRecord& record) {
  write(streams() ? iperf3::end_events(record) : iperf3::report_json(record, command_.report.keys));
}

void Iperf3Printer::say_last_error(const std::string& what) {
  TestRecord record;
  record.error = what;
  if (text()) {
    say_error(what);
  } else {
    write_alone(record);
  }
}

void Iperf3Printer::say_interrupted() {
  if (!stop_told_) {
    say_last_error(iperf3::kServerInterrupted);
  }
}

void Iperf3Printer::say_debug(const std::string& what) {
  const std::string line = printable(what, Lines::several) + "\n";
  if (text()) {
    write(line);
  } else {
    write_error(line);
  }
}

bool Iperf3Printer::say_trouble(const std::string& what) {
  const bool said = trouble_limit_.admit(clock_.now());
  if (said) {
    say_error(what);
  }
  return said;
}

MonoTime Iperf3Printer::tell_left_out(MonoTime now) {
  tell(tests_limit_, tests_limit_.take_left_out(now));
  tell(trouble_limit_, trouble_limit_.take_left_out(now));
  MonoTime next = std::min(tests_limit_.due(), trouble_limit_.due());
  if (queue_) {
    queue_->flush();
    left_out_ += queue_->take_left_out().count;
    next = std::min(next, queue_->due(now));
    if (left_out_ != 0 && queue_->goes()) {
      say_error("... " + std::to_string(std::exchange(left_out_, 0)) +
                " more that nobody read, or that could not be written");
    }
  }
  return next;
}

void Iperf3Printer::tell(RecordLimiter& limiter, std::optional<std::uint64_t> count) {
  if (count) {
    say_error("... " + std::to_string(*count) + " more like this in the last 10 s: " +
              (&limiter == &tests_limit_ ? "tests" : "errors"));
  }
}

void Iperf3Printer::finish_server() {
  constexpr Duration kPatience = std::chrono::seconds{2};
  tell(tests_limit_, tests_limit_.take_all());
  tell(trouble_limit_, trouble_limit_.take_all());
  if (queue_) {
    queue_->finish(kPatience);
    failed_ = queue_->failing();
    left_out_ += queue_->take_left_out().count;
    if (left_out_ != 0) {
      write_error("iperf3: error - ... " + std::to_string(left_out_) + " more that nobody read\n");
    }
  }
}

void Iperf3Printer::say_error(const std::string& what) {
  const bool interrupt = what.starts_with("interrupt - ");
  const std::string line = (interrupt ? "iperf3: " : "iperf3: error - ") + what + "\n";
  if (command_.log.file && text()) {
    write(line);
  } else {  // a log of JSON has nothing else in it
    write_error(line);
  }
}

}  // namespace udperf::app
