#include "result/aggregate.hpp"

namespace udperf::result {

StreamReports collect_reports(const WayOutcome& way) {
  StreamReports reports;
  for (const StreamOutcome& stream : way.streams) {
    if (stream.tx) {
      reports.tx.push_back(&*stream.tx);
    }
    if (stream.rx) {
      reports.rx.push_back(&*stream.rx);
    }
  }
  if (reports.tx.size() != way.streams.size()) {
    reports.tx.clear();
  }
  if (reports.rx.size() != way.streams.size()) {
    reports.rx.clear();
  }
  return reports;
}

Number rate_over(double amount, std::int64_t span_ns) {
  return span_ns > 0 ? Number{amount * 1e9 / static_cast<double>(span_ns)} : std::nullopt;
}

Number quotient(const Count& part, const Count& whole) {
  if (!part || !whole || *whole == 0) {
    return std::nullopt;
  }
  return static_cast<double>(*part) / static_cast<double>(*whole);
}

double bits_after_first(std::uint64_t bytes, std::uint64_t first) {
  return bytes > first ? 8.0 * static_cast<double>(bytes - first) : 0.0;
}

DirectionPart build_direction(const WayOutcome& way, IpFamily family, const ClockRelation& clock) {
  const StreamReports reports = collect_reports(way);
  DirectionPart part;
  part.tx = build_tx(reports.tx);
  part.rx = build_rx(reports.rx, family);
  part.loss = build_loss(reports);
  part.duplicates = build_duplicates(reports.rx);
  part.reordering = build_reordering(reports.rx);
  part.jitter = build_jitter(reports.rx);
  part.delay_variation = build_variation(reports.rx);
  part.delay = build_delay(reports.rx, clock);
  part.ecn = build_ecn(reports.rx);
  part.pacing = build_pacing(reports.tx);
  part.intervals = reports.rx.empty() ? build_seen(way.seen) : build_intervals(reports.rx);
  part.outages = build_outages(reports.rx);
  part.streams = build_streams(way);
  return part;
}

}  // namespace udperf::result
