#include <algorithm>

#include "model/forever.hpp"
#include "result/aggregate.hpp"

namespace udperf::result {
namespace {

using Reports = std::vector<const RxReport*>;

/// The interval grid that the streams of a receiver share.
struct Grid {
  std::size_t rows = 0;
  std::int64_t length_ns = 0;
  Nanoseconds end_ns;  ///< the last arrival, since the grid began; absent when nothing arrived
};

std::int64_t longest_row(const Reports& rx) {
  std::int64_t longest = 0;
  for (const RxReport* report : rx) {
    longest = std::clamp(report->interval_ns, longest, kLongestRow.count());
  }
  return longest;
}

/// The rows of a stream, merged until they are as long as the longest of any: those of a stream
/// that ended early were merged less often.
class EqualRows {
 public:
  EqualRows(const RxReport& report, std::int64_t length_ns) : rows_(&report.intervals) {
    unsigned merges = report.interval_ns > 0 ? merges_between(report.interval_ns, length_ns) : 0;
    if (merges > 0) {
      merged_ = report.intervals;
      for (; merges > 0; --merges) {
        merge_rows_in_pairs(merged_);
      }
      rows_ = nullptr;
    }
  }
  [[nodiscard]] const std::vector<IntervalRow>& rows() const {
    return rows_ != nullptr ? *rows_ : merged_;
  }

 private:
  const std::vector<IntervalRow>* rows_;  ///< null: merged_
  std::vector<IntervalRow> merged_;
};

Grid grid_of(const Reports& rx, const std::vector<EqualRows>& rows, std::int64_t length_ns) {
  Grid grid;
  grid.length_ns = length_ns;
  for (const EqualRows& one : rows) {
    grid.rows = std::max(grid.rows, one.rows().size());
  }
  for (const RxReport* report : rx) {
    if (report->unique > 0) {
      const std::int64_t end = time_between(report->anchor_mono_ns, report->last_mono_ns);
      grid.end_ns = std::max(grid.end_ns.value_or(end), end);
    }
  }
  return grid;
}

void add_row(const IntervalRow& row, IntervalPart& part) {
  part.packets += row.unique;
  part.payload_bytes += row.bytes;
  part.sent += row.sent;
  part.lost += row.lost;
  part.duplicates += row.duplicates;
  part.reordered += row.reordered;
}

Nanoseconds measured(std::int64_t ns) {
  return ns >= 0 ? Nanoseconds{ns} : std::nullopt;
}

void fill_times(const std::vector<EqualRows>& streams, std::size_t i, IntervalPart& part) {
  if (streams.empty() || i >= streams.front().rows().size()) {
    return;
  }
  const IntervalRow& row = streams.front().rows()[i];
  if (streams.size() == 1) {
    part.delay_variation_p50_ns = measured(row.dv_p50_ns);
    part.delay_variation_p99_ns = measured(row.dv_p99_ns);
  }
  part.rtt_p50_ns = measured(row.rtt_p50_ns);  // of the session
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
    part.goodput_bps = rate_over(bits_after_first(rx.unique_bytes, rx.first_bytes),
                                 time_between(rx.first_mono_ns, rx.last_mono_ns));
  }
}

std::size_t stream_rows(const WayOutcome& way) {
  std::size_t rows = 0;
  for (const StreamOutcome& stream : way.streams) {
    rows += stream.rx ? stream.rx->intervals.size() : 0;
  }
  return rows;
}

}  // namespace

std::vector<IntervalPart> build_intervals(const Reports& rx) {
  const std::int64_t length_ns = longest_row(rx);
  std::vector<EqualRows> rows;
  rows.reserve(rx.size());
  for (const RxReport* report : rx) {
    rows.emplace_back(*report, length_ns);
  }
  const Grid grid = grid_of(rx, rows, length_ns);
  std::vector<IntervalPart> parts(grid.rows);
  for (std::size_t i = 0; i < grid.rows; ++i) {
    const std::int64_t start = static_cast<std::int64_t>(i) * grid.length_ns;
    std::int64_t end = start + grid.length_ns;
    if (i + 1 == grid.rows && grid.end_ns) {
      end = std::clamp(*grid.end_ns, start, end);  // the last row ends with the last arrival
    }
    IntervalPart& part = parts[i];
    part.start_s = static_cast<double>(start) / 1e9;
    part.end_s = static_cast<double>(end) / 1e9;
    for (const EqualRows& stream : rows) {
      if (i < stream.rows().size()) {
        add_row(stream.rows()[i], part);
      }
    }
    fill_times(rows, i, part);
    part.goodput_bps = rate_over(8.0 * static_cast<double>(part.payload_bytes), end - start);
  }
  return parts;
}

std::vector<IntervalPart> build_seen(const std::vector<SeenInterval>& seen) {
  std::vector<IntervalPart> parts;
  for (const SeenInterval& row : seen) {
    IntervalPart part;
    part.start_s = static_cast<double>(row.start.count()) / 1e9;
    part.end_s = static_cast<double>(row.end.count()) / 1e9;
    part.packets = row.unique;
    part.payload_bytes = row.bytes;
    part.sent = row.passed;
    part.lost = row.passed - std::min(row.passed, row.unique);
    part.duplicates = row.duplicates;
    part.reordered = row.reordered;
    part.goodput_bps =
        rate_over(8.0 * static_cast<double>(row.bytes), (row.end - row.start).count());
    parts.push_back(part);
  }
  return parts;
}

std::vector<OutagePart> build_outages(const Reports& rx) {
  std::vector<OutagePart> parts;
  for (std::size_t stream = 0; stream < rx.size(); ++stream) {
    for (const Outage& outage : rx[stream]->outages) {
      parts.push_back(OutagePart{stream, static_cast<double>(outage.start_ns) / 1e9,
                                 time_sum(rx[stream]->first_unix_ns, outage.start_ns),
                                 static_cast<double>(outage.duration_ns) / 1e9, outage.lost});
    }
  }
  return parts;
}

std::vector<StreamPart> build_streams(const WayOutcome& way) {
  std::vector<StreamPart> parts;
  const bool with_rows = way.streams.size() > 1 && stream_rows(way) <= kMostStreamRows;
  for (const StreamOutcome& stream : way.streams) {
    StreamPart part;
    part.stream = parts.size();
    if (stream.tx) {
      part.tx_packets = stream.tx->packets;
      part.tx_payload_bytes = stream.tx->payload_bytes;
    }
    if (stream.rx) {
      fill_stream_report(*stream.rx, part);
      if (with_rows) {
        part.intervals = build_intervals({&*stream.rx});
      }
    }
    parts.push_back(part);
  }
  return parts;
}

}  // namespace udperf::result
