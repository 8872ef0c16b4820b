#include "report/json_tree.hpp"

// One direction of the document.

namespace udperf::report {
namespace {

using result::DelayPart;

Json host_tree(const result::HostPart& p) {
  return Json{{"busy", value(p.busy)},
              {"steal_ratio", value(p.steal_ratio)},
              {"throttled_ratio", value(p.throttled_ratio)},
              {"waited_ratio", value(p.waited_ratio)}};
}

Json tx_tree(const result::TxPart& p) {
  Json pauses = Json::array();
  for (const auto& pause : p.pauses) {
    pauses.push_back(Json{{"stream", pause.stream},
                          {"start_s", pause.start_s},
                          {"duration_s", pause.duration_s},
                          {"packets", pause.packets},
                          {"reason", pause.reason}});
  }
  return Json{{"packets", value(p.packets)},
              {"payload_bytes", value(p.payload_bytes)},
              {"first_unix_ns", value(p.first_unix_ns)},
              {"last_unix_ns", value(p.last_unix_ns)},
              {"span_ns", value(p.span_ns)},
              {"offered_bps", value(p.offered_bps)},
              {"send_blocked", value(p.send_blocked)},
              {"pacing_skipped", value(p.pacing_skipped)},
              {"gso", value(p.gso)},
              {"batch_mean", value(p.batch_mean)},
              {"cpu_percent", value(p.cpu_percent)},
              {"sndbuf_bytes", value(p.sndbuf_bytes)},
              {"scheduling", value(p.scheduling)},
              {"end", value(p.end)},
              {"window_ns", value(p.window_ns)},
              {"silent_ns", value(p.silent_ns)},
              {"pauses", pauses},
              {"governor", value(p.governor)},
              {"held_ratio", value(p.held_ratio)},
              {"host", host_tree(p.host)}};
}

Json rx_tree(const result::RxPart& p) {
  return Json{{"datagrams", value(p.datagrams)},
              {"unique", value(p.unique)},
              {"unique_bytes", value(p.unique_bytes)},
              {"late", value(p.late)},
              {"invalid", value(p.invalid)},
              {"first_unix_ns", value(p.first_unix_ns)},
              {"last_unix_ns", value(p.last_unix_ns)},
              {"span_ns", value(p.span_ns)},
              {"goodput_bps", value(p.goodput_bps)},
              {"ip_bps", value(p.ip_bps)},
              {"wire_bps", value(p.wire_bps)},
              {"pps", value(p.pps)},
              {"gro", value(p.gro)},
              {"batch_mean", value(p.batch_mean)},
              {"cpu_percent", value(p.cpu_percent)},
              {"rcvbuf_bytes", value(p.rcvbuf_bytes)},
              {"checksum_errors", value(p.checksum_errors)},
              {"ttl", value(p.ttl)},
              {"hops", value(p.hops)},
              {"fragments_per_datagram", value(p.fragments_per_datagram)},
              {"timestamps", value(p.timestamps)},
              {"finalize_reason", value(p.finalize_reason)},
              {"host", host_tree(p.host)}};
}

Json loss_tree(const result::LossPart& p) {
  const Json ci = p.ci95 ? Json::array({p.ci95->first, p.ci95->second}) : Json(nullptr);
  return Json{{"packets", value(p.packets)},
              {"ratio", value(p.ratio)},
              {"bytes", value(p.bytes)},
              {"ci95", ci},
              {"head_packets", value(p.head_packets)},
              {"tail_packets", value(p.tail_packets)},
              {"rx_socket_drop", value(p.rx_socket_drop)},
              {"rx_socket_drop_is_bound", value(p.rx_socket_drop_is_bound)},
              {"local_tx_drop", value(p.local_tx_drop)},
              {"local_tx_drop_is_bound", value(p.local_tx_drop_is_bound)},
              {"network_packets", value(p.network_packets)},
              {"periods", value(p.periods)},
              {"period_mean", value(p.period_mean)},
              {"period_max", value(p.period_max)},
              {"burst_ratio", value(p.burst_ratio)},
              {"bursts", value(p.bursts)},
              {"burst_density", value(p.burst_density)},
              {"burst_mean", value(p.burst_mean)},
              {"gap_density", value(p.gap_density)}};
}

Json reordering_tree(const result::ReorderingPart& p) {
  return Json{{"packets", value(p.packets)},         {"ratio", value(p.ratio)},
              {"extent_mean", value(p.extent_mean)}, {"extent_max", value(p.extent_max)},
              {"late_ns_max", value(p.late_ns_max)}, {"n3_packets", value(p.n3_packets)}};
}

Json jitter_tree(const result::JitterPart& p) {
  return Json{{"rfc3550_ns", value(p.rfc3550_ns)},
              {"rfc3550_max_ns", value(p.rfc3550_max_ns)},
              {"ipdv_mean_abs_ns", value(p.ipdv_mean_abs_ns)},
              {"ipdv_p95_abs_ns", value(p.ipdv_p95_abs_ns)},
              {"ipdv_max_abs_ns", value(p.ipdv_max_abs_ns)}};
}

Json variation_tree(const DelayPart& p) {
  Json histogram = Json::array();
  for (const auto& step : p.histogram) {
    histogram.push_back(Json{{"up_to_ns", step.up_to_ns}, {"packets", step.packets}});
  }
  return Json{{"n", value(p.n)},           {"mean_ns", value(p.mean_ns)},
              {"p50_ns", value(p.p50_ns)}, {"p95_ns", value(p.p95_ns)},
              {"p99_ns", value(p.p99_ns)}, {"p999_ns", value(p.p999_ns)},
              {"max_ns", value(p.max_ns)}, {"histogram", histogram}};
}

Json delay_tree(const DelayPart& p) {
  return Json{{"n", value(p.n)},
              {"min_ns", value(p.min_ns)},
              {"mean_ns", value(p.mean_ns)},
              {"p50_ns", value(p.p50_ns)},
              {"p90_ns", value(p.p90_ns)},
              {"p99_ns", value(p.p99_ns)},
              {"p999_ns", value(p.p999_ns)},
              {"max_ns", value(p.max_ns)},
              {"uncertainty_ns", value(p.uncertainty_ns)},
              {"absolute_valid", value(p.absolute_valid)}};
}

Json ecn_tree(const result::EcnPart& p) {
  return Json{{"not_ect", value(p.not_ect)},
              {"ect0", value(p.ect0)},
              {"ect1", value(p.ect1)},
              {"ce", value(p.ce)},
              {"dscp_received", value(p.dscp_received)}};
}

Json pacing_tree(const result::PacingPart& p) {
  return Json{{"pacer", value(p.pacer)},
              {"gap_p50_ns", value(p.gap_p50_ns)},
              {"gap_p99_ns", value(p.gap_p99_ns)},
              {"gap_max_ns", value(p.gap_max_ns)},
              {"rate_error_ratio", value(p.rate_error_ratio)},
              {"burst_ns", value(p.burst_ns)},
              {"lateness_p50_ns", value(p.lateness_p50_ns)},
              {"lateness_p99_ns", value(p.lateness_p99_ns)},
              {"lateness_max_ns", value(p.lateness_max_ns)}};
}

Json interval_tree(const result::IntervalPart& p) {
  return Json{{"start_s", p.start_s},
              {"end_s", p.end_s},
              {"packets", p.packets},
              {"payload_bytes", p.payload_bytes},
              {"goodput_bps", value(p.goodput_bps)},
              {"sent", p.sent},
              {"lost", p.lost},
              {"duplicates", p.duplicates},
              {"reordered", p.reordered},
              {"delay_variation_p50_ns", value(p.delay_variation_p50_ns)},
              {"delay_variation_p99_ns", value(p.delay_variation_p99_ns)},
              {"rtt_p50_ns", value(p.rtt_p50_ns)}};
}

Json stream_row_tree(const result::IntervalPart& p) {
  return Json{{"start_s", p.start_s},
              {"end_s", p.end_s},
              {"packets", p.packets},
              {"goodput_bps", value(p.goodput_bps)},
              {"sent", p.sent},
              {"lost", p.lost},
              {"delay_variation_p50_ns", value(p.delay_variation_p50_ns)},
              {"delay_variation_p99_ns", value(p.delay_variation_p99_ns)}};
}

Json stream_tree(const result::StreamPart& p) {
  Json intervals = Json::array();
  for (const auto& row : p.intervals) {
    intervals.push_back(stream_row_tree(row));
  }
  return Json{
      {"stream", p.stream},
      {"tx", {{"packets", value(p.tx_packets)}, {"payload_bytes", value(p.tx_payload_bytes)}}},
      {"rx",
       {{"unique", value(p.rx_unique)},
        {"unique_bytes", value(p.rx_unique_bytes)},
        {"goodput_bps", value(p.goodput_bps)}}},
      {"loss", {{"packets", value(p.lost)}, {"ratio", value(p.loss_ratio)}}},
      {"duplicates", {{"packets", value(p.duplicates)}}},
      {"reordering", {{"packets", value(p.reordered)}}},
      {"silent", value(p.silent)},
      {"intervals", intervals}};
}

}  // namespace

Json direction_tree(const result::DirectionPart& p) {
  Json intervals = Json::array();
  for (const auto& row : p.intervals) {
    intervals.push_back(interval_tree(row));
  }
  Json outages = Json::array();
  for (const auto& gap : p.outages) {
    outages.push_back(Json{{"stream", gap.stream},
                           {"start_s", gap.start_s},
                           {"duration_s", gap.duration_s},
                           {"packets", gap.packets}});
  }
  Json streams = Json::array();
  for (const auto& stream : p.streams) {
    streams.push_back(stream_tree(stream));
  }
  return Json{{"tx", tx_tree(p.tx)},
              {"rx", rx_tree(p.rx)},
              {"loss", loss_tree(p.loss)},
              {"duplicates",
               {{"packets", value(p.duplicates.packets)},
                {"fraction", value(p.duplicates.fraction)},
                {"replicated_packets", value(p.duplicates.replicated_packets)}}},
              {"reordering", reordering_tree(p.reordering)},
              {"jitter", jitter_tree(p.jitter)},
              {"delay_variation", variation_tree(p.delay_variation)},
              {"delay", delay_tree(p.delay)},
              {"ecn", ecn_tree(p.ecn)},
              {"pacing", pacing_tree(p.pacing)},
              {"intervals", intervals},
              {"outages", outages},
              {"streams", streams}};
}

}  // namespace udperf::report
