#include <algorithm>

#include "search/arrivals.hpp"
#include "search/trial.hpp"

namespace udperf::search {
namespace {

double difference(std::int64_t from, std::int64_t to) {
  return static_cast<double>(to) - static_cast<double>(from);
}

double span_rate(double bytes, double first, double span_ns) {
  return span_ns > 0 ? 8 * kNsPerSecond * (bytes - first) / span_ns : 0;
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
  const double row_s = static_cast<double>(one.interval_ns) / kNsPerSecond;
  const double end_s = difference(one.anchor_mono_ns, last) / kNsPerSecond;
  const ArrivalLine line{join_rows(reports), row_s, end_s, static_cast<double>(seen.payload_bytes)};
  seen.late = late_rate(line);
  if (const auto growth = queue_growth(line.rows, row_s)) {
    seen.grown = growth->grown;
    seen.growth = growth->per_second;
  }
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
  const double row_s = static_cast<double>(one.interval_ns) / kNsPerSecond;
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
  const bool adjusted = granted.adjusted();
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

}  // namespace udperf::search
