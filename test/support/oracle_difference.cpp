#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <optional>
#include <string>
#include <utility>

#include "support/oracle.hpp"

namespace udperf::test {
namespace {

struct Field {
  const char* name;
  std::uint64_t RxReport::*value;
};
constexpr std::array kCounts{
    Field{"datagrams", &RxReport::datagrams},
    Field{"unique", &RxReport::unique},
    Field{"unique_bytes", &RxReport::unique_bytes},
    Field{"late", &RxReport::late},
    Field{"invalid", &RxReport::invalid},
    Field{"duplicates", &RxReport::duplicates},
    Field{"replicated", &RxReport::replicated},
    Field{"sent", &RxReport::sent},
    Field{"lost", &RxReport::lost},
    Field{"lost_bytes", &RxReport::lost_bytes},
    Field{"head_lost", &RxReport::head_lost},
    Field{"tail_lost", &RxReport::tail_lost},
    Field{"loss_periods", &RxReport::loss_periods},
    Field{"loss_period_max", &RxReport::loss_period_max},
    Field{"bursts", &RxReport::bursts},
    Field{"burst_packets", &RxReport::burst_packets},
    Field{"burst_lost", &RxReport::burst_lost},
};
constexpr std::array kOrder{
    Field{"reordered", &RxReport::reordered},       Field{"extent_sum", &RxReport::extent_sum},
    Field{"extent_count", &RxReport::extent_count}, Field{"extent_max", &RxReport::extent_max},
    Field{"n3_reordered", &RxReport::n3_reordered},
};

struct Time {
  const char* name;
  std::int64_t RxReport::*value;
};
constexpr std::array kTimes{
    Time{"first_mono_ns", &RxReport::first_mono_ns},
    Time{"last_mono_ns", &RxReport::last_mono_ns},
    Time{"first_unix_ns", &RxReport::first_unix_ns},
    Time{"last_unix_ns", &RxReport::last_unix_ns},
    Time{"late_ns_max", &RxReport::late_ns_max},
    Time{"interval_ns", &RxReport::interval_ns},
    Time{"anchor_mono_ns", &RxReport::anchor_mono_ns},
};

struct Column {
  const char* name;
  std::uint64_t IntervalRow::*value;
};
constexpr std::array kColumns{
    Column{"unique", &IntervalRow::unique},
    Column{"bytes", &IntervalRow::bytes},
    Column{"sent", &IntervalRow::sent},
    Column{"lost", &IntervalRow::lost},
    Column{"duplicates", &IntervalRow::duplicates},
    Column{"reordered", &IntervalRow::reordered},
};

class Comparison {
 public:
  Comparison(const RxReport& truth, const RxReport& seen) : truth_(truth), seen_(seen) {}

  std::string run() {
    for (const Field& field : kCounts) {
      exactly(field.name, truth_.*field.value, seen_.*field.value);
    }
    // What came beyond `sent` stays in the order of arrival, but no longer in the count of unique.
    const bool all_valid = truth_.invalid == 0;
    for (const Field& field : kOrder) {
      if (all_valid) {
        exactly(field.name, truth_.*field.value, seen_.*field.value);
      }
    }
    for (const Time& time : kTimes) {
      exactly(time.name, truth_.*time.value, seen_.*time.value);
    }
    exactly("first_bytes", truth_.first_bytes, seen_.first_bytes);
    near("burst_ratio * 10^9", scaled(truth_.burst_ratio), scaled(seen_.burst_ratio), 1);
    say_if(truth_.ecn != seen_.ecn, "ecn");
    say_if(truth_.outages != seen_.outages, "outages");
    compare_delays();
    exactly("rows", truth_.intervals.size(), seen_.intervals.size());
    for (std::size_t i = 0; i < std::min(truth_.intervals.size(), seen_.intervals.size()); ++i) {
      compare_row(i, all_valid);
    }
    return text_;
  }

 private:
  using Ns = std::optional<std::int64_t>;

  static Ns scaled(std::optional<double> value) {
    return value ? Ns{std::llround(*value * 1e9)} : std::nullopt;
  }

  /// What has the name, which is put together only where it is told.
  [[nodiscard]] std::string what(const char* name) const {
    return (row_ ? "row " + std::to_string(*row_) + " " : std::string{}) + name;
  }

  void say_if(bool different, const char* name) {
    if (different) {
      text_ += what(name) + " differ; ";
    }
  }

  template <typename T>
  void exactly(const char* name, T truth, T seen) {
    if (truth != seen) {
      text_ += what(name) + " is " + std::to_string(seen) + ", not " + std::to_string(truth) + "; ";
    }
  }

  /// `slack`: how far off the seen value may be, either way.
  void near(const char* name, Ns truth, Ns seen, std::int64_t slack) {
    if (truth.has_value() != seen.has_value()) {
      text_ += what(name) + (seen ? " is there; " : " is missing; ");
    } else if (truth && std::abs(*truth - *seen) > slack) {
      exactly(name, *truth, *seen);
    }
  }

  void compare_delays() {
    near("jitter", truth_.jitter_ns, seen_.jitter_ns, 1);
    near("jitter_max", truth_.jitter_max_ns, seen_.jitter_max_ns, 1);
    near("ipdv mean", truth_.ipdv_mean_abs_ns, seen_.ipdv_mean_abs_ns, 1);
    near("ipdv max", truth_.ipdv_max_abs_ns, seen_.ipdv_max_abs_ns, 0);
    // At most 3.2 % above the true one, and never below.
    const std::int64_t p95 = truth_.ipdv_p95_abs_ns.value_or(0);
    const std::int64_t slack = p95 * 16 / 1000;
    near("ipdv p95", truth_.ipdv_p95_abs_ns ? Ns{p95 + slack} : std::nullopt, seen_.ipdv_p95_abs_ns,
         slack + 1);
    near("raw_delay_min", truth_.raw_delay_min_ns, seen_.raw_delay_min_ns, 0);
    say_if(truth_.delay_variation.has_value() != seen_.delay_variation.has_value(),
           "presence of delay_variation");
    if (truth_.delay_variation && seen_.delay_variation) {
      compare_summary(*truth_.delay_variation, *seen_.delay_variation);
    }
  }

  /// Half a bin: 0.5 us within 2 s of the first value, 0.5 ms beyond.
  static std::int64_t half_bin(std::int64_t spread) {
    return spread < 2'000'000'000 ? 500 : 500'000;
  }

  void compare_summary(const DelaySummary& truth, const DelaySummary& seen) {
    const std::int64_t slack = half_bin(truth.max_ns);
    exactly("dv n", truth.n, seen.n);
    exactly("dv min", truth.min_ns, seen.min_ns);
    exactly("dv max", truth.max_ns, seen.max_ns);
    near("dv mean", truth.mean_ns, seen.mean_ns, 1);
    near("dv p50", truth.p50_ns, seen.p50_ns, slack);
    near("dv p90", truth.p90_ns, seen.p90_ns, slack);
    near("dv p95", truth.p95_ns, seen.p95_ns, slack);
    near("dv p99", truth.p99_ns, seen.p99_ns, slack);
    near("dv p999", truth.p999_ns, seen.p999_ns, slack);
  }

  void compare_row(std::size_t i, bool all_valid) {
    const IntervalRow& truth = truth_.intervals[i];
    const IntervalRow& seen = seen_.intervals[i];
    row_ = i;
    for (const Column& column : kColumns) {
      const bool known = all_valid || column.value == &IntervalRow::sent ||
                         column.value == &IntervalRow::lost ||
                         column.value == &IntervalRow::duplicates;
      if (known) {
        exactly(column.name, truth.*column.value, seen.*column.value);
      }
    }
    const std::int64_t spread = truth_.delay_variation ? truth_.delay_variation->max_ns : 0;
    say_if((truth.dv_p50_ns < 0) != (seen.dv_p50_ns < 0), "presence of delay variation");
    near("dv p50", truth.dv_p50_ns, seen.dv_p50_ns, half_bin(spread));
    near("dv p99", truth.dv_p99_ns, seen.dv_p99_ns, half_bin(spread));
    exactly("rtt", std::int64_t{-1}, seen.rtt_p50_ns);
    row_.reset();
  }

  const RxReport& truth_;
  const RxReport& seen_;
  std::string text_;
  std::optional<std::size_t> row_;  ///< that is being compared
};

}  // namespace

std::string difference(const RxReport& truth, const RxReport& seen) {
  return Comparison{truth, seen}.run();
}

std::string broken_law(const RxReport& seen) {
  std::string text;
  const auto law = [&text](const char* of, const char* name, std::uint64_t left,
                           std::uint64_t right) {
    if (left != right) {
      text += std::string{of} + name + ": " + std::to_string(left) + " against " +
              std::to_string(right) + "; ";
    }
  };
  law("", "datagrams", seen.datagrams, seen.unique + seen.duplicates + seen.late + seen.invalid);
  law("", "sent", seen.sent, seen.unique + seen.lost);
  const std::array totals{seen.unique, seen.unique_bytes, seen.sent,
                          seen.lost,   seen.duplicates,   seen.reordered};
  for (std::size_t i = 0; i < kColumns.size(); ++i) {
    std::uint64_t sum = 0;
    for (const IntervalRow& row : seen.intervals) {
      sum += row.*kColumns[i].value;
    }
    law("rows' ", kColumns[i].name, sum, totals[i]);
  }
  law("", "reordered beyond unique", std::max(seen.reordered, seen.unique), seen.unique);
  return text;
}

}  // namespace udperf::test
