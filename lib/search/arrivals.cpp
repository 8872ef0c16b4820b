#include "search/arrivals.hpp"

#include <algorithm>
#include <cmath>

namespace udperf::search {
namespace {

/// The peer's figures may be absurd, but must not be undefined.
Duration duration_of(double seconds) {
  constexpr double kLongest = 86'400;
  return Duration{
      static_cast<std::int64_t>(std::clamp(seconds, -kLongest, kLongest) * kNsPerSecond)};
}

/// Arrivals on a time line that ends with the last of them.
class Arrivals {
 public:
  explicit Arrivals(const ArrivalLine& line)
      : rows_(line.rows), row_s_(line.row_s), end_s_(line.end_s), payload_(line.payload) {}

  [[nodiscard]] std::size_t rows() const { return rows_.size(); }
  /// Of the rows [from, to).
  [[nodiscard]] double bytes(std::size_t from, std::size_t to) const {
    double sum = 0;
    for (std::size_t i = from; i < to && i < rows_.size(); ++i) {
      sum += rows_[i].bytes;
    }
    return sum;
  }
  [[nodiscard]] double seconds(std::size_t from, std::size_t to) const {
    const double start = static_cast<double>(from) * row_s_;
    const double end = to >= rows_.size() ? end_s_ : static_cast<double>(to) * row_s_;
    return end - start;
  }

  /// From row `from` to the end. Precondition: a time span that is not empty.
  [[nodiscard]] LateRate late_from(std::size_t from) const {
    const double span = seconds(from, rows_.size());
    const double all = bytes(from, rows_.size());
    LateRate late;
    late.low_bps = 8 * std::max(all - payload_, 0.0) / span;
    late.high_bps = 8 * (all + payload_) / span;
    late.span = duration_of(span);
    late.burst_bytes = bytes(0, from) - all / span * seconds(0, from);
    late.steady = steady(from);
    late.saturated = saturated(from);
    return late;
  }

 private:
  /// Whether the two halves from `from` on differ by no more than their counting errors and 2 %.
  [[nodiscard]] bool steady(std::size_t from) const {
    constexpr double kTolerance = 0.02;
    const std::size_t middle = from + (rows_.size() - from) / 2;
    const double first_s = seconds(from, middle);
    const double last_s = seconds(middle, rows_.size());
    if (middle == from || first_s <= 0 || last_s <= 0) {
      return false;
    }
    const double first = bytes(from, middle) / first_s;
    const double last = bytes(middle, rows_.size()) / last_s;
    const double error = 2 * payload_ / std::min(first_s, last_s);
    return std::abs(first - last) <= kTolerance * last + error;
  }

  /// A sender that is held up lets the bottleneck run dry: then nothing is lost for a while. After
  /// its last datagram only the queue comes out.
  [[nodiscard]] bool saturated(std::size_t from) const {
    constexpr double kMostPauses = 0.1;
    std::size_t lossy = 0;
    std::size_t last = from;
    for (std::size_t i = from; i < rows_.size(); ++i) {
      if (rows_[i].lost > 0) {
        ++lossy;
        last = i + 1;
      }
    }
    const auto all = static_cast<double>(last - from);
    return lossy == 0 || all - static_cast<double>(lossy) <= kMostPauses * all;
  }

  const std::vector<ArrivalRow>& rows_;
  double row_s_;
  double end_s_;
  double payload_;
};

std::optional<double> median_delay(const std::vector<ArrivalRow>& rows, std::size_t from,
                                   std::size_t to) {
  std::vector<std::int64_t> delays;
  for (std::size_t i = from; i < to; ++i) {
    if (rows[i].delay_ns >= 0) {
      delays.push_back(rows[i].delay_ns);
    }
  }
  if (delays.empty()) {
    return std::nullopt;
  }
  std::nth_element(delays.begin(), delays.begin() + static_cast<std::ptrdiff_t>(delays.size() / 2),
                   delays.end());
  return static_cast<double>(delays[delays.size() / 2]);
}

}  // namespace

std::vector<ArrivalRow> join_rows(const std::vector<const RxReport*>& reports) {
  std::vector<ArrivalRow> rows;
  for (const RxReport* report : reports) {
    rows.resize(std::max(rows.size(), report->intervals.size()));
    for (std::size_t i = 0; i < report->intervals.size(); ++i) {
      rows[i].bytes += static_cast<double>(report->intervals[i].bytes);
      rows[i].lost += report->intervals[i].lost;
      if (report == reports.front() && report->intervals[i].unique > 0) {
        rows[i].delay_ns = report->intervals[i].dv_p50_ns;
      }
    }
  }
  return rows;
}

std::optional<LateRate> late_rate(const ArrivalLine& line) {
  const Arrivals arrivals{line};
  const std::size_t rows = arrivals.rows();
  if (rows < 10) {
    return std::nullopt;
  }
  const auto begin = [rows](std::size_t tenths) { return rows * tenths / 10; };
  const auto counts = [&arrivals, rows](std::size_t from) {
    return arrivals.seconds(from, rows) > 0 && arrivals.bytes(from, rows) > 0;
  };
  for (std::size_t tenths = 2; tenths <= 6 && counts(begin(tenths + 1)); ++tenths) {
    if (arrivals.late_from(begin(tenths)).steady) {
      LateRate late = arrivals.late_from(begin(tenths + 1));
      late.steady = true;
      return late;
    }
  }
  const std::size_t end = rows * 9 / 10;
  if (!counts(end)) {
    return std::nullopt;
  }
  LateRate late = arrivals.late_from(end);
  late.steady = false;
  return late;
}

std::optional<QueueGrowth> queue_growth(const std::vector<ArrivalRow>& rows, double row_s) {
  const std::size_t n = rows.size();
  if (n < 6) {
    return std::nullopt;
  }
  const auto first = median_delay(rows, 0, n / 3);
  const auto last = median_delay(rows, n - n / 3, n);
  if (!first || !last) {
    return std::nullopt;
  }
  const std::size_t apart_rows = n - n / 3;
  const double apart = static_cast<double>(apart_rows) * row_s;
  const double grown = (*last - *first) / kNsPerSecond;
  return QueueGrowth{duration_of(grown), grown / apart};
}

}  // namespace udperf::search
