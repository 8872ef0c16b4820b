#include "engine/live_view.hpp"

#include <algorithm>

namespace udperf::engine {

void LiveView::report(MonoTime now, ClientObserver& observer) {
  for (const Way way : {Way::up, Way::down}) {
    if (includes(endpoints_.front()->params().direction, way)) {
      report_way(way, now, observer);
    }
  }
}

void LiveView::report_way(Way way, MonoTime now, ClientObserver& observer) {
  LiveProgress progress;
  progress.way = way;
  Totals at;
  std::uint64_t intervals = UINT64_MAX;
  std::uint64_t next = 0;
  bool any = false;
  for (const StreamEndpoint* endpoint : endpoints_) {
    if (const auto* sender = endpoint->send_way() == way ? endpoint->sender() : nullptr) {
      progress.sent_packets += sender->packets();
      progress.sent_bytes += sender->bytes();
      any = true;
    }
    const std::optional<wire::Feedback> live = endpoint->live(way);
    if (!live) {
      intervals = 0;
      continue;
    }
    any = true;
    const wire::Feedback& f = *live;
    progress.received_packets += f.unique;
    progress.received_bytes += f.unique_bytes;
    next += f.next_expected;
    intervals = std::min(intervals, f.intervals);
    at.unique += f.at_unique;
    at.bytes += f.at_bytes;
    at.next += f.at_next;
    at.duplicates += f.at_duplicates;
    at.reordered += f.at_reordered;
  }
  if (!any) {
    return;
  }
  begun_ = begun_.value_or(now);
  progress.elapsed = now - *begun_;
  progress.lost = next - std::min(next, progress.received_packets);
  if (control_.last_rtt() > Duration{0}) {
    progress.rtt = control_.last_rtt();
  }
  report_intervals(way, intervals, at, observer);
  observer.on_progress(progress);
}

void LiveView::report_intervals(Way way, std::uint64_t intervals, const Totals& at,
                                ClientObserver& observer) {
  PerWay& seen = ways_[static_cast<std::size_t>(way)];
  if (intervals == UINT64_MAX || intervals <= seen.intervals) {
    return;
  }
  const Duration length = endpoints_.front()->params().interval;
  LiveInterval live;
  live.way = way;
  live.index = seen.intervals;
  live.start = length * static_cast<std::int64_t>(seen.intervals);
  live.end = length * static_cast<std::int64_t>(intervals);
  live.packets = at.unique - std::min(at.unique, seen.at_last.unique);
  live.bytes = at.bytes - std::min(at.bytes, seen.at_last.bytes);
  const auto passed =
      static_cast<std::int64_t>(at.next) - static_cast<std::int64_t>(seen.at_last.next);
  live.lost = passed - static_cast<std::int64_t>(live.packets);
  live.duplicates = at.duplicates - std::min(at.duplicates, seen.at_last.duplicates);
  live.reordered = at.reordered - std::min(at.reordered, seen.at_last.reordered);
  constexpr std::size_t kMostRows = 100'000;
  if (seen.rows.size() < kMostRows) {
    const std::uint64_t numbers = at.next - std::min(at.next, seen.at_last.next);
    seen.rows.push_back(SeenInterval{live.start, live.end, live.packets, live.bytes, numbers,
                                     live.duplicates, live.reordered});
  }
  seen.intervals = intervals;
  seen.at_last = at;
  observer.on_interval(live);
}

}  // namespace udperf::engine
