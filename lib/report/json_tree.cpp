#include "report/json_tree.hpp"

#include <array>
#include <cmath>
#include <cstdio>

namespace udperf::report {
namespace {

using result::DelayPart;

template <typename T>
Json value(const std::optional<T>& v) {
  return v ? Json(*v) : Json(nullptr);
}

/// Strict JSON has no NaN and no infinity: such a number was not measured.
Json value(const result::Number& v) {
  return v && std::isfinite(*v) ? Json(*v) : Json(nullptr);
}

Json tx_tree(const result::TxPart& p) {
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
              {"sndbuf_bytes", value(p.sndbuf_bytes)}};
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
              {"timestamps", value(p.timestamps)},
              {"finalize_reason", value(p.finalize_reason)}};
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
              {"network_packets", value(p.network_packets)},
              {"periods", value(p.periods)},
              {"period_mean", value(p.period_mean)},
              {"period_max", value(p.period_max)},
              {"burst_ratio", value(p.burst_ratio)}};
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
  return Json{{"n", value(p.n)},           {"mean_ns", value(p.mean_ns)},
              {"p50_ns", value(p.p50_ns)}, {"p95_ns", value(p.p95_ns)},
              {"p99_ns", value(p.p99_ns)}, {"p999_ns", value(p.p999_ns)},
              {"max_ns", value(p.max_ns)}};
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
              {"rate_error_ratio", value(p.rate_error_ratio)}};
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

Json stream_tree(const result::StreamPart& p) {
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
      {"silent", value(p.silent)}};
}

Json rtt_tree(const DelayPart& p, bool loaded) {
  Json tree{{"n", value(p.n)}, {"min_ns", value(p.min_ns)}, {"p50_ns", value(p.p50_ns)}};
  if (loaded) {
    tree["p90_ns"] = value(p.p90_ns);
    tree["p99_ns"] = value(p.p99_ns);
  }
  tree["max_ns"] = value(p.max_ns);
  return tree;
}

Json clock_tree(const std::optional<ClockEstimate>& clock) {
  const ClockEstimate known = clock.value_or(ClockEstimate{});
  return Json{{"method", clock ? Json(known.method) : Json(nullptr)},
              {"offset_ns", value(known.offset_ns)},
              {"uncertainty_ns", value(known.uncertainty_ns)},
              {"skew_ppm", value(known.skew_ppm)},
              {"step_detected", value(known.step_detected)}};
}

Json error_tree(const std::optional<Error>& error) {
  if (!error) {
    return nullptr;
  }
  return Json{
      {"code", error_name(error->code)}, {"phase", error->phase}, {"message", error->message()}};
}

Json warnings_tree(const std::vector<Warning>& warnings) {
  Json tree = Json::array();
  for (const Warning& warning : warnings) {
    tree.push_back(Json{{"code", warning.code}, {"message", warning.message}});
  }
  return tree;
}

/// The asked payload rate in bit/s over the ways that run; null as fast as it goes.
Json rate_target(const TestParams& params) {
  double sum = 0;
  for (const Way way : {Way::up, Way::down}) {
    const SendRate& rate = params.rate(way);
    if (!includes(params.direction, way)) {
      continue;
    }
    if (!rate.limited()) {
      return nullptr;
    }
    sum += rate.kind == SendRate::Kind::bits
               ? static_cast<double>(rate.value)
               : static_cast<double>(rate.value) / 1000.0 * params.payload_bytes * 8.0;
  }
  return sum;
}

Json address(const std::optional<Endpoint>& endpoint) {
  return endpoint ? Json(endpoint->address.to_string()) : Json(nullptr);
}
Json port(const std::optional<Endpoint>& endpoint) {
  return endpoint ? Json(endpoint->port) : Json(nullptr);
}

}  // namespace

const char* status_name(TestStatus status) {
  constexpr std::array kNames{"complete", "incomplete", "interrupted", "error"};
  return kNames[static_cast<std::size_t>(status)];
}

const char* direction_name(Direction direction) {
  constexpr std::array kNames{"", "up", "down", "both"};
  return kNames[static_cast<std::size_t>(direction)];
}

const char* error_name(ErrorCode code) {
  constexpr std::array kNames{"internal", "usage", "system", "unreachable", "refused", "cut_short"};
  return kNames[static_cast<std::size_t>(code)];
}

std::string session_name(std::uint64_t session) {
  char text[17] = {};
  std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(session));
  return text;
}

std::string dump(const Json& json, int indent) {
  return json.dump(indent, ' ', false, Json::error_handler_t::replace) + "\n";
}

Json test_tree(const TestOutcome& t) {
  const TestParams& p = t.params;
  const bool started = t.session.has_value();
  const std::optional<Endpoint> client =
      t.client.port != 0 ? std::optional{t.client} : std::nullopt;
  Json labels = Json::object();
  for (const auto& [key, text] : t.labels) {
    labels[key] = text;
  }
  const auto or_null = [](bool known, auto v) { return known ? Json(v) : Json(nullptr); };
  const Amount& amount = p.amount;
  return Json{{"id", started ? Json(session_name(*t.session)) : Json(nullptr)},
              {"start_unix_ns", to_ns(t.start)},
              {"end_unix_ns", to_ns(t.end)},
              {"direction", direction_name(p.direction)},
              {"streams", p.streams},
              {"payload_bytes", p.payload_bytes},
              {"rate_target_bps", rate_target(p)},
              {"size_bytes", or_null(amount.size_bytes != 0, amount.size_bytes)},
              {"packets", or_null(amount.packets != 0, amount.packets)},
              {"duration_s", or_null(amount.duration != Duration{0},
                                     static_cast<double>(amount.duration.count()) / 1e9)},
              {"interval_s", static_cast<double>(p.interval.count()) / 1e9},
              {"client_address", address(client)},
              {"client_port", port(client)},
              {"client_address_seen_by_server", address(t.client_seen_by_server)},
              {"client_port_seen_by_server", port(t.client_seen_by_server)},
              {"server_address", address(t.server)},
              {"server_port", port(t.server)},
              {"family", t.server ? Json(t.server->address.family == IpFamily::v4 ? "ipv4" : "ipv6")
                                  : Json(nullptr)},
              {"dscp", p.dscp},
              {"ecn_sent", p.ecn},
              {"df", p.df == DontFragment::on},
              {"auth", t.authenticated},
              {"concurrent_sessions_max",
               or_null(t.concurrent_sessions_max != 0, t.concurrent_sessions_max)},
              {"labels", labels}};
}

Json direction_tree(const result::DirectionPart& p) {
  Json intervals = Json::array();
  for (const auto& row : p.intervals) {
    intervals.push_back(interval_tree(row));
  }
  Json outages = Json::array();
  for (const auto& gap : p.outages) {
    outages.push_back(
        Json{{"start_s", gap.start_s}, {"duration_s", gap.duration_s}, {"packets", gap.packets}});
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

Json document_tree(const result::ResultDocument& d) {
  return Json{{"schema", "udperf/1"},
              {"version", d.version},
              {"status", status_name(d.status)},
              {"error", error_tree(d.error)},
              {"retry_after_ms", value(d.retry_after_ms)},
              {"warnings", warnings_tree(d.warnings)},
              {"goodput_bps", value(d.goodput_bps)},
              {"loss_percent", value(d.loss_percent)},
              {"limited_by", value(d.limited_by)},
              {"verdict", d.verdict},
              {"test", test_tree(d.test)},
              {"up", d.up ? direction_tree(*d.up) : Json(nullptr)},
              {"down", d.down ? direction_tree(*d.down) : Json(nullptr)},
              {"rtt",
               {{"idle", rtt_tree(d.rtt.idle, false)},
                {"loaded", rtt_tree(d.rtt.loaded, true)},
                {"loss_ratio", value(d.rtt.loss_ratio)}}},
              {"clock", clock_tree(d.test.clock)},
              {"classic", {{"kilobytes_per_second", value(d.kilobytes_per_second)}}}};
}

}  // namespace udperf::report
