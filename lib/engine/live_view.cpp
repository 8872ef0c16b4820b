#include "engine/live_view.hpp"

#include <algorithm>

#include "model/forever.hpp"

namespace udperf::engine {
namespace {

/// What many streams told may be more than fits.
std::int64_t difference(std::uint64_t a, std::uint64_t b) {
  return static_cast<std::int64_t>(a - b);
}

/// Precondition: their number is even.
void merge_in_pairs(std::vector<SeenInterval>& rows) {
  for (std::size_t i = 0; i < rows.size() / 2; ++i) {
    SeenInterval row = rows[2 * i];
    const SeenInterval& next = rows[2 * i + 1];
    row.end = next.end;
    row.unique += next.unique;
    row.bytes += next.bytes;
    row.passed += next.passed;
    row.duplicates += next.duplicates;
    row.reordered += next.reordered;
    rows[i] = row;
  }
  rows.resize(rows.size() / 2);
}

}  // namespace

LiveView::Told LiveView::add_up(std::span<const StreamGlance> streams, LiveProgress& progress) {
  Told told;
  for (const StreamGlance& stream : streams) {
    progress.sent_packets += stream.sent_packets;
    progress.sent_bytes += stream.sent_bytes;
    if (!stream.told) {
      told.intervals = 0;
      continue;
    }
    const wire::Feedback& f = *stream.told;
    progress.received_packets += f.unique;
    progress.received_bytes += f.unique_bytes;
    told.next += f.next_expected;
    told.intervals = std::min(told.intervals, f.intervals);
    told.at.unique += f.at_unique;
    told.at.bytes += f.at_bytes;
    told.at.next += f.at_next;
    told.at.duplicates += f.at_duplicates;
    told.at.reordered += f.at_reordered;
  }
  return told;
}

void LiveView::report(Way way, std::span<const StreamGlance> streams, Duration rtt, MonoTime now,
                      ClientObserver& observer) {
  const bool any = std::any_of(streams.begin(), streams.end(), [](const StreamGlance& stream) {
    return stream.sends || stream.told.has_value();
  });
  if (!any) {
    return;
  }
  LiveProgress progress;
  progress.way = way;
  const Told told = add_up(streams, progress);
  begun_ = begun_.value_or(now);
  progress.elapsed = now - *begun_;
  progress.lost = told.next - std::min(told.next, progress.received_packets);
  if (rtt > Duration{0}) {
    progress.rtt = rtt;
  }
  if (has_passed(told.intervals, progress.elapsed)) {
    report_intervals(way, told, observer);
  }
  observer.on_progress(progress);
}

/// Whether so many intervals can have passed at a receiver: its clock may be off by a little.
bool LiveView::has_passed(std::uint64_t intervals, Duration elapsed) const {
  constexpr Duration kSlack = std::chrono::seconds{10};
  const Duration most = elapsed + kSlack + interval_;
  return intervals <= static_cast<std::uint64_t>(most / interval_);
}

void LiveView::report_intervals(Way way, const Told& told, ClientObserver& observer) {
  PerWay& seen = ways_[static_cast<std::size_t>(way)];
  if (told.intervals <= seen.intervals) {
    return;
  }
  const Totals& at = told.at;
  LiveInterval live;
  live.way = way;
  live.index = seen.intervals;
  live.start = interval_ * static_cast<std::int64_t>(seen.intervals);
  live.end = interval_ * static_cast<std::int64_t>(told.intervals);
  live.packets = at.unique - std::min(at.unique, seen.at_last.unique);
  live.bytes = at.bytes - std::min(at.bytes, seen.at_last.bytes);
  live.lost = difference(at.next - seen.at_last.next, live.packets);
  live.duplicates = at.duplicates - std::min(at.duplicates, seen.at_last.duplicates);
  live.reordered = at.reordered - std::min(at.reordered, seen.at_last.reordered);
  keep(seen, live, at);
  seen.intervals = told.intervals;
  seen.at_last = at;
  observer.on_interval(live);
}

void LiveView::keep(PerWay& seen, const LiveInterval& live, const Totals& at) const {
  constexpr std::size_t kMostRows = 100'000;
  if (forever_ && seen.rows.size() >= kMostForeverRows) {
    merge_in_pairs(seen.rows);
  }
  if (seen.rows.size() < kMostRows) {
    const std::uint64_t numbers = at.next - std::min(at.next, seen.at_last.next);
    seen.rows.push_back(SeenInterval{live.start, live.end, live.packets, live.bytes, numbers,
                                     live.duplicates, live.reordered});
  }
}

}  // namespace udperf::engine
