#include "monitor/json.hpp"

#include <array>
#include <utility>

#include <nlohmann/json.hpp>

#include "model/session_text.hpp"

namespace udperf::monitor {
namespace {

template <typename T>
Json or_null(const std::optional<T>& value) {
  return value ? Json(*value) : Json(nullptr);
}

Json or_null(const std::optional<Duration>& value) {
  return value ? Json(value->count()) : Json(nullptr);
}

Json times_json(const TimeHistogram& times) {
  if (times.total() == 0) {
    return nullptr;
  }
  return {{"n", times.total()},
          {"sum_ns", times.sum_ns()},
          {"min_ns", or_null(times.min())},
          {"p10_ns", or_null(times.percentile(0.1))},
          {"p25_ns", or_null(times.percentile(0.25))},
          {"p50_ns", or_null(times.percentile(0.5))},
          {"p75_ns", or_null(times.percentile(0.75))},
          {"p90_ns", or_null(times.percentile(0.9))},
          {"p99_ns", or_null(times.percentile(0.99))},
          {"max_ns", or_null(times.max())}};
}

Json voice_json(const std::optional<RoundVoice>& voice) {
  if (!voice) {
    return nullptr;
  }
  return {{"mos", or_null(voice->mos)},
          {"r", or_null(voice->r)},
          {"missed_ratio", or_null(voice->missed_ratio)}};
}

Json figures_json(const WayFigures& way) {
  return {{"goodput_bps", or_null(way.goodput_bps)},
          {"jitter_ns", or_null(way.jitter)},
          {"voice", voice_json(way.voice)},
          {"found_bps", or_null(way.found_bps)}};
}

Json way_json(const std::optional<RoundWay>& way) {
  if (!way) {
    return nullptr;
  }
  return {{"sent", way->sent},
          {"unique", way->unique},
          {"lost", way->lost},
          {"lost_network", way->lost_network()},
          {"lost_rx_socket", or_null(way->lost_rx_socket)},
          {"lost_tx_host", or_null(way->lost_tx_host)},
          {"duplicates", way->duplicates},
          {"reordered", way->reordered},
          {"late", way->late},
          {"sent_bytes", way->sent_bytes},
          {"unique_bytes", way->unique_bytes},
          {"goodput_bps", or_null(way->goodput_bps)},
          {"jitter_ns", or_null(way->jitter)},
          {"delay_variation", times_json(way->delay_variation)},
          {"delay", way->delay ? times_json(*way->delay) : Json(nullptr)},
          {"hops", or_null(way->hops)},
          {"payload_bytes", or_null(way->payload_bytes)},
          {"voice", voice_json(way->voice)},
          {"found_bps", or_null(way->found_bps)}};
}

Json way_json(const WayTotals& way) {
  if (way.sent == 0) {
    return nullptr;
  }
  return {{"sent", way.sent},
          {"unique", way.unique},
          {"lost", way.lost},
          {"lost_network", way.lost_network()},
          {"lost_rx_socket", or_null(way.lost_rx_socket)},
          {"lost_tx_host", or_null(way.lost_tx_host)},
          {"duplicates", way.duplicates},
          {"reordered", way.reordered},
          {"late", way.late},
          {"sent_bytes", way.sent_bytes},
          {"unique_bytes", way.unique_bytes},
          {"delay_variation", times_json(way.delay_variation)},
          {"delay", times_json(way.delay)}};
}

Json trips_json(std::uint64_t sent, const TimeHistogram& times) {
  Json json = times_json(times);
  if (json.is_null()) {
    json = {{"n", 0}};
  }
  json["sent"] = sent;
  return json;
}

}  // namespace

Json to_json(const RoundResult& round, const Target& target) {
  return {{"target", target.name},
          {"module", target.module},
          {"round", round.number},
          {"rounds", round.rounds},
          {"session", round.session != 0 ? Json(session_text(round.session)) : Json(nullptr)},
          {"status", to_string(round.status)},
          {"error", round.error ? Json(round.error->message()) : Json(nullptr)},
          {"start_unix_ns", to_ns(round.start)},
          {"length_ns", round.length.count()},
          {"lateness_ns", round.lateness.count()},
          {"host_lateness_ns", round.host_lateness.count()},
          {"tried", round.tried},
          {"up", way_json(round.up)},
          {"down", way_json(round.down)},
          {"rtt", round.rtt ? trips_json(round.rtt->sent, round.rtt->times) : Json(nullptr)},
          {"clock",
           {{"offset_ns", or_null(round.clock_offset_ns)},
            {"uncertainty_ns", or_null(round.clock_uncertainty_ns)},
            {"stepped", round.clock_stepped},
            {"server_stepped", round.server_clock_stepped}}},
          {"server_restarted", round.server_restarted}};
}

Json to_json(const Event& event, const Target& target) {
  return {{"target", target.name},
          {"module", target.module},
          {"change", to_string(event.kind)},
          {"round", event.round},
          {"at_unix_ns", to_ns(event.at)},
          {"direction", event.direction.empty() ? Json(nullptr) : Json(event.direction)},
          {"detail", event.detail}};
}

Json to_json(const Totals& totals, UnixTime start, Duration span) {
  Json rounds = Json::object();
  for (std::size_t i = 0; i < kRoundStatuses; ++i) {
    rounds[to_string(static_cast<RoundStatus>(i))] = totals.rounds.at(i);
  }
  return {{"start_unix_ns", to_ns(start)},
          {"span_ns", span.count()},
          {"rounds", rounds},
          {"not_asked", totals.not_asked},
          {"measured_ns", totals.measured.count()},
          {"up", way_json(totals.up)},
          {"down", way_json(totals.down)},
          {"rtt", totals.rtt_sent > 0 ? trips_json(totals.rtt_sent, totals.rtt) : Json(nullptr)}};
}

Json to_json(const Totals& totals, const RoundFigures& figures, UnixTime start, Duration span) {
  Json row = to_json(totals, start, span);
  const auto add = [&row](const char* way, const std::optional<WayFigures>& came_to) {
    if (came_to && row[way].is_object()) {
      row[way].update(figures_json(*came_to));
    }
  };
  add("up", figures.up);
  add("down", figures.down);
  return row;
}

std::string json_line(const char* event, UnixTime time, std::uint64_t sequence, Json data) {
  const Json line = {
      {"event", event}, {"t_unix_ns", to_ns(time)}, {"seq", sequence}, {"data", std::move(data)}};
  return dump(line) + "\n";
}

std::string dump(const Json& document) {
  return document.dump(-1, ' ', false, Json::error_handler_t::replace);
}

LongJson::LongJson(const Json& head) : text_(dump(head)) {
  text_.pop_back();
}

void LongJson::begin_list(const char* name) {
  text_ += in_list_ ? "]," : ",";
  text_ += dump(name) + ":[";
  in_list_ = true;
  first_ = true;
}

void LongJson::add(const Json& item) {
  text_ += std::exchange(first_, false) ? "" : ",";
  text_ += dump(item);
}

std::string LongJson::take() {
  text_ += in_list_ ? "]}" : "}";
  return std::move(text_);
}

}  // namespace udperf::monitor
