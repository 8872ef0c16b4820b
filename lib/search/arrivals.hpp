#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "model/reports.hpp"
#include "search/trial.hpp"

namespace udperf::search {

/// What arrived in one interval of a trial, of all its streams.
struct ArrivalRow {
  double bytes = 0;
  std::uint64_t lost = 0;
  std::int64_t delay_ns = -1;  ///< median delay over the smallest, of the first stream
};

/// Returns the rows of all streams on one grid; they share its origin.
[[nodiscard]] std::vector<ArrivalRow> join_rows(const std::vector<const RxReport*>& reports);

/// What a time line of arrivals is made of; it ends with the last of them.
struct ArrivalLine {
  std::vector<ArrivalRow> rows;
  double row_s = 0;
  double end_s = 0;    ///< of the last arrival, since the first row's start
  double payload = 0;  ///< bytes of a datagram
};

/// Returns the rate at the end of the trial where that is steady: of nearly the longest such part,
/// since what a bucket gave at its beginning must not be in it; of the last tenth where there is
/// none; nothing with fewer than 10 rows.
[[nodiscard]] std::optional<LateRate> late_rate(const ArrivalLine& line);

/// By how much a queue grew over a trial.
struct QueueGrowth {
  Duration grown{0};
  double per_second = 0;  ///< seconds of delay that came on top in each second
};

/// Compares the first third of the trial with the last, by medians of medians, so that a host that
/// stood still for a moment does not look like a queue. Nothing where there are no delays.
[[nodiscard]] std::optional<QueueGrowth> queue_growth(const std::vector<ArrivalRow>& rows,
                                                      double row_s);

}  // namespace udperf::search
