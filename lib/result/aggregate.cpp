#include "result/aggregate.hpp"

#include <algorithm>

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

std::optional<OmittedPart> build_omitted(const StreamReports& reports) {
  const auto told = [](const auto* report) { return report->omitted.has_value(); };
  const bool sent = !reports.tx.empty() && std::all_of(reports.tx.begin(), reports.tx.end(), told);
  const bool got = !reports.rx.empty() && std::all_of(reports.rx.begin(), reports.rx.end(), told);
  if (!sent && !got) {
    return std::nullopt;
  }
  OmittedPart part;
  if (sent) {
    const auto sum = [&reports](std::uint64_t OmittedTx::*field) {
      return sum_over(reports.tx, [field](const TxReport& r) { return (*r.omitted).*field; });
    };
    part.sent = sum(&OmittedTx::packets);
    part.sent_bytes = sum(&OmittedTx::payload_bytes);
  }
  if (got) {
    const auto sum = [&reports](std::uint64_t OmittedRx::*field) {
      return sum_over(reports.rx, [field](const RxReport& r) { return (*r.omitted).*field; });
    };
    part.sent = part.sent ? part.sent : sum(&OmittedRx::sent);
    part.unique = sum(&OmittedRx::unique);
    part.unique_bytes = sum(&OmittedRx::unique_bytes);
    part.lost = sum(&OmittedRx::lost);
    part.duplicates = sum(&OmittedRx::duplicates);
    part.reordered = sum(&OmittedRx::reordered);
    part.late = sum(&OmittedRx::late);
    part.invalid = sum(&OmittedRx::invalid);
  }
  return part;
}

DirectionPart build_direction(const WayOutcome& way, const WayTraffic& traffic,
                              const ClockRelation& clock) {
  const StreamReports reports = collect_reports(way);
  DirectionPart part;
  part.tx = build_tx(reports.tx);
  part.rx = build_rx(reports.rx, traffic);
  part.loss = build_loss(reports);
  part.duplicates = build_duplicates(reports.rx);
  part.reordering = build_reordering(reports.rx);
  part.jitter = build_jitter(reports.rx);
  part.delay_variation = build_variation(reports.rx);
  part.delay = build_delay(reports.rx, clock);
  part.ecn = build_ecn(reports.rx);
  part.pacing = build_pacing(reports.tx);
  part.omitted = build_omitted(reports);
  part.intervals = reports.rx.empty() ? build_seen(way.seen) : build_intervals(reports.rx);
  part.outages = build_outages(reports.rx);
  part.streams = build_streams(way);
  return part;
}

}  // namespace udperf::result
