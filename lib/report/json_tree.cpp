#include "report/json_tree.hpp"

#include <array>
#include <cstdio>

#include "model/forever.hpp"

namespace udperf::report {
namespace {

using result::DelayPart;

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
  return Json{{"method", known.method.empty() ? Json(nullptr) : Json(known.method)},
              {"offset_ns", value(known.offset_ns)},
              {"uncertainty_ns", value(known.uncertainty_ns)},
              {"delay_uncertainty_ns", value(known.delay_uncertainty_ns)},
              {"skew_ppm", value(known.skew_ppm)},
              {"skew_uncertainty_ppm", value(known.skew_uncertainty_ppm)},
              {"step_detected", value(known.step_detected)}};
}

Json mtu_tree(const std::optional<PathMtu>& mtu) {
  if (!mtu) {
    return nullptr;
  }
  const bool found = mtu->payload_bytes.has_value();
  const auto if_found = [found](bool fact) { return found ? Json(fact) : Json(nullptr); };
  return Json{{"payload_bytes", value(mtu->payload_bytes)},
              {"exact", if_found(mtu->exact)},
              {"capped", if_found(mtu->capped)},
              {"icmp_seen", if_found(mtu->icmp_seen)},
              {"local_limit", if_found(mtu->local_limit)},
              {"black_hole", if_found(mtu->black_hole)}};
}

Json error_tree(const std::optional<Error>& error) {
  if (!error) {
    return nullptr;
  }
  return Json{{"code", error_name(error->code)},
              {"phase", error->phase.empty() ? Json(nullptr) : Json(error->phase)},
              {"message", error->message()}};
}

Json warnings_tree(const std::vector<Warning>& warnings) {
  Json tree = Json::array();
  for (const Warning& warning : warnings) {
    tree.push_back(Json{{"code", warning.code}, {"message", warning.message}});
  }
  return tree;
}

Json notes_tree(const std::vector<result::Note>& notes) {
  Json tree = Json::array();
  for (const result::Note& note : notes) {
    tree.push_back(Json{{"field", note.field}, {"code", note.code}, {"message", note.message}});
  }
  return tree;
}

Json spread_tree(const std::optional<stats::Spread>& spread) {
  if (!spread) {
    return nullptr;
  }
  const Json ci =
      spread->ci95 ? Json::array({spread->ci95->first, spread->ci95->second}) : Json(nullptr);
  return Json{{"n", spread->n},     {"mean", spread->mean}, {"median", spread->median},
              {"min", spread->min}, {"max", spread->max},   {"stddev", value(spread->stddev)},
              {"ci95", ci}};
}

Json repeats_tree(const std::optional<result::RepeatsPart>& repeats) {
  if (!repeats) {
    return nullptr;
  }
  Json runs = Json::array();
  for (const result::RunPart& run : repeats->runs) {
    runs.push_back(Json{{"id", run.session ? Json(session_name(*run.session)) : Json(nullptr)},
                        {"status", status_name(run.status)},
                        {"start_unix_ns", run.start_unix_ns},
                        {"end_unix_ns", run.end_unix_ns},
                        {"goodput_bps", value(run.goodput_bps)},
                        {"loss_percent", value(run.loss_percent)},
                        {"rtt_idle_p50_ns", value(run.rtt_idle_p50_ns)},
                        {"rtt_loaded_p50_ns", value(run.rtt_loaded_p50_ns)}});
  }
  return Json{{"wanted", repeats->wanted},
              {"runs", runs},
              {"goodput_bps", spread_tree(repeats->goodput_bps)},
              {"loss_percent", spread_tree(repeats->loss_percent)},
              {"rtt_loaded_p50_ns", spread_tree(repeats->rtt_loaded_p50_ns)}};
}

/// The asked payload rate in bit/s over the ways that run; null as fast as it goes and
/// where the rate is adjusted.
Json rate_target(const TestParams& params) {
  double sum = 0;
  for (const Way way : {Way::up, Way::down}) {
    const SendRate& rate = params.rate(way);
    if (!includes(params.direction, way)) {
      continue;
    }
    if (!rate.limited() || rate.kind == SendRate::Kind::adjusted) {
      return nullptr;
    }
    sum += rate.kind == SendRate::Kind::bits
               ? static_cast<double>(rate.value)
               : static_cast<double>(rate.value) / 1000.0 * params.payload_bytes * 8.0;
  }
  return sum;
}

/// Keys that differ only in their bad bytes would come out as the same key twice.
std::string valid_utf8(const std::string& text) {
  const std::string quoted = Json(text).dump(-1, ' ', false, Json::error_handler_t::replace);
  return Json::parse(quoted).get<std::string>();
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
    labels[valid_utf8(key)] = text;
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
              {"duration_s", or_null(amount.duration != Duration{0} && amount.duration != kForever,
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

Json document_tree(const result::ResultDocument& d) {
  return Json{{"schema", "udperf/1"},
              {"version", d.version},
              {"status", status_name(d.status)},
              {"error", error_tree(d.error)},
              {"retry_after_ms", value(d.retry_after_ms)},
              {"warnings", warnings_tree(d.warnings)},
              {"notes", notes_tree(d.notes)},
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
                {"timestamps", value(d.rtt.timestamps)},
                {"loss_ratio", value(d.rtt.loss_ratio)},
                {"bloat_ns", value(d.rtt.bloat_ns)},
                {"bloat_grade", value(d.rtt.bloat_grade)},
                {"bloat_source", value(d.rtt.bloat_source)}}},
              {"clock", clock_tree(d.test.clock)},
              {"mtu", {{"up", mtu_tree(d.test.mtu_up)}, {"down", mtu_tree(d.test.mtu_down)}}},
              {"classic",
               {{"kilobytes_per_second", value(d.kilobytes_per_second)},
                {"answer", value(d.classic_answer)}}},
              {"repeats", repeats_tree(d.repeats)},
              {"search", search_tree(d.search)},
              {"search_down", search_tree(d.search_down)}};
}

}  // namespace udperf::report
