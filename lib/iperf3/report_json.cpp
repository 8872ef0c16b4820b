#include "iperf3/report_json.hpp"

#include <sys/utsname.h>

#include <array>
#include <cmath>
#include <cstdio>
#include <ctime>
#include <initializer_list>

#include <nlohmann/json.hpp>

#include "iperf3/summary.hpp"
#include "result/version.hpp"

namespace udperf::iperf3 {
namespace {

using OrderedJson = nlohmann::ordered_json;

/// "Sat, 28 Nov 2026 06:36:38 GMT"
std::string date_text(std::int64_t seconds) {
  constexpr std::array<const char*, 7> kDays{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  constexpr std::array<const char*, 12> kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const std::time_t time = seconds;
  std::tm utc{};
  ::gmtime_r(&time, &utc);
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), "%s, %02d %s %d %02d:%02d:%02d GMT",
                kDays[static_cast<std::size_t>(utc.tm_wday)], utc.tm_mday,
                kMonths[static_cast<std::size_t>(utc.tm_mon)], utc.tm_year + 1900, utc.tm_hour,
                utc.tm_min, utc.tm_sec);
  return text.data();
}

/// A number as iperf3 writes it: a whole one without a point, so that "0" can be compared as text.
OrderedJson plain(double value) {
  constexpr double kMostExact = 9007199254740992.0;  // 2^53
  if (std::fabs(value) <= kMostExact && std::trunc(value) == value) {
    return static_cast<std::int64_t>(value);
  }
  return value;
}

OrderedJson timestamp_tree(const TestRecord& record, KeySet keys) {
  const std::int64_t ns = to_ns(record.start);
  OrderedJson out{{"time", date_text(ns / 1'000'000'000)}, {"timesecs", ns / 1'000'000'000}};
  if (keys == KeySet::of_3_21) {
    out["timemillisecs"] = ns / 1'000'000;
  }
  return out;
}

OrderedJson test_start_tree(const TestRecord& record, KeySet keys) {
  const Parameters& p = record.parameters;
  OrderedJson out{{"protocol", "UDP"},     {"num_streams", p.streams},
                  {"blksize", p.length},   {"omit", p.omit_seconds},
                  {"duration", p.seconds}, {"bytes", p.bytes},
                  {"blocks", p.blocks},    {"reverse", p.reverse ? 1 : 0},
                  {"tos", p.ip.tos},       {"target_bitrate", p.rate_bps}};
  if (keys == KeySet::of_3_21) {
    out["bidir"] = p.bidirectional ? 1 : 0;
    out["fqrate"] = p.fq_rate_bps;
    out["interval"] = plain(std::chrono::duration<double>(record.interval).count());
    out["gso"] = p.offload.gso.value_or(false) ? 1 : 0;
    out["gro"] = p.offload.gro.value_or(false) ? 1 : 0;
  }
  return out;
}

OrderedJson start_tree(const TestRecord& record, KeySet keys) {
  OrderedJson connected = OrderedJson::array();
  for (const StreamEnds& stream : record.streams) {
    connected.push_back({{"socket", stream.socket},
                         {"local_host", stream.local.address.to_string()},
                         {"local_port", stream.local.port},
                         {"remote_host", stream.remote.address.to_string()},
                         {"remote_port", stream.remote.port}});
  }
  OrderedJson out{
      {"connected", connected}, {"version", version_name(keys)}, {"system_info", system_info()}};
  if (!record.began && record.host.empty()) {
    return out;  // nobody has taken the test
  }
  if (record.server && record.parameters.rate_bps != 0) {
    // A stock server writes the key here and once more below; a reader finds it at its first place.
    out["target_bitrate"] = record.parameters.rate_bps;
  }
  out["timestamp"] = timestamp_tree(record, keys);
  out[record.server ? "accepted_connection" : "connecting_to"] =
      OrderedJson{{"host", record.host}, {"port", record.port}};
  out["cookie"] = record.cookie;
  out["target_bitrate"] = record.parameters.rate_bps;
  if (keys == KeySet::of_3_21) {
    out["fq_rate"] = record.parameters.fq_rate_bps;
  }
  if (record.streams.empty()) {
    return out;  // refused before they were made
  }
  out["sock_bufsize"] = record.parameters.window;
  out["sndbuf_actual"] = record.sndbuf_bytes;
  out["rcvbuf_actual"] = record.rcvbuf_bytes;
  if (record.began) {
    out["test_start"] = test_start_tree(record, keys);
  }
  return out;
}

OrderedJson span_tree(double start, double end, std::uint64_t bytes, double rate) {
  return OrderedJson{{"start", plain(start)},
                     {"end", plain(end)},
                     {"seconds", plain(end - start)},
                     {"bytes", bytes},
                     {"bits_per_second", plain(rate)}};
}

OrderedJson row_tree(const Row& row) {
  OrderedJson out =
      span_tree(row.start_s, row.end_s, row.bytes, bits_per_second(row.bytes, row.seconds()));
  if (!row.sender) {
    out["jitter_ms"] = row.jitter_known ? plain(row.jitter_s * 1000) : OrderedJson(nullptr);
    out["lost_packets"] = row.lost;
    out["packets"] = row.packets;
    out["lost_percent"] = plain(percent_of(row.lost, row.packets));
  } else {
    out["packets"] = row.packets;
  }
  out["omitted"] = row.omitted;
  out["sender"] = row.sender;
  return out;
}

OrderedJson with_socket(int socket, const OrderedJson& rest) {
  OrderedJson out{{"socket", socket}};
  out.update(rest);
  return out;
}

OrderedJson rows_tree(const TestRecord& record, const IntervalRows& rows) {
  OrderedJson streams = OrderedJson::array();
  for (std::size_t i = 0; i < rows.size() && i < record.streams.size(); ++i) {
    streams.push_back(with_socket(record.streams[i].socket, row_tree(rows[i])));
  }
  OrderedJson out{{"streams", streams}};
  const Side first = first_side(record);
  if (const auto sum = sum_rows(rows, first)) {
    out["sum"] = row_tree(*sum);
  }
  const Side other = first == Side::sends ? Side::receives : Side::sends;
  if (const auto sum = sum_rows(rows, other); sum && record.parameters.bidirectional) {
    out["sum_bidir_reverse"] = row_tree(*sum);
  }
  return out;
}

/// What the other end has not told is null, and never 0.
void leave_open(OrderedJson& tree, bool open, std::initializer_list<const char*> keys) {
  for (const char* key : keys) {
    if (open) {
      tree[key] = nullptr;
    }
  }
}

/// From the start of the counted time on.
OrderedJson whole_tree(double seconds, std::uint64_t bytes, double rate_seconds) {
  OrderedJson out = span_tree(0, seconds, bytes, bits_per_second(bytes, rate_seconds));
  leave_open(out, rate_seconds <= 0 && bytes != 0, {"bits_per_second"});
  return out;
}

/// Jitter and loss of `of` behind the bytes of `out`.
OrderedJson with_loss(OrderedJson out, const StreamEnd& of, std::uint64_t packets) {
  out["jitter_ms"] = plain(of.jitter_s * 1000);
  out["lost_packets"] = of.lost ? OrderedJson(*of.lost) : OrderedJson(nullptr);
  out["packets"] = packets;
  out["lost_percent"] = of.lost ? plain(percent_of(static_cast<std::int64_t>(*of.lost), packets))
                                : OrderedJson(nullptr);
  leave_open(out, !of.received_told || !of.jitter_known, {"jitter_ms"});
  return out;
}

double longest(const StreamEnd& end) {
  return end.received_seconds > 0 ? end.received_seconds : end.sent_seconds;
}

OrderedJson end_stream_tree(const StreamEnds& ends, const StreamEnd& end) {
  OrderedJson udp = whole_tree(end.sent_seconds, end.sent_bytes, end.sent_seconds);
  udp = with_loss(std::move(udp), end, end.received_packets);
  leave_open(udp, !end.sent_told, {"bytes", "bits_per_second"});
  udp["out_of_order"] = end.out_of_order ? OrderedJson(*end.out_of_order) : OrderedJson(nullptr);
  udp["sender"] = ends.sender;
  return OrderedJson{{"udp", with_socket(ends.socket, udp)}};
}

void add_sums(const TestRecord& record, Side side, const std::string& suffix, OrderedJson& out) {
  const StreamEnd sum = sum_ends(record, side);
  // Bytes and rate as sent with the receiver's seconds and losses: consumers know it so.
  OrderedJson mixed = whole_tree(longest(sum), sum.sent_bytes, sum.sent_seconds);
  mixed = with_loss(std::move(mixed), sum, sum.received_packets);
  leave_open(mixed, !sum.sent_told, {"bytes", "bits_per_second"});
  mixed["sender"] = side == Side::sends;
  out["sum" + suffix] = mixed;
  OrderedJson sent = whole_tree(sum.sent_seconds, sum.sent_bytes, sum.sent_seconds);
  // What was lost is told here, too: some consumers look at nothing else.
  sent = with_loss(std::move(sent), sum, sum.sent_packets);
  leave_open(sent, !sum.sent_told, {"bytes", "bits_per_second", "packets", "lost_percent"});
  sent["sender"] = true;
  out["sum_sent" + suffix] = sent;
  OrderedJson received = whole_tree(longest(sum), sum.received_bytes, longest(sum));
  received = with_loss(std::move(received), sum, sum.received_packets);
  leave_open(received, !sum.received_told, {"bytes", "bits_per_second", "packets"});
  received["sender"] = false;
  out["sum_received" + suffix] = received;
}

OrderedJson cpu_tree(const TestRecord& record) {
  const CpuShare& host = record.local_cpu;
  const CpuShare& remote = record.remote_cpu;
  OrderedJson out{{"host_total", plain(host.total)},   {"host_user", plain(host.user)},
                  {"host_system", plain(host.system)}, {"remote_total", plain(remote.total)},
                  {"remote_user", plain(remote.user)}, {"remote_system", plain(remote.system)}};
  const bool told = peer_told(record);
  leave_open(out, !host.known, {"host_total"});
  leave_open(out, !host.known || !host.parts_known, {"host_user", "host_system"});
  leave_open(out, !told || !remote.known, {"remote_total"});
  leave_open(out, !told || !remote.known || !remote.parts_known, {"remote_user", "remote_system"});
  return out;
}

OrderedJson end_tree(const TestRecord& record) {
  OrderedJson out = OrderedJson::object();
  if (record.ends.empty()) {
    return out;
  }
  OrderedJson streams = OrderedJson::array();
  for (std::size_t i = 0; i < record.ends.size() && i < record.streams.size(); ++i) {
    streams.push_back(end_stream_tree(record.streams[i], record.ends[i]));
  }
  out["streams"] = streams;
  const Side first = first_side(record);
  add_sums(record, first, "", out);
  if (record.parameters.bidirectional) {
    add_sums(record, first == Side::sends ? Side::receives : Side::sends, "_bidir_reverse", out);
  }
  out["cpu_utilization_percent"] = cpu_tree(record);
  return out;
}

std::string line(const char* event, const OrderedJson& data) {
  const OrderedJson out{{"event", event}, {"data", data}};
  return out.dump(-1, ' ', false, OrderedJson::error_handler_t::replace) + "\n";
}

}  // namespace

std::string system_info() {
  utsname name{};
  if (::uname(&name) != 0) {
    return "";
  }
  return std::string{name.sysname} + " " + name.nodename + " " + name.release + " " + name.version +
         " " + name.machine;
}

std::string time_text(const TestRecord& record) {
  return date_text(to_ns(record.start) / 1'000'000'000);
}

std::string version_name(KeySet keys) {
  return std::string{keys == KeySet::of_3_12 ? "iperf 3.12" : "iperf 3.21"} + " (udperf " +
         result::program_version() + ")";
}

std::string report_json(const TestRecord& record, KeySet keys) {
  OrderedJson intervals = OrderedJson::array();
  for (const IntervalRows& rows : record.intervals) {
    intervals.push_back(rows_tree(record, rows));
  }
  OrderedJson out{
      {"start", start_tree(record, keys)}, {"intervals", intervals}, {"end", end_tree(record)}};
  if (record.parameters.labels.title) {
    out["title"] = *record.parameters.labels.title;
  }
  if (record.parameters.labels.extra_data) {
    out["extra_data"] = *record.parameters.labels.extra_data;
  }
  if (record.server_output_json) {
    out["server_output_json"] = OrderedJson::parse(*record.server_output_json, nullptr, false);
  } else if (record.server_output_text) {
    out["server_output_text"] = *record.server_output_text;
  }
  if (record.error) {
    out["error"] = *record.error;
  }
  return out.dump(1, '\t', false, OrderedJson::error_handler_t::replace) + "\n";
}

std::string start_event(const TestRecord& record) {
  return line("start", start_tree(record, KeySet::of_3_21));
}

std::string interval_event(const TestRecord& record, const IntervalRows& rows) {
  return line("interval", rows_tree(record, rows));
}

std::string end_events(const TestRecord& record) {
  std::string text;
  if (record.error) {
    text += line("error", *record.error);
  }
  if (record.server_output_json) {
    text +=
        line("server_output_json", OrderedJson::parse(*record.server_output_json, nullptr, false));
  } else if (record.server_output_text) {
    text += line("server_output_text", *record.server_output_text);
  }
  return text + line("end", end_tree(record));
}

}  // namespace udperf::iperf3
