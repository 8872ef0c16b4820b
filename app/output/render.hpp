#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "app/cli.hpp"
#include "app/output/terminal.hpp"
#include "engine/client_run.hpp"
#include "model/outcome.hpp"
#include "report/writer.hpp"
#include "result/document.hpp"

namespace udperf::app {

/// Everything that a test puts on stdout, in the format that was asked for and with its line ends.
/// Pure: the caller writes it. Formats that have nothing to say at a point give an empty text.
class Renderer {
 public:
  /// `options` must outlive it.
  Renderer(const OutputOptions& options, const report::TextStyle& style);

  [[nodiscard]] std::string started(const TestOutcome& outcome, UnixTime now);
  [[nodiscard]] std::string interval(const engine::LiveInterval& interval, UnixTime now);
  /// A trial of a search (--find-rate), as it ends.
  [[nodiscard]] std::string trial(const search::TrialPart& trial, Way way, UnixTime now);
  /// The result with one of several sizes (--sizes), after which another has come.
  [[nodiscard]] std::string size(const result::ResultDocument& document);
  /// A result after which another run follows (--repeat).
  [[nodiscard]] Result<std::string> run(const result::ResultDocument& document, UnixTime now);
  /// After run(), when no other run follows after all.
  [[nodiscard]] Result<std::string> stopped(const result::ResultDocument& document, UnixTime now);
  /// The last of all: a result, or the error that there is in its place.
  [[nodiscard]] Result<std::string> finished(const result::ResultDocument& document, UnixTime now);

 private:
  [[nodiscard]] bool shows_intervals() const;
  [[nodiscard]] std::string csv(const result::ResultDocument& document);

  const OutputOptions& options_;
  report::TextStyle style_;
  report::JsonlWriter jsonl_;
  bool csv_begun_ = false;
};

/// How text is to look: on a terminal as it has columns, else as in a file.
[[nodiscard]] report::TextStyle text_style(const OutputOptions& options, bool is_terminal,
                                           std::size_t columns);

/// The outcome of a test that an error kept from being started.
[[nodiscard]] TestOutcome failed_outcome(const Error& error, const engine::ClientOptions& options,
                                         UnixTime now);

/// The line that says where a server can be reached: its ready event, with the line end. Ports of
/// `services` beside the native one are keys of their own, e.g. "iperf3_port".
[[nodiscard]] std::string ready_event(
    const Endpoint& local, const std::vector<std::pair<std::string, Endpoint>>& services = {});

}  // namespace udperf::app
