#include "app/exit_code.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstdio>
#include <utility>

#include "app/output/files.hpp"
#include "base/decimal.hpp"
#include "result/document.hpp"

namespace udperf::app {
namespace {

/// As it was written: 100 * 0.29 is 28.999999999999996.
std::string number_text(double value) {
  constexpr int kDigits = 12;
  std::array<char, 32> buffer{};
  const auto [end, problem] = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value,
                                            std::chars_format::general, kDigits);
  return problem == std::errc{} ? std::string(buffer.data(), end) : std::string{"?"};
}

/// In four digits, unless the limit that it misses reads the same.
std::string missed_text(double value, double limit) {
  const std::string text = decimal("%.4g", value);
  return text != number_text(limit) ? text : number_text(value);
}

/// More than rounding makes of what is just the limit.
bool exceeds(double value, double limit) {
  constexpr double kRounding = 1e-12;
  return value > limit * (1 + kRounding);
}

std::optional<std::string> missed_score(const Thresholds& thresholds, const Measured& measured) {
  if (!thresholds.mos) {
    return std::nullopt;
  }
  if (!measured.mos) {
    return "--fail-mos: there is no score of every direction";
  }
  return *measured.mos < *thresholds.mos
             ? std::optional{"--fail-mos: the score was " +
                             missed_text(*measured.mos, *thresholds.mos) + ", wanted are " +
                             number_text(*thresholds.mos)}
             : std::nullopt;
}

}  // namespace

int report_failure(const Error& error) {
  std::fprintf(stderr, "udperf: %s\n", error.message().c_str());
  return exit_code(error.code);
}

int print_to_stdout(std::string_view text) {
  const auto output = OutputFile::open(std::nullopt, "stdout");
  const auto written =
      output ? output->write(text) : Result<void>{tl::unexpected<Error>{output.error()}};
  if (written) {
    return exit_ok;
  }
  if (written.error().os_error != EPIPE) {
    std::fprintf(stderr, "udperf: %s\n", written.error().message().c_str());
  }
  return exit_internal;
}

int exit_code(ErrorCode code) {
  switch (code) {
    case ErrorCode::internal:
    case ErrorCode::system:
      return exit_internal;
    case ErrorCode::usage:
      return exit_usage;
    case ErrorCode::unreachable:
      return exit_unreachable;
    case ErrorCode::refused:
      return exit_refused;
    case ErrorCode::cut_short:
      return exit_cut_short;
  }
  return exit_internal;
}

int exit_code_of_signal(int signal) {
  return signal == SIGTERM ? exit_sigterm : exit_sigint;
}

int exit_code(const TestOutcome& outcome, int signal, ThresholdsMet thresholds) {
  switch (outcome.status) {
    case TestStatus::complete:
      return thresholds == ThresholdsMet::yes ? exit_ok : exit_threshold;
    case TestStatus::incomplete:
      return exit_cut_short;
    case TestStatus::interrupted:
      return exit_code_of_signal(signal);
    case TestStatus::error:
      return outcome.error ? exit_code(outcome.error->code) : exit_internal;
  }
  return exit_internal;
}

Measured measured_by(const result::ResultDocument& document) {
  Measured measured{document.loss_percent, result::sustained_bps(document),
                    document.rtt.loaded.p99_ns, result::worst_mos(document)};
  using Found = std::pair<const search::Answer*, std::string>;
  std::vector<Found> found;
  const auto way_text = [](const search::Answer& answer) {
    return std::string{answer.way == Way::up ? "up" : "down"};
  };
  for (const search::SizeAnswer& size : document.search_sizes) {
    found.emplace_back(&size.answer,
                       std::to_string(size.payload_bytes) + " B " + way_text(size.answer));
  }
  if (found.empty()) {  // else these are the last of the sizes
    for (const auto* const answer : {&document.search, &document.search_down}) {
      if (*answer) {
        found.emplace_back(&**answer, document.search_down ? way_text(**answer) : "");
      }
    }
  }
  const auto lowest =
      std::min_element(found.begin(), found.end(), [](const Found& a, const Found& b) {
        return a.first->answer_bps < b.first->answer_bps;  // what is absent is below every rate
      });
  if (lowest != found.end()) {
    measured.goodput_bps = lowest->first->answer_bps;
    measured.rate_of = lowest->second;
  }
  return measured;
}

std::vector<std::string> missed_thresholds(const Thresholds& thresholds, const Measured& measured) {
  std::vector<std::string> missed;
  if (thresholds.loss_ratio) {
    const double limit = 100 * *thresholds.loss_ratio;
    if (!measured.loss_percent) {
      missed.emplace_back("--fail-loss: the loss could not be measured");
    } else if (exceeds(*measured.loss_percent, limit)) {
      missed.push_back("--fail-loss: " + missed_text(*measured.loss_percent, limit) +
                       " % were lost, accepted are " + number_text(limit) + " %");
    }
  }
  if (thresholds.rate) {
    const auto limit = static_cast<double>(thresholds.rate->bps());
    const std::string of = measured.rate_of.empty() ? "" : " (" + measured.rate_of + ")";
    if (!measured.goodput_bps) {
      missed.push_back("--fail-rate: the rate could not be measured" + of);
    } else if (*measured.goodput_bps < limit) {
      missed.push_back("--fail-rate: " + format_bit_rate(*measured.goodput_bps) + " arrived" + of +
                       ", wanted are " + format_bit_rate(limit));
    }
  }
  if (thresholds.rtt_p99) {
    if (!measured.rtt_p99_ns) {
      missed.emplace_back("--fail-rtt-p99: the round trip under load was not measured");
    } else if (Duration{*measured.rtt_p99_ns} > *thresholds.rtt_p99) {
      missed.push_back("--fail-rtt-p99: the 99th percentile was " +
                       format_duration(Duration{*measured.rtt_p99_ns}) + ", accepted are " +
                       format_duration(*thresholds.rtt_p99));
    }
  }
  if (auto sentence = missed_score(thresholds, measured)) {
    missed.push_back(*std::move(sentence));
  }
  return missed;
}

}  // namespace udperf::app
