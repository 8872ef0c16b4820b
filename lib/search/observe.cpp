#include <algorithm>
#include <cmath>

#include "search/trial.hpp"

namespace udperf::search {
namespace {

constexpr double kNs = 1e9;

/// The peer's figures may be absurd, but must not be undefined.
Duration duration_of(double seconds) {
  constexpr double kLongest = 86'400;
  return Duration{static_cast<std::int64_t>(std::clamp(seconds, -kLongest, kLongest) * kNs)};
}
double difference(std::int64_t from, std::int64_t to) {
  return static_cast<double>(to) - static_cast<double>(from);
}

struct Row {
  double bytes = 0;
  std::uint64_t lost = 0;
  std::int64_t delay_ns = -1;  ///< median delay over the smallest, of the first stream
};

/// The rows of all streams on one grid; they share its origin.
std::vector<Row> join_rows(const std::vector<const RxReport*>& reports) {
  std::vector<Row> rows;
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

/// Arrivals on a time line that ends with the last of them.
class Arrivals {
 public:
  Arrivals(std::vector<Row> rows, double row_s, double end_s, double payload)
      : rows_(std::move(rows)), row_s_(row_s), end_s_(end_s), payload_(payload) {}

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

  std::vector<Row> rows_;
  double row_s_;
  double end_s_;
  double payload_;
};

/// The end of the trial that has a steady rate: nearly the longest such, since what a bucket gave
/// at its beginning must not be in it; the last tenth where there is none.
std::optional<LateRate> late_rate(const Arrivals& arrivals) {
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

std::optional<double> median_delay(const std::vector<Row>& rows, std::size_t from, std::size_t to) {
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

/// From the first third of the trial to the last: medians of medians, so that a host that stood
/// still for a moment does not look like a queue.
void measure_growth(const std::vector<Row>& rows, double row_s, Observation& seen) {
  const std::size_t n = rows.size();
  if (n < 6) {
    return;
  }
  const auto first = median_delay(rows, 0, n / 3);
  const auto last = median_delay(rows, n - n / 3, n);
  if (first && last) {
    const std::size_t apart_rows = n - n / 3;
    const double apart = static_cast<double>(apart_rows) * row_s;
    seen.grown = duration_of((*last - *first) / kNs);
    seen.growth = (*last - *first) / kNs / apart;
  }
}

double span_rate(double bytes, double first, double span_ns) {
  return span_ns > 0 ? 8 * kNs * (bytes - first) / span_ns : 0;
}

struct Reports {
  std::vector<const TxReport*> tx;
  std::vector<const RxReport*> rx;
};

/// Nothing when one is missing: a part would be taken for the whole.
std::optional<Reports> all_reports(const TestOutcome& outcome, Way way) {
  const auto& part = way == Way::up ? outcome.up : outcome.down;
  if (!part || part->streams.empty()) {
    return std::nullopt;
  }
  Reports reports;
  for (const StreamOutcome& stream : part->streams) {
    if (!stream.tx || !stream.rx) {
      return std::nullopt;
    }
    reports.tx.push_back(&*stream.tx);
    reports.rx.push_back(&*stream.rx);
  }
  return reports;
}

void add_sender(const std::vector<const TxReport*>& reports, Observation& seen) {
  for (const TxReport* tx : reports) {
    seen.sent += tx->packets;
    seen.host_lost += tx->local_drop;
    seen.skipped += tx->pacing_skipped;
    // A buffer of several now and then, after a pause of the sender, changes nothing.
    constexpr double kSeveral = 1.1;
    seen.merged = seen.merged ||
                  (tx->gso_segments > 1 &&
                   static_cast<double>(tx->packets) > kSeveral * static_cast<double>(tx->batches));
    const auto bytes = static_cast<double>(tx->payload_bytes);
    const double rate = span_rate(bytes, tx->first_bytes, static_cast<double>(tx->span_ns));
    // A sender that stood still to the end has offered less than from its first to its last.
    const double window = tx->time ? static_cast<double>(tx->time->window_ns) : 0;
    seen.offered_bps += window > 0 ? std::min(rate, span_rate(bytes, 0, window)) : rate;
  }
}

void add_receiver(const std::vector<const RxReport*>& reports, Observation& seen) {
  std::int64_t first = INT64_MAX;
  std::int64_t last = INT64_MIN;
  double bytes = 0;
  for (const RxReport* rx : reports) {
    seen.lost += rx->lost;
    seen.host_lost += rx->rx_socket_drop.value_or(0);
    if (rx->unique > 0) {
      first = std::min(first, rx->first_mono_ns);
      last = std::max(last, rx->last_mono_ns);
      bytes += static_cast<double>(rx->unique_bytes);
    }
  }
  seen.lost = std::min(seen.lost, seen.sent);
  const RxReport& one = *reports.front();
  if (last <= first || one.interval_ns <= 0) {
    return;
  }
  seen.goodput_bps = span_rate(bytes, one.first_bytes, difference(first, last));
  const auto rows = join_rows(reports);
  const double row_s = static_cast<double>(one.interval_ns) / kNs;
  const double end_s = difference(one.anchor_mono_ns, last) / kNs;
  seen.late = late_rate(Arrivals{rows, row_s, end_s, static_cast<double>(seen.payload_bytes)});
  measure_growth(rows, row_s, seen);
}

/// The rows of the test interval; what comes out behind it is only the queue.
std::vector<SubInterval> sub_intervals(const std::vector<const RxReport*>& reports,
                                       const Observation& seen, Duration test_interval) {
  const RxReport& one = *reports.front();
  std::vector<SubInterval> parts;
  if (one.interval_ns <= 0) {
    return parts;
  }
  const auto most = static_cast<std::size_t>(test_interval.count() / one.interval_ns);
  const double row_s = static_cast<double>(one.interval_ns) / kNs;
  const double packet_bits = 8.0 * (seen.payload_bytes + ip_udp_header_bytes(seen.family));
  const auto measured = [](std::int64_t ns) { return ns >= 0 ? std::optional{ns} : std::nullopt; };
  for (std::size_t i = 0; i < std::min(most, one.intervals.size()); ++i) {
    IntervalRow sum;
    for (const RxReport* report : reports) {
      if (i < report->intervals.size()) {
        sum.unique += report->intervals[i].unique;
        sum.sent += report->intervals[i].sent;
        sum.lost += report->intervals[i].lost;
      }
    }
    SubInterval part;
    part.start_s = static_cast<double>(i) * row_s;
    part.ip_bps = static_cast<double>(sum.unique) * packet_bits / row_s;
    part.offered_ip_bps = static_cast<double>(sum.sent) * packet_bits / row_s;
    part.loss_ratio =
        sum.sent > 0 ? static_cast<double>(sum.lost) / static_cast<double>(sum.sent) : 0;
    part.rtt_min_ns = measured(one.intervals[i].rtt_min_ns);
    part.rtt_max_ns = measured(one.intervals[i].rtt_max_ns);
    parts.push_back(part);
  }
  return parts;
}

std::optional<std::int64_t> median_of(const std::optional<RttSummary>& rtt) {
  return rtt && rtt->delay.n > 0 ? std::optional{rtt->delay.p50_ns} : std::nullopt;
}

bool gave_up(const std::vector<const TxReport*>& reports) {
  return std::any_of(reports.begin(), reports.end(),
                     [](const TxReport* tx) { return tx->end == TxEnd::peer_silent; });
}

}  // namespace

Observation observe(const TestOutcome& outcome, Way way) {
  Observation seen;
  seen.payload_bytes = outcome.params.payload_bytes;
  seen.family = outcome.server ? outcome.server->address.family : IpFamily::v4;
  seen.rtt_idle_p50_ns = median_of(outcome.rtt_idle);
  seen.rtt_loaded_p50_ns = median_of(outcome.rtt_loaded);
  if (outcome.rtt_idle && outcome.rtt_idle->delay.n > 0) {
    seen.rtt_idle_min_ns = outcome.rtt_idle->delay.min_ns;
  }
  seen.streams = outcome.params.streams;
  const SendRate& granted = outcome.params.rate(way);
  const bool adjusted = granted.kind == SendRate::Kind::adjusted;
  if (granted.kind == SendRate::Kind::bits || adjusted) {
    seen.granted_bps = static_cast<double>(granted.value);
  }
  if (const auto reports = all_reports(outcome, way)) {
    add_sender(reports->tx, seen);
    add_receiver(reports->rx, seen);
    if (adjusted) {
      seen.sub_intervals = sub_intervals(reports->rx, seen, outcome.params.amount.duration);
    }
    // A sender that gave a silent receiver up has done what a search asks of it.
    const bool told = outcome.status == TestStatus::complete ||
                      (outcome.status == TestStatus::incomplete && gave_up(reports->tx));
    seen.complete = told && seen.sent > 0;
  }
  return seen;
}

const char* verdict_name(Verdict verdict) {
  switch (verdict) {
    case Verdict::passed:
      return "passed";
    case Verdict::lossy:
      return "lossy";
    case Verdict::congested:
      return "congested";
    case Verdict::host_limited:
      return "host_limited";
    case Verdict::unusable:
      break;
  }
  return "unusable";
}

Verdict judge(const Trial& trial, const Observation& seen, double max_loss) {
  // A sender within a twentieth of its rate is taken to have reached it.
  constexpr double kReached = 0.95;
  // A quarter missing is no random loss any more: more goes in than comes out.
  constexpr double kOutOfIn = 0.75;
  constexpr double kSomeLoss = 0.02;
  // A queue that grows by this share of the time is fed faster than it is emptied by as much.
  constexpr double kGrowth = 0.003;
  constexpr double kRoughGrowth = 0.05;
  constexpr Duration kGrown = std::chrono::milliseconds{3};
  if (!seen.complete) {
    return Verdict::unusable;
  }
  const bool rough = trial.step == Step::approach || trial.step == Step::overload;
  // Without loss all came out in the end: then it was the sender that was uneven, or a queue grew.
  const bool drained = seen.late && seen.late->high_bps < kOutOfIn * seen.offered_bps &&
                       seen.loss_ratio() > kSomeLoss;
  const bool reached = seen.offered_bps >= kReached * trial.rate_bps;
  // A host that cannot send in time is late in everything: its delays are no queue's.
  const bool growing = reached && seen.growth && seen.grown && *seen.grown > kGrown &&
                       *seen.growth > (rough ? kRoughGrowth : kGrowth);
  const bool by_hosts = 2 * seen.host_lost > seen.lost;
  const bool too_lossy = seen.loss_ratio() > max_loss;
  if ((drained || growing) && !(too_lossy && by_hosts)) {
    return Verdict::congested;
  }
  if (too_lossy && by_hosts) {
    return Verdict::host_limited;
  }
  if (too_lossy) {
    return Verdict::lossy;
  }
  return reached ? Verdict::passed : Verdict::host_limited;
}

}  // namespace udperf::search
