#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "app/cli.hpp"
#include "model/outcome.hpp"

namespace udperf::result {
struct ResultDocument;
}  // namespace udperf::result

namespace udperf::app {

/// The exit statuses that README and manual pages promise; nothing else in the program knows them.
enum ExitCode : int {
  exit_ok = 0,
  exit_internal = 1,
  exit_usage = 2,
  exit_unreachable = 3,
  exit_refused = 4,
  exit_cut_short = 5,
  exit_threshold = 6,
  exit_sigint = 130,
  exit_sigterm = 143,
};

[[nodiscard]] int exit_code(ErrorCode code);
/// Says on stderr what is wrong; returns its exit status.
[[nodiscard]] int report_failure(const Error& error);
/// Writes to stdout; returns 0, or 1 where that failed, and says why on stderr: who closed the pipe
/// knows it.
[[nodiscard]] int print_to_stdout(std::string_view text);
/// 130 or 143.
[[nodiscard]] int exit_code_of_signal(int signal);

enum class ThresholdsMet : bool { no, yes };
/// `signal` is what interrupted the test, 0 where nothing did.
[[nodiscard]] int exit_code(const TestOutcome& outcome, int signal, ThresholdsMet thresholds);

/// The figures that thresholds are about; absent: not measured.
struct Measured {
  std::optional<double> loss_percent;
  std::optional<double> goodput_bps;
  std::optional<std::int64_t> rtt_p99_ns;
  std::optional<double> mos;  ///< of the worse direction
  std::string rate_of = {};   ///< which of several searches the rate is of, e.g. "18 B down"
};
/// Of a test the rate is what arrived in the time that was asked for, of searches the lowest that
/// was found, over directions and sizes: absent where one of them found none.
[[nodiscard]] Measured measured_by(const result::ResultDocument& document);
/// One sentence for each threshold that was missed. A figure that could not be measured misses its
/// threshold: nobody knows that it was kept.
[[nodiscard]] std::vector<std::string> missed_thresholds(const Thresholds& thresholds,
                                                         const Measured& measured);

}  // namespace udperf::app
