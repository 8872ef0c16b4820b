#include "iperf3/from_result.hpp"

#include <algorithm>
#include <cmath>
#include <initializer_list>
#include <utility>

#include "base/saturating.hpp"
#include "iperf3/bounded_json.hpp"
#include "iperf3/socket_buffers.hpp"

namespace udperf::iperf3 {
namespace {

using Json = nlohmann::json;

const Json& child(const Json& object, const char* key) {
  static const Json nothing;
  if (!object.is_object()) {
    return nothing;
  }
  const auto found = object.find(key);
  return found != object.end() ? *found : nothing;
}

std::uint64_t count(const Json& object, const char* key) {
  return find_count(object, key).value_or(0);
}

double seconds_of_ns(const Json& object, const char* key) {
  return find_number(object, key).value_or(0) / 1e9;
}

template <typename T>
T at_most(std::uint64_t value, T most) {
  return static_cast<T>(std::min<std::uint64_t>(value, most));
}

Endpoint endpoint_of(const Json& test, const char* address, const char* port) {
  Endpoint out;
  if (const auto parsed = parse_ip_address(find_text(test, address).value_or(""))) {
    out.address = *parsed;
  }
  out.port = at_most<std::uint16_t>(count(test, port), 65535);
  return out;
}

Parameters parameters_of(const Json& test) {
  Parameters p;
  const auto direction = find_text(test, "direction").value_or("up");
  p.reverse = direction == "down";
  p.bidirectional = direction == "both";
  p.streams = std::max(at_most(count(test, "streams"), kMostStreams), 1U);
  p.length = std::max(at_most(count(test, "payload_bytes"), kMostLength), kLeastLength);
  p.bytes = count(test, "size_bytes");
  p.blocks = count(test, "packets");
  // The protocol has whole seconds.
  p.seconds = static_cast<std::uint32_t>(std::min<double>(
      std::ceil(std::max(find_number(test, "duration_s").value_or(0), 0.0)), kMostSeconds));
  // The result has the sum of all streams, and of both directions where both run.
  p.rate_bps = count(test, "rate_target_bps") / p.streams / (p.bidirectional ? 2U : 1U);
  p.ip.tos = static_cast<std::uint8_t>((at_most(count(test, "dscp"), 63U) << 2U) |
                                       at_most(count(test, "ecn_sent"), 3U));
  p.omit_seconds = at_most(count(test, "omit_s"), kMostOmitSeconds);
  p.counters_64bit = true;
  return p;
}

/// The first of them that is there and longer than nothing: not each end tells for how long it
/// counted.
double first_seconds(std::initializer_list<double> all) {
  for (const double seconds : all) {
    if (seconds > 0) {
      return seconds;
    }
  }
  return 0;
}

StreamEnd end_of(const Json& stream, const Json& way, double planned_seconds) {
  const Json& tx = child(stream, "tx");
  const Json& rx = child(stream, "rx");
  StreamEnd end;
  end.sent_told = tx.is_object();
  end.received_told = rx.is_object();
  end.sent_packets = count(tx, "packets");
  end.sent_bytes = count(tx, "payload_bytes");
  const double sent = seconds_of_ns(child(way, "tx"), "span_ns");
  const double received = seconds_of_ns(child(way, "rx"), "span_ns");
  end.sent_seconds = first_seconds({sent, received, planned_seconds});
  end.received_bytes = count(rx, "unique_bytes");
  end.received_seconds = first_seconds({received, sent, planned_seconds});
  end.lost = find_count(child(stream, "loss"), "packets");
  end.received_packets =
      end.received_told ? count(rx, "unique") + end.lost.value_or(0) : end.sent_packets;
  end.out_of_order = find_count(child(stream, "reordering"), "packets");
  const auto jitter_ns = find_number(child(way, "jitter"), "rfc3550_ns");
  end.jitter_s = jitter_ns.value_or(0) / 1e9;
  end.jitter_known = jitter_ns.has_value();
  return end;
}

/// What a sender's row has of the bytes of its stream: a result counts datagrams in its rows.
class SentBytes {
 public:
  SentBytes(const StreamEnd& end, std::uint32_t length)
      : bytes_(end.sent_bytes), packets_(end.sent_packets), length_(length) {
    const std::uint64_t whole = saturating_mul(packets_, length);
    mixed_ = whole > bytes_ && whole - bytes_ >= length;  // else just the last was shorter
  }

  /// Of the next row. Those of a mix of sizes have the mean.
  std::uint64_t take(std::uint64_t packets) {
    packets_so_far_ = std::min(saturating_add(packets_so_far_, packets), packets_);
    const std::uint64_t whole = saturating_mul(packets_so_far_, length_);
    const std::uint64_t so_far = mixed_ ? mean_of_first(packets_so_far_) : std::min(whole, bytes_);
    return so_far - std::exchange(bytes_so_far_, so_far);
  }

 private:
  [[nodiscard]] std::uint64_t mean_of_first(std::uint64_t packets) const {
    return static_cast<std::uint64_t>(Uint128{bytes_} * packets / packets_);
  }

  std::uint64_t bytes_;
  std::uint64_t packets_;  ///< not 0 where mixed
  std::uint32_t length_;
  bool mixed_ = false;
  std::uint64_t packets_so_far_ = 0;
  std::uint64_t bytes_so_far_ = 0;
};

Row row_of(const Json& interval, bool sender) {
  Row row;
  row.sender = sender;
  row.jitter_known = false;  // a result has it of the whole test alone
  row.start_s = find_number(interval, "start_s").value_or(0);
  row.end_s = find_number(interval, "end_s").value_or(0);
  row.packets = count(interval, "sent");
  row.bytes = count(interval, "payload_bytes");
  constexpr std::uint64_t kMostLost = std::uint64_t{1} << 48U;  // so that sums of streams fit
  row.lost = static_cast<std::int64_t>(at_most(count(interval, "lost"), kMostLost));
  row.out_of_order = count(interval, "reordered");
  return row;
}

/// So many that each stream of the test may have one in each, and that all have room.
std::size_t most_intervals(const Json& document) {
  std::size_t streams = 0;
  for (const char* const way : {"up", "down"}) {
    streams += child(child(document, way), "streams").size();
  }
  return TestRecord::kMostRows / std::max<std::size_t>(streams, 1);
}

/// The streams of one direction behind those that are there already.
void add_way(const Json& test, const Json& way, bool sender, TestRecord& record) {
  const Json& streams = child(way, "streams");
  if (!streams.is_array() || streams.size() > kMostStreams) {
    return;
  }
  const bool single = streams.size() == 1;
  const double planned_seconds = find_number(test, "duration_s").value_or(0);
  for (const Json& stream : streams) {
    StreamEnds ends;
    ends.socket = static_cast<int>(stream_id(record.streams.size())) + 4;
    ends.local = endpoint_of(test, "client_address", "client_port");
    ends.remote = endpoint_of(test, "server_address", "server_port");
    ends.sender = sender;
    record.streams.push_back(ends);
    record.ends.push_back(end_of(stream, way, planned_seconds));
    const Json& rows = single ? child(way, "intervals") : child(stream, "intervals");
    SentBytes sent{record.ends.back(), record.parameters.length};
    const std::size_t all = rows.is_array() ? rows.size() : 0;
    const std::size_t most = std::min(all, record.room_ends_at);
    record.rows_left_out = std::max<std::uint64_t>(record.rows_left_out, all - most);
    for (std::size_t i = 0; i < most; ++i) {
      if (i >= record.intervals.size()) {
        record.intervals.emplace_back();
      }
      record.intervals[i].resize(record.streams.size() - 1);
      Row row = row_of(rows[i], sender);
      if (sender) {
        row.bytes = sent.take(row.packets);
      }
      record.intervals[i].push_back(row);
    }
  }
}

/// Of one host, which is `up` in the way up and `down` in the other. A result does not divide it.
CpuShare cpu_of(const Json& document, const char* up, const char* down) {
  CpuShare out;
  out.parts_known = false;
  for (const auto& [way, side] : {std::pair{"up", up}, std::pair{"down", down}}) {
    const Json& part = child(document, way);
    const auto percent = find_number(child(part, side), "cpu_percent");
    out.total += percent.value_or(0);
    out.known = out.known && (percent || !part.is_object());
  }
  return out;
}

}  // namespace

Result<TestRecord> record_of_result(const std::string& document) {
  const auto read = read_object(document);
  if (!read || find_text(*read, "schema").value_or("") != "udperf/1") {
    return tl::unexpected<Error>{
        Error{ErrorCode::usage, "no result of udperf: a document of --json is needed", 0, {}}};
  }
  const Json& test = child(*read, "test");
  TestRecord record;
  record.parameters = parameters_of(test);
  record.began = true;
  record.host = find_text(test, "server_address").value_or("");
  record.port = at_most<std::uint16_t>(count(test, "server_port"), 65535);
  record.cookie = find_text(test, "id").value_or("");
  record.start = unix_from_ns(
      static_cast<std::int64_t>(at_most<std::uint64_t>(count(test, "start_unix_ns"), INT64_MAX)));
  record.sndbuf_bytes = told_by_kernel(
      at_most<std::uint32_t>(count(child(child(*read, "up"), "tx"), "sndbuf_bytes"), UINT32_MAX));
  record.rcvbuf_bytes = told_by_kernel(
      at_most<std::uint32_t>(count(child(child(*read, "down"), "rx"), "rcvbuf_bytes"), UINT32_MAX));
  record.room_ends_at = most_intervals(*read);
  add_way(test, child(*read, "up"), true, record);
  add_way(test, child(*read, "down"), false, record);
  for (IntervalRows& rows : record.intervals) {
    rows.resize(record.streams.size());
  }
  record.local_cpu = cpu_of(*read, "tx", "rx");
  record.remote_cpu = cpu_of(*read, "rx", "tx");
  const Json& error = child(*read, "error");
  if (error.is_object()) {
    record.error = find_text(error, "message");
  }
  return record;
}

}  // namespace udperf::iperf3
