#include "iperf3/results.hpp"

#include <algorithm>

#include "iperf3/bounded_json.hpp"
#include "iperf3/protocol.hpp"

namespace udperf::iperf3 {
namespace {

using Json = nlohmann::json;
using OrderedJson = nlohmann::ordered_json;

OrderedJson stream_object(const StreamResult& s) {
  OrderedJson out{{"id", s.id},           {"bytes", s.bytes},
                  {"retransmits", -1},    {"jitter", s.jitter_s},
                  {"errors", s.errors},   {"omitted_errors", s.omitted_errors},
                  {"packets", s.packets}, {"omitted_packets", s.omitted_packets},
                  {"start_time", 0},      {"end_time", s.seconds.value_or(0)}};
  if (s.duplicates) {
    out["duplicates"] = *s.duplicates;
  }
  if (s.out_of_order) {
    out["out_of_order"] = *s.out_of_order;
  }
  return out;
}

/// A time in seconds that can be reckoned with: what is said may be any number.
double bounded_seconds(double value) {
  constexpr double kMost = 1e9;
  return std::clamp(value, 0.0, kMost);
}

std::optional<StreamResult> read_stream(const Json& object) {
  const auto id = find_count(object, "id");
  const auto bytes = find_count(object, "bytes");
  const auto packets = find_count(object, "packets");
  const auto errors = find_count(object, "errors");
  const auto jitter = find_number(object, "jitter");
  if (!id || *id > 2 * kMostStreams + 2 || !bytes || !packets || !jitter) {
    return std::nullopt;
  }
  constexpr std::uint64_t kMostBytes = kMostPackets << 13U;
  const auto duplicates = find_count(object, "duplicates");
  const auto out_of_order = find_count(object, "out_of_order");
  if (*packets > kMostPackets || *bytes > kMostBytes || errors.value_or(0) > kMostPackets ||
      duplicates.value_or(0) > kMostPackets || out_of_order.value_or(0) > kMostPackets) {
    return std::nullopt;
  }
  StreamResult out;
  out.id = static_cast<std::uint32_t>(*id);
  out.bytes = *bytes;
  out.packets = *packets;
  out.errors = errors.value_or(0);  // a stock receiver's can fall below zero
  out.jitter_s = bounded_seconds(*jitter);
  const auto omitted_packets = find_count(object, "omitted_packets");
  const auto omitted_errors = find_count(object, "omitted_errors");
  out.tells_omitted = omitted_packets && omitted_errors;
  out.omitted_packets = std::min(omitted_packets.value_or(0), out.packets);
  out.omitted_errors = std::min(omitted_errors.value_or(0), out.errors);
  if (const auto end = find_number(object, "end_time")) {
    out.seconds = bounded_seconds(*end - find_number(object, "start_time").value_or(0));
  }
  out.duplicates = duplicates;
  out.out_of_order = out_of_order;
  return out;
}

/// Exactly the streams of the test, each once.
bool complete(std::vector<StreamResult>& streams, std::size_t wanted) {
  if (streams.size() != wanted) {
    return false;
  }
  std::sort(streams.begin(), streams.end(),
            [](const StreamResult& a, const StreamResult& b) { return a.id < b.id; });
  for (std::size_t i = 0; i < streams.size(); ++i) {
    if (streams[i].id != stream_id(i)) {
      return false;
    }
  }
  return true;
}

}  // namespace

std::string to_json(const Results& results) {
  OrderedJson out{{"cpu_util_total", results.cpu_total},
                  {"cpu_util_user", results.cpu_user},
                  {"cpu_util_system", results.cpu_system},
                  {"sender_has_retransmits", results.sends ? 0 : -1}};
  OrderedJson streams = OrderedJson::array();
  for (const StreamResult& stream : results.streams) {
    streams.push_back(stream_object(stream));
  }
  out["streams"] = std::move(streams);
  if (results.server_output_text) {
    out["server_output_text"] = *results.server_output_text;
  }
  if (results.server_output_json) {
    out["server_output_json"] = OrderedJson::parse(*results.server_output_json, nullptr, false);
  }
  return out.dump(-1, ' ', false, OrderedJson::error_handler_t::replace);
}

std::optional<Results> read_results(std::string_view text, std::size_t streams) {
  const auto object = read_object(text);
  if (!object) {
    return std::nullopt;
  }
  const auto list = object->find("streams");
  if (list == object->end() || !list->is_array() || list->size() != streams) {
    return std::nullopt;
  }
  Results out;
  out.cpu_total = find_number(*object, "cpu_util_total").value_or(0);
  out.cpu_user = find_number(*object, "cpu_util_user").value_or(0);
  out.cpu_system = find_number(*object, "cpu_util_system").value_or(0);
  for (const Json& entry : *list) {
    const auto stream = read_stream(entry);
    if (!stream) {
      return std::nullopt;
    }
    out.streams.push_back(*stream);
  }
  if (!complete(out.streams, streams)) {
    return std::nullopt;
  }
  out.server_output_text = find_text(*object, "server_output_text", kMostServerResultBytes);
  if (object->contains("server_output_json")) {
    out.server_output_json = find_object_text(text, "server_output_json");
  }
  return out;
}

}  // namespace udperf::iperf3
