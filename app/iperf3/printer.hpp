#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <set>
#include <string>

#include "app/iperf3/command.hpp"
#include "app/output/files.hpp"
#include "app/output/line_queue.hpp"
#include "base/record_limiter.hpp"
#include "clock/clock.hpp"
#include "iperf3/report_writer.hpp"
#include "iperf3/test_record.hpp"

namespace udperf::app {

/// How figures are written in text.
[[nodiscard]] iperf3::TextFormat text_format(const Iperf3Command& command);

/// Prints tests as iperf3 does, as text, JSON or a stream of JSON objects. Of several tests at a
/// time one is printed as it runs, the others when they are over. Of a server nobody who reads
/// slowly, or not at all, holds up a test: what there is no room for is left out.
class Iperf3Printer final : public iperf3::TestWatcher {
 public:
  Iperf3Printer(const Iperf3Command& command, OutputFile& output, const Clock& clock);

  void on_test_taken(const iperf3::TestRecord& record) override;
  void on_test_started(const iperf3::TestRecord& record) override;
  void on_test_interval(const iperf3::TestRecord& record,
                        const iperf3::IntervalRows& rows) override;
  void on_test_ended(const iperf3::TestRecord& record) override;
  void on_test_refused(const std::string& reason) override;
  void on_test_unstarted(const iperf3::TestRecord& record) override;

  /// "Server listening on ...": of the text form only.
  void announce_server(std::uint16_t port);
  /// The client's last lines, or what the test failed of.
  void finish_client(const iperf3::TestRecord& record, bool began);
  void say_error(const std::string& what);
  /// One that strangers can cause. Whether it was said, and not left out.
  bool say_trouble(const std::string& what);
  /// Tells what was left out, when it is time to. Returns when it is next.
  MonoTime tell_left_out(MonoTime now);
  /// The end of a server: tells what was left out, and writes what waits, for two seconds at most.
  void finish_server();
  /// The error that ends the program: of the forms of JSON it is a part.
  void say_last_error(const std::string& what);
  /// That the server was stopped, where no test's end has told it.
  void say_interrupted();
  /// -d: a part of the output where that is text, else on stderr.
  void say_debug(const std::string& what);

  [[nodiscard]] bool failed() const { return failed_; }
  /// A client was granted a test.
  void note_client() { client_came_.store(true); }
  [[nodiscard]] bool client_came() const { return client_came_.load(); }

 private:
  [[nodiscard]] bool text() const { return command_.report.output == Iperf3Command::Output::text; }
  [[nodiscard]] bool streams() const {
    return command_.report.output == Iperf3Command::Output::json_stream ||
           command_.report.output == Iperf3Command::Output::json_stream_full;
  }
  [[nodiscard]] std::string start_of(const iperf3::TestRecord& record) const;
  [[nodiscard]] std::string events_of(const iperf3::TestRecord& record) const;
  /// The log by its name, which another program may have moved away.
  void renew_log();
  void write(const std::string& text);
  void write_error(const std::string& line);
  void tell(RecordLimiter& limiter, std::optional<std::uint64_t> count);
  /// JSON of a test of which nothing was printed before.
  void write_alone(const iperf3::TestRecord& record);

  const Iperf3Command& command_;
  OutputFile& output_;
  iperf3::TextFormat format_;
  const Clock& clock_;
  RecordLimiter tests_limit_{200, std::chrono::milliseconds{200}};
  RecordLimiter trouble_limit_{50, std::chrono::milliseconds{500}};
  std::set<const iperf3::TestRecord*> unprinted_;  ///< tests that run and are left out
  const iperf3::TestRecord* live_ = nullptr;       ///< the test that is printed as it runs
  std::uint16_t port_ = 0;
  std::atomic<std::uint64_t> tests_{0};
  std::atomic<bool> client_came_{false};
  bool failed_ = false;
  bool stop_told_ = false;
  std::optional<LineQueue> queue_;  ///< of a server
  os::Fd terminal_;                 ///< of a server: stderr, where that is one
  std::uint64_t left_out_ = 0;      ///< of the queue, and not told yet
};

}  // namespace udperf::app
