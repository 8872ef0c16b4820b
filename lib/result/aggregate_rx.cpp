#include <algorithm>
#include <array>

#include "result/aggregate.hpp"
#include "result/layers.hpp"
#include "stats/confidence.hpp"

namespace udperf::result {
namespace {

using Reports = std::vector<const RxReport*>;

const char* name_of(Finalized why) {
  constexpr std::array kNames{"all_received", "quiet", "tmax", "no_fin"};
  const auto index = static_cast<std::size_t>(why);
  return index < kNames.size() ? kNames[index] : "unknown";
}

Number cpu_percent(const Reports& rx) {
  double percent = 0;
  for (const RxReport* report : rx) {
    if (report->cpu_permille == UINT32_MAX) {
      return std::nullopt;
    }
    percent += static_cast<double>(report->cpu_permille) / 10.0;
  }
  return percent;
}

/// Rates from the earliest first arrival to the latest last one (docs/metrics.md), never the sum of
/// the streams' own rates. Streams of one receiver share its monotonic clock.
void fill_rates(const Reports& rx, const Layers& layers, RxPart& part) {
  const RxReport* earliest = nullptr;
  std::int64_t last_mono = INT64_MIN;
  for (const RxReport* report : rx) {
    if (report->unique == 0) {
      continue;
    }
    if (earliest == nullptr || report->first_mono_ns < earliest->first_mono_ns) {
      earliest = report;
    }
    last_mono = std::max(last_mono, report->last_mono_ns);
    part.first_unix_ns = std::min(part.first_unix_ns.value_or(INT64_MAX), report->first_unix_ns);
    part.last_unix_ns = std::max(part.last_unix_ns.value_or(INT64_MIN), report->last_unix_ns);
  }
  if (earliest == nullptr || *part.unique < 2) {
    return;
  }
  part.span_ns = std::max<std::int64_t>(time_between(earliest->first_mono_ns, last_mono), 0);
  const double payload_bits = bits_after_first(*part.unique_bytes, earliest->first_bytes);
  const auto packets = static_cast<double>(*part.unique - 1);
  part.goodput_bps = rate_over(payload_bits, *part.span_ns);
  if (layers.mean) {
    const double ip_headers = layers.mean->ip_headers;
    const double below = ip_headers + layers.mean->ethernet;
    part.ip_bps = rate_over(payload_bits + 8.0 * packets * ip_headers, *part.span_ns);
    part.wire_bps = rate_over(payload_bits + 8.0 * packets * below, *part.span_ns);
  }
  part.pps = rate_over(packets, *part.span_ns);
}

/// RFC 3611 s4.7.2, of several streams over all their numbers; the burst ratio is of a stream.
void fill_pattern(const Reports& rx, std::uint64_t sent, LossPart& part) {
  if (rx.size() == 1) {
    part.burst_ratio = rx.front()->burst_ratio;
  }
  const Count packets = sum_over(rx, [](const RxReport& r) { return r.burst_packets; });
  const Count lost = sum_over(rx, [](const RxReport& r) { return r.burst_lost; });
  part.bursts = sum_over(rx, [](const RxReport& r) { return r.bursts; });
  part.burst_mean = quotient(packets, part.bursts);
  part.burst_density = quotient(lost, packets);
  if (sent > *packets && *part.packets >= *lost) {
    part.gap_density = quotient(*part.packets - *lost, sent - *packets);
  }
}

/// What died in the sending host.
struct LocalDrops {
  std::uint64_t refused = 0;         ///< exact: the system said so
  std::uint64_t queued_at_most = 0;  ///< taken, and then dropped by the queue on the way out
  bool measured = false;
};

LocalDrops local_drops(const std::vector<const TxReport*>& tx) {
  LocalDrops out;
  std::uint64_t dropped = 0;
  std::uint64_t at_once = 0;
  std::uint64_t buffer = 1;  // datagrams that one drop may be
  bool counted = true;
  for (const TxReport* report : tx) {
    out.refused += report->local_drop;
    buffer = std::max<std::uint64_t>(buffer, report->gso_segments);
    counted = counted && report->time && report->time->queue_drops;
    if (counted) {  // the streams share a device: each has seen all its drops
      dropped = std::max(dropped, *report->time->queue_drops);
      at_once += report->time->queue_full;
    }
  }
  out.measured = counted || out.refused > 0;
  if (counted) {
    constexpr std::uint64_t kMost = std::uint64_t{1} << 40U;  // a peer's word may be absurd
    out.queued_at_most = std::min(dropped - std::min(dropped, at_once), kMost) * buffer;
  }
  return out;
}

/// Where the loss was: only when both ends have said what they know of it.
void fill_split(const StreamReports& reports, LossPart& part) {
  if (reports.tx.empty()) {
    return;
  }
  std::uint64_t socket = 0;
  bool bound = false;
  for (const RxReport* report : reports.rx) {
    if (!report->rx_socket_drop) {
      return;
    }
    socket += *report->rx_socket_drop;
    bound = bound || report->rx_socket_drop_is_bound;
  }
  const LocalDrops local = local_drops(reports.tx);
  const std::uint64_t lost = *part.packets;
  const std::uint64_t refused = std::min(local.refused, lost);
  part.rx_socket_drop = std::min(socket, lost - refused);
  part.rx_socket_drop_is_bound = bound;
  const std::uint64_t queued =
      std::min(local.queued_at_most, lost - refused - *part.rx_socket_drop);
  if (local.measured) {
    part.local_tx_drop = refused + queued;
    part.local_tx_drop_is_bound = queued > 0;
  }
  part.network_packets = lost - refused - queued - *part.rx_socket_drop;
}

}  // namespace

Count hops_of(std::uint64_t ttl) {
  for (const std::uint64_t start : {64U, 128U, 255U}) {
    if (ttl <= start) {
      return start - ttl;
    }
  }
  return std::nullopt;
}

namespace {

/// How the books were closed, and how arrivals were read and stamped.
void fill_reading(const Reports& rx, RxPart& part) {
  part.gro = 0;
  Finalized why = Finalized::all_received;
  bool kernel = true;
  for (const RxReport* report : rx) {
    part.gro = std::max<std::uint64_t>(*part.gro, report->gro);
    part.rcvbuf_bytes =
        std::min<std::uint64_t>(part.rcvbuf_bytes.value_or(UINT64_MAX), report->rcvbuf_bytes);
    why = std::max(why, report->finalized);
    kernel = kernel && (report->unique == 0 || report->stamp == RxStamp::kernel);
  }
  part.finalize_reason = name_of(why);
  if (*part.unique > 0) {
    part.timestamps = kernel ? "kernel" : "user";
  }
}

/// What IP headers and the host said.
void fill_host(const Reports& rx, RxPart& part) {
  const auto told =
      std::find_if(rx.begin(), rx.end(), [](const RxReport* r) { return r->ttl.has_value(); });
  if (told != rx.end()) {
    part.ttl = *(*told)->ttl;
    part.hops = hops_of(*(*told)->ttl);
  }
  std::vector<HostLoad> loads;
  loads.reserve(rx.size());
  part.checksum_errors = 0;
  for (const RxReport* report : rx) {
    loads.push_back(report->load);
    part.checksum_errors = std::max(*part.checksum_errors, report->checksum_errors);
  }
  part.host = build_host(loads);
}

}  // namespace

RxPart build_rx(const Reports& rx, const WayTraffic& traffic) {
  RxPart part;
  if (rx.empty()) {
    return part;
  }
  part.datagrams = sum_over(rx, [](const RxReport& r) { return r.datagrams; });
  part.unique = sum_over(rx, [](const RxReport& r) { return r.unique; });
  part.unique_bytes = sum_over(rx, [](const RxReport& r) { return r.unique_bytes; });
  part.late = sum_over(rx, [](const RxReport& r) { return r.late; });
  part.invalid = sum_over(rx, [](const RxReport& r) { return r.invalid; });
  part.memory_limited =
      std::any_of(rx.begin(), rx.end(), [](const RxReport* r) { return r->memory_limited; });
  part.batch_mean =
      quotient(part.datagrams, sum_over(rx, [](const RxReport& r) { return r.batches; }));
  part.cpu_percent = cpu_percent(rx);
  fill_reading(rx, part);
  fill_host(rx, part);
  const Layers layers = layers_of(rx, traffic);
  if (*part.unique > 0) {
    part.fragments_per_datagram = layers.full_packets;
  }
  fill_rates(rx, layers, part);
  return part;
}

LossPart build_loss(const StreamReports& reports) {
  const Reports& rx = reports.rx;
  LossPart part;
  if (rx.empty()) {
    return part;
  }
  const Count sent = sum_over(rx, [](const RxReport& r) { return r.sent; });
  part.packets = sum_over(rx, [](const RxReport& r) { return r.lost; });
  part.ratio = quotient(part.packets, sent);
  part.bytes = sum_over(rx, [](const RxReport& r) { return r.lost_bytes; });
  part.ci95 = stats::loss_ci95(*part.packets, *sent);
  part.head_packets = sum_over(rx, [](const RxReport& r) { return r.head_lost; });
  part.tail_packets = sum_over(rx, [](const RxReport& r) { return r.tail_lost; });
  part.periods = sum_over(rx, [](const RxReport& r) { return r.loss_periods; });
  part.period_mean = quotient(part.packets, part.periods);
  part.period_max = 0;
  for (const RxReport* report : rx) {
    part.period_max = std::max(*part.period_max, report->loss_period_max);
  }
  fill_pattern(rx, *sent, part);
  fill_split(reports, part);
  return part;
}

DuplicatesPart build_duplicates(const Reports& rx) {
  DuplicatesPart part;
  part.packets = sum_over(rx, [](const RxReport& r) { return r.duplicates; });
  part.fraction = quotient(part.packets, sum_over(rx, [](const RxReport& r) { return r.unique; }));
  part.replicated_packets = sum_over(rx, [](const RxReport& r) { return r.replicated; });
  return part;
}

ReorderingPart build_reordering(const Reports& rx) {
  ReorderingPart part;
  part.packets = sum_over(rx, [](const RxReport& r) { return r.reordered; });
  part.ratio = quotient(part.packets, sum_over(rx, [](const RxReport& r) { return r.unique; }));
  part.extent_mean = quotient(sum_over(rx, [](const RxReport& r) { return r.extent_sum; }),
                              sum_over(rx, [](const RxReport& r) { return r.extent_count; }));
  part.n3_packets = sum_over(rx, [](const RxReport& r) { return r.n3_reordered; });
  for (const RxReport* report : rx) {
    if (report->extent_count > 0) {
      part.extent_max = std::max(part.extent_max.value_or(0), report->extent_max);
      part.late_ns_max = std::max(part.late_ns_max.value_or(0), report->late_ns_max);
    }
  }
  return part;
}

EcnPart build_ecn(const Reports& rx) {
  EcnPart part;
  std::array<std::uint64_t, 4> marks{};  // by code point: not-ECT, ECT(1), ECT(0), CE
  std::uint64_t unique = 0;
  for (const RxReport* report : rx) {
    if (report->unique == 0) {
      continue;
    }
    if (!report->ecn) {
      return EcnPart{};
    }
    for (std::size_t i = 0; i < marks.size(); ++i) {
      marks[i] += (*report->ecn)[i];
    }
    part.dscp_received = report->dscp ? Count{*report->dscp} : part.dscp_received;
    unique += report->unique;
  }
  if (unique > 0) {
    part.not_ect = marks[0];
    part.ect1 = marks[1];
    part.ect0 = marks[2];
    part.ce = marks[3];
  }
  return part;
}

}  // namespace udperf::result
