#include "iperf3/summary.hpp"

#include <algorithm>

#include "base/saturating.hpp"

namespace udperf::iperf3 {

std::optional<Row> sum_rows(const IntervalRows& rows, Side side) {
  std::optional<Row> sum;
  std::size_t streams = 0;
  for (const Row& row : rows) {
    if (row.sender != (side == Side::sends)) {
      continue;
    }
    ++streams;
    if (!sum) {
      sum = row;
      continue;
    }
    sum->bytes = saturating_add(sum->bytes, row.bytes);
    sum->packets = saturating_add(sum->packets, row.packets);
    sum->lost = saturating_sum(sum->lost, row.lost);
    sum->out_of_order = saturating_add(sum->out_of_order, row.out_of_order);
    sum->duplicates = saturating_add(sum->duplicates, row.duplicates);
    sum->jitter_s += row.jitter_s;
    sum->jitter_known = sum->jitter_known && row.jitter_known;
  }
  if (sum) {
    sum->jitter_s /= static_cast<double>(streams);
  }
  return sum;
}

StreamEnd sum_ends(const TestRecord& record, Side side) {
  StreamEnd sum;
  sum.lost = 0;
  std::size_t streams = 0;
  for (std::size_t i = 0; i < record.ends.size() && i < record.streams.size(); ++i) {
    if (record.streams[i].sender != (side == Side::sends)) {
      continue;
    }
    const StreamEnd& end = record.ends[i];
    ++streams;
    sum.sent_bytes = saturating_add(sum.sent_bytes, end.sent_bytes);
    sum.sent_packets = saturating_add(sum.sent_packets, end.sent_packets);
    sum.sent_seconds = std::max(sum.sent_seconds, end.sent_seconds);
    sum.received_bytes = saturating_add(sum.received_bytes, end.received_bytes);
    sum.received_packets = saturating_add(sum.received_packets, end.received_packets);
    sum.received_seconds = std::max(sum.received_seconds, end.received_seconds);
    sum.lost =
        sum.lost && end.lost ? std::optional{saturating_add(*sum.lost, *end.lost)} : std::nullopt;
    sum.out_of_order = saturating_add(sum.out_of_order.value_or(0), end.out_of_order.value_or(0));
    sum.jitter_s += end.jitter_s;
    sum.jitter_known = sum.jitter_known && end.jitter_known;
    sum.sent_told = sum.sent_told && end.sent_told;
    sum.received_told = sum.received_told && end.received_told;
  }
  sum.jitter_s = streams > 0 ? sum.jitter_s / static_cast<double>(streams) : 0;
  return sum;
}

bool peer_told(const TestRecord& record) {
  return std::all_of(record.ends.begin(), record.ends.end(),
                     [](const StreamEnd& end) { return end.sent_told && end.received_told; });
}

Side first_side(const TestRecord& record) {
  const Parameters& p = record.parameters;
  const bool client_sends_first = p.bidirectional || !p.reverse;
  return client_sends_first != record.server ? Side::sends : Side::receives;
}

double percent_of(std::int64_t part, std::uint64_t whole) {
  return whole == 0 ? 0.0 : 100.0 * static_cast<double>(part) / static_cast<double>(whole);
}

double bits_per_second(std::uint64_t bytes, double seconds) {
  return seconds > 0 ? 8.0 * static_cast<double>(bytes) / seconds : 0.0;
}

}  // namespace udperf::iperf3
