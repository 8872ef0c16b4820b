#include <algorithm>
#include <array>
#include <cmath>

#include "result/document.hpp"
#include "stats/confidence.hpp"

// One direction from its streams' reports (metrics 3). Sums where sums mean something; a percentile of
// several streams is not the percentile of all their datagrams, so it is given for one stream only.

namespace udperf::result {
namespace {

template <typename Report, typename Get>
Count sum(const std::vector<const Report*>& reports, Get get) {
  if (reports.empty()) {
    return std::nullopt;
  }
  std::uint64_t total = 0;
  for (const Report* report : reports) {
    total += get(*report);
  }
  return total;
}

Number rate(double amount, std::int64_t span_ns) {
  return span_ns > 0 ? Number{amount * 1e9 / static_cast<double>(span_ns)} : std::nullopt;
}

Number quotient(const Count& part, const Count& whole) {
  if (!part || !whole || *whole == 0) {
    return std::nullopt;
  }
  return static_cast<double>(*part) / static_cast<double>(*whole);
}

/// The reports that exist, and whether all streams have one: partial sums would mislead.
struct Reports {
  std::vector<const TxReport*> tx;
  std::vector<const RxReport*> rx;
};

Reports collect(const WayOutcome& way) {
  Reports reports;
  for (const StreamOutcome& stream : way.streams) {
    if (stream.tx) {
      reports.tx.push_back(&*stream.tx);
    }
    if (stream.rx) {
      reports.rx.push_back(&*stream.rx);
    }
  }
  if (reports.tx.size() != way.streams.size()) {
    reports.tx.clear();
  }
  if (reports.rx.size() != way.streams.size()) {
    reports.rx.clear();
  }
  return reports;
}

TxPart build_tx(const std::vector<const TxReport*>& tx) {
  TxPart part;
  part.packets = sum(tx, [](const TxReport& r) { return r.packets; });
  part.payload_bytes = sum(tx, [](const TxReport& r) { return r.payload_bytes; });
  part.send_blocked = sum(tx, [](const TxReport& r) { return r.send_blocked; });
  part.pacing_skipped = sum(tx, [](const TxReport& r) { return r.pacing_skipped; });
  const Count batches = sum(tx, [](const TxReport& r) { return r.batches; });
  part.batch_mean = quotient(part.packets, batches);
  if (tx.empty()) {
    return part;
  }
  part.gso = 0;
  part.sndbuf_bytes = tx.front()->sndbuf_bytes;
  double cpu = 0;
  bool cpu_known = true;
  const TxReport* earliest = nullptr;
  for (const TxReport* report : tx) {
    part.gso = std::max<std::uint64_t>(*part.gso, report->gso_segments);
    cpu_known = cpu_known && report->cpu_permille != UINT32_MAX;
    cpu += static_cast<double>(report->cpu_permille) / 10.0;
    if (report->packets == 0) {
      continue;
    }
    if (earliest == nullptr || report->first_unix_ns < earliest->first_unix_ns) {
      earliest = report;
    }
    part.first_unix_ns = std::min(part.first_unix_ns.value_or(INT64_MAX), report->first_unix_ns);
    part.last_unix_ns = std::max(part.last_unix_ns.value_or(INT64_MIN), report->last_unix_ns);
  }
  if (cpu_known) {
    part.cpu_percent = cpu;
  }
  if (earliest != nullptr) {
    // One stream's span is monotonic; across streams the anchors of one host are comparable.
    part.span_ns = tx.size() == 1 ? earliest->span_ns : *part.last_unix_ns - *part.first_unix_ns;
    part.offered_bps = rate(
        8.0 * static_cast<double>(*part.payload_bytes - earliest->first_bytes), *part.span_ns);
  }
  return part;
}

void fill_rates(const std::vector<const RxReport*>& rx, const TestParams& params, bool v4,
                RxPart& part) {
  const RxReport* earliest = nullptr;
  std::int64_t last = INT64_MIN;
  for (const RxReport* report : rx) {
    if (report->unique == 0) {
      continue;
    }
    if (earliest == nullptr || report->first_mono_ns < earliest->first_mono_ns) {
      earliest = report;
    }
    last = std::max(last, report->last_mono_ns);
    part.first_unix_ns = std::min(part.first_unix_ns.value_or(INT64_MAX), report->first_unix_ns);
    part.last_unix_ns = std::max(part.last_unix_ns.value_or(INT64_MIN), report->last_unix_ns);
  }
  if (earliest == nullptr || *part.unique < 2) {
    return;
  }
  part.span_ns = last - earliest->first_mono_ns;
  // What ended inside (first arrival, last arrival]: the first datagram only starts the clock.
  const double bytes = static_cast<double>(*part.unique_bytes - earliest->first_bytes);
  const double packets = static_cast<double>(*part.unique - 1);
  part.goodput_bps = rate(8.0 * bytes, *part.span_ns);
  part.pps = rate(packets, *part.span_ns);
  // Layers below, unfragmented: IP and UDP headers; Ethernet's 18 bytes, preamble and gap (38).
  const double headers = v4 ? 28 : 48;
  constexpr double kMinFrame = 64;
  constexpr double kEthernet = 18;
  constexpr double kPreambleAndGap = 20;
  const double frame = std::max(kMinFrame, params.payload_bytes + headers + kEthernet);
  part.ip_bps = rate(8.0 * (bytes + packets * headers), *part.span_ns);
  const double pad = frame - (params.payload_bytes + headers);
  part.wire_bps =
      rate(8.0 * (bytes + packets * (headers + pad + kPreambleAndGap)), *part.span_ns);
}

const char* name_of(Finalized why) {
  constexpr std::array kNames{"all_received", "quiet", "tmax", "no_fin"};
  return kNames[static_cast<std::size_t>(why)];
}

RxPart build_rx(const std::vector<const RxReport*>& rx, const TestParams& params, bool v4) {
  RxPart part;
  part.datagrams = sum(rx, [](const RxReport& r) { return r.datagrams; });
  part.unique = sum(rx, [](const RxReport& r) { return r.unique; });
  part.unique_bytes = sum(rx, [](const RxReport& r) { return r.unique_bytes; });
  part.late = sum(rx, [](const RxReport& r) { return r.late; });
  part.invalid = sum(rx, [](const RxReport& r) { return r.invalid; });
  const Count batches = sum(rx, [](const RxReport& r) { return r.batches; });
  part.batch_mean = quotient(part.datagrams, batches);
  if (rx.empty()) {
    return part;
  }
  part.gro = 0;
  double cpu = 0;
  bool cpu_known = true;
  Finalized why = Finalized::all_received;
  bool kernel = true;
  for (const RxReport* report : rx) {
    part.gro = std::max<std::uint64_t>(*part.gro, report->gro);
    cpu_known = cpu_known && report->cpu_permille != UINT32_MAX;
    cpu += static_cast<double>(report->cpu_permille) / 10.0;
    why = std::max(why, report->finalized);
    kernel = kernel && report->stamp == RxStamp::kernel;
  }
  if (cpu_known) {
    part.cpu_percent = cpu;
  }
  part.rcvbuf_bytes = rx.front()->rcvbuf_bytes;
  part.finalize_reason = name_of(why);
  if (*part.unique > 0) {
    part.timestamps = kernel ? "kernel" : "user";
  }
  fill_rates(rx, params, v4, part);
  return part;
}

LossPart build_loss(const Reports& reports) {
  LossPart part;
  const auto& rx = reports.rx;
  part.packets = sum(rx, [](const RxReport& r) { return r.lost; });
  part.bytes = sum(rx, [](const RxReport& r) { return r.lost_bytes; });
  part.head_packets = sum(rx, [](const RxReport& r) { return r.head_lost; });
  part.tail_packets = sum(rx, [](const RxReport& r) { return r.tail_lost; });
  part.periods = sum(rx, [](const RxReport& r) { return r.loss_periods; });
  const Count sent = sum(rx, [](const RxReport& r) { return r.sent; });
  part.ratio = quotient(part.packets, sent);
  if (!part.packets) {
    return part;
  }
  part.ci95 = stats::loss_ci95(*part.packets, *sent);
  if (*part.periods > 0) {
    part.period_mean = quotient(part.packets, part.periods);
  }
  part.period_max = 0;
  bool split_known = !reports.tx.empty();
  bool bound = false;
  std::uint64_t socket = 0;
  for (const RxReport* report : rx) {
    part.period_max = std::max(*part.period_max, report->loss_period_max);
    split_known = split_known && report->rx_socket_drop.has_value();
    socket += report->rx_socket_drop.value_or(0);
    bound = bound || report->rx_socket_drop_is_bound;
  }
  if (rx.size() == 1) {
    part.burst_ratio = rx.front()->burst_ratio;
  }
  if (split_known) {
    const std::uint64_t local =
        std::min(*sum(reports.tx, [](const TxReport& r) { return r.local_drop; }), *part.packets);
    part.local_tx_drop = local;
    part.rx_socket_drop = std::min(socket, *part.packets - local);
    part.rx_socket_drop_is_bound = bound;
    part.network_packets = *part.packets - local - *part.rx_socket_drop;
  }
  return part;
}

DuplicatesPart build_duplicates(const std::vector<const RxReport*>& rx, const Count& unique) {
  DuplicatesPart part;
  part.packets = sum(rx, [](const RxReport& r) { return r.duplicates; });
  part.replicated_packets = sum(rx, [](const RxReport& r) { return r.replicated; });
  part.fraction = quotient(part.packets, unique);
  return part;
}

ReorderingPart build_reordering(const std::vector<const RxReport*>& rx, const Count& unique) {
  ReorderingPart part;
  part.packets = sum(rx, [](const RxReport& r) { return r.reordered; });
  part.ratio = quotient(part.packets, unique);
  part.n3_packets = sum(rx, [](const RxReport& r) { return r.n3_reordered; });
  part.extent_mean = quotient(sum(rx, [](const RxReport& r) { return r.extent_sum; }),
                              sum(rx, [](const RxReport& r) { return r.extent_count; }));
  for (const RxReport* report : rx) {
    if (report->extent_count > 0) {
      part.extent_max = std::max(part.extent_max.value_or(0), report->extent_max);
      part.late_ns_max = std::max(part.late_ns_max.value_or(0), report->late_ns_max);
    }
  }
  return part;
}

/// A figure of the only stream, or the largest of several: jitter is per flow by definition, and the
/// worst flow is what a user wants to know of.
template <typename Get>
Nanoseconds largest(const std::vector<const RxReport*>& rx, Get get) {
  Nanoseconds out;
  for (const RxReport* report : rx) {
    if (const Nanoseconds value = get(*report)) {
      out = std::max(out.value_or(*value), *value);
    }
  }
  return out;
}

JitterPart build_jitter(const std::vector<const RxReport*>& rx) {
  JitterPart part;
  part.rfc3550_ns = largest(rx, [](const RxReport& r) { return r.jitter_ns; });
  part.rfc3550_max_ns = largest(rx, [](const RxReport& r) { return r.jitter_max_ns; });
  part.ipdv_max_abs_ns = largest(rx, [](const RxReport& r) { return r.ipdv_max_abs_ns; });
  if (rx.size() == 1) {
    part.ipdv_mean_abs_ns = rx.front()->ipdv_mean_abs_ns;
    part.ipdv_p95_abs_ns = rx.front()->ipdv_p95_abs_ns;
  }
  return part;
}

DelayPart part_of(const DelaySummary& s, std::int64_t shift) {
  DelayPart part;
  part.n = s.n;
  part.min_ns = s.min_ns + shift;
  part.mean_ns = s.mean_ns + shift;
  part.p50_ns = s.p50_ns + shift;
  part.p90_ns = s.p90_ns + shift;
  part.p95_ns = s.p95_ns + shift;
  part.p99_ns = s.p99_ns + shift;
  if (s.p999_ns) {
    part.p999_ns = *s.p999_ns + shift;
  }
  part.max_ns = s.max_ns + shift;
  return part;
}

DelayPart build_variation(const std::vector<const RxReport*>& rx) {
  if (rx.size() == 1 && rx.front()->delay_variation) {
    return part_of(*rx.front()->delay_variation, 0);
  }
  DelayPart part;
  for (const RxReport* report : rx) {
    if (report->delay_variation) {
      part.n = part.n.value_or(0) + report->delay_variation->n;
      part.max_ns = std::max(part.max_ns.value_or(0), report->delay_variation->max_ns);
    }
  }
  return part;
}

DelayPart build_delay(const std::vector<const RxReport*>& rx, const ClockRelation& clock) {
  DelayPart part;
  if (rx.size() != 1 || !rx.front()->delay_variation || !rx.front()->raw_delay_min_ns ||
      !clock.theta_ns || !clock.uncertainty_ns) {
    return part;
  }
  part = part_of(*rx.front()->delay_variation, *rx.front()->raw_delay_min_ns - *clock.theta_ns);
  part.uncertainty_ns = clock.uncertainty_ns;
  part.absolute_valid = *clock.uncertainty_ns < *part.p50_ns;
  return part;
}

EcnPart build_ecn(const std::vector<const RxReport*>& rx) {
  EcnPart part;
  for (const RxReport* report : rx) {
    if (!report->ecn || report->unique == 0) {
      return EcnPart{};
    }
    part.not_ect = part.not_ect.value_or(0) + (*report->ecn)[0];
    part.ect1 = part.ect1.value_or(0) + (*report->ecn)[1];
    part.ect0 = part.ect0.value_or(0) + (*report->ecn)[2];
    part.ce = part.ce.value_or(0) + (*report->ecn)[3];
  }
  if (!rx.empty() && rx.front()->dscp) {
    part.dscp_received = *rx.front()->dscp;
  }
  return part;
}

const char* name_of(PacerKind pacer) {
  constexpr std::array kNames{"none", "sleep", "sleep_spin", "txtime", "kernel"};
  return kNames[static_cast<std::size_t>(pacer)];
}

PacingPart build_pacing(const std::vector<const TxReport*>& tx) {
  PacingPart part;
  if (tx.empty()) {
    return part;
  }
  part.pacer = name_of(tx.front()->pacer);
  double target = 0;
  double achieved = 0;
  for (const TxReport* report : tx) {
    const auto at_most = [](Nanoseconds& into, std::int64_t value) {
      if (value >= 0) {
        into = std::max(into.value_or(0), value);
      }
    };
    at_most(part.gap_p50_ns, report->gap_p50_ns);
    at_most(part.gap_p99_ns, report->gap_p99_ns);
    at_most(part.gap_max_ns, report->gap_max_ns);
    if (report->target_milli_pps > 0 && report->packets > 1 && report->span_ns > 0) {
      // The last batch ends the span; what it carries beyond its first datagram came at once.
      const double batch = static_cast<double>(report->packets) / static_cast<double>(report->batches);
      target += static_cast<double>(report->target_milli_pps) / 1000.0;
      achieved += (static_cast<double>(report->packets) - batch) * 1e9 /
                  static_cast<double>(report->span_ns);
    }
  }
  if (target > 0) {
    part.rate_error_ratio = achieved / target - 1.0;
  }
  return part;
}

void fill_stream_report(const RxReport& rx, StreamPart& part) {
  part.rx_unique = rx.unique;
  part.rx_unique_bytes = rx.unique_bytes;
  part.lost = rx.lost;
  part.loss_ratio = quotient(part.lost, rx.sent);
  part.duplicates = rx.duplicates;
  part.reordered = rx.reordered;
  part.silent = rx.unique == 0 && rx.sent > 0;
  if (rx.unique >= 2) {
    part.goodput_bps = rate(8.0 * static_cast<double>(rx.unique_bytes - rx.first_bytes),
                            rx.last_mono_ns - rx.first_mono_ns);
  }
}

std::vector<StreamPart> build_streams(const WayOutcome& way) {
  std::vector<StreamPart> parts;
  for (const StreamOutcome& stream : way.streams) {
    StreamPart part;
    part.stream = parts.size();
    if (stream.tx) {
      part.tx_packets = stream.tx->packets;
      part.tx_payload_bytes = stream.tx->payload_bytes;
    }
    if (stream.rx) {
      fill_stream_report(*stream.rx, part);
    }
    parts.push_back(part);
  }
  return parts;
}

Nanoseconds measured(std::int64_t ns) { return ns >= 0 ? Nanoseconds{ns} : std::nullopt; }

/// Rows of the streams joined by their place in the grid, which all share.
std::vector<IntervalPart> build_intervals(const std::vector<const RxReport*>& rx) {
  std::size_t rows = 0;
  std::int64_t last_mono = INT64_MIN;
  for (const RxReport* report : rx) {
    rows = std::max(rows, report->intervals.size());
    last_mono = report->unique > 0 ? std::max(last_mono, report->last_mono_ns) : last_mono;
  }
  std::vector<IntervalPart> parts(rows);
  for (std::size_t i = 0; i < rows; ++i) {
    IntervalPart& part = parts[i];
    const double length = static_cast<double>(rx.front()->interval_ns) / 1e9;
    part.start_s = static_cast<double>(i) * length;
    part.end_s = part.start_s + length;
    if (i + 1 == rows && last_mono != INT64_MIN) {
      // The last row ends with the last arrival, not with the grid.
      const double end = static_cast<double>(last_mono - rx.front()->anchor_mono_ns) / 1e9;
      part.end_s = std::clamp(end, part.start_s, part.end_s);
    }
    for (const RxReport* report : rx) {
      if (i < report->intervals.size()) {
        const IntervalRow& row = report->intervals[i];
        part.packets += row.unique;
        part.payload_bytes += row.bytes;
        part.sent += row.sent;
        part.lost += row.lost;
        part.duplicates += row.duplicates;
        part.reordered += row.reordered;
      }
    }
    if (rx.size() == 1) {
      part.delay_variation_p50_ns = measured(rx.front()->intervals[i].dv_p50_ns);
      part.delay_variation_p99_ns = measured(rx.front()->intervals[i].dv_p99_ns);
    }
    part.goodput_bps = rate(8.0 * static_cast<double>(part.payload_bytes),
                            std::llround((part.end_s - part.start_s) * 1e9));
  }
  return parts;
}

std::vector<OutagePart> build_outages(const std::vector<const RxReport*>& rx) {
  std::vector<OutagePart> parts;
  for (const RxReport* report : rx) {
    for (const Outage& outage : report->outages) {
      parts.push_back(OutagePart{static_cast<double>(outage.start_ns) / 1e9,
                                 static_cast<double>(outage.duration_ns) / 1e9, outage.lost});
    }
  }
  return parts;
}

}  // namespace

DirectionPart build_direction(const WayOutcome& way, const TestParams& params, IpFamily family,
                              const ClockRelation& clock) {
  const Reports reports = collect(way);
  DirectionPart part;
  part.tx = build_tx(reports.tx);
  part.rx = build_rx(reports.rx, params, family == IpFamily::v4);
  part.loss = build_loss(reports);
  part.duplicates = build_duplicates(reports.rx, part.rx.unique);
  part.reordering = build_reordering(reports.rx, part.rx.unique);
  part.jitter = build_jitter(reports.rx);
  part.delay_variation = build_variation(reports.rx);
  part.delay = build_delay(reports.rx, clock);
  part.ecn = build_ecn(reports.rx);
  part.pacing = build_pacing(reports.tx);
  part.intervals = build_intervals(reports.rx);
  part.outages = build_outages(reports.rx);
  part.streams = build_streams(way);
  return part;
}

}  // namespace udperf::result
