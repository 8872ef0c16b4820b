#include "engine/live_view.hpp"

#include <algorithm>

#include "base/saturating.hpp"
#include "model/forever.hpp"

namespace udperf::engine {
namespace {

/// How much `a` is above `b`.
std::uint64_t above(std::uint64_t a, std::uint64_t b) {
  return a - std::min(a, b);
}

/// The rows of a way's receivers, joined where those of a test without end were merged.
struct Grid {
  Duration row{0};  ///< the longest of any stream
  Duration end{0};
  std::optional<Duration> last_arrival;
};

/// Nothing where a report is missing, or its rows cannot be.
std::optional<Grid> grid_of(std::span<const StreamOutcome> streams) {
  Grid grid;
  for (const StreamOutcome& stream : streams) {
    if (!stream.rx || stream.rx->interval_ns <= 0 || stream.rx->interval_ns > kLongestRow.count()) {
      return std::nullopt;
    }
    const RxReport& rx = *stream.rx;
    const Duration row{rx.interval_ns};
    grid.row = std::max(grid.row, row);
    grid.end = std::max(grid.end, saturating_ns(Uint128{rx.intervals.size()} *
                                                static_cast<std::uint64_t>(row.count())));
    if (rx.unique > 0 && rx.last_mono_ns >= rx.anchor_mono_ns) {
      const auto at = saturating_ns(static_cast<std::uint64_t>(rx.last_mono_ns) -
                                    static_cast<std::uint64_t>(rx.anchor_mono_ns));
      grid.last_arrival = std::max(grid.last_arrival.value_or(at), at);
    }
  }
  return grid;
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

LiveView::Told LiveView::add_up(std::span<const StreamSnapshot> streams, LiveProgress& progress) {
  Told told;
  for (const StreamSnapshot& stream : streams) {
    progress.sent_packets += stream.sent_packets;
    progress.sent_bytes += stream.sent_bytes;
    if (!stream.told) {
      told.intervals = 0;
      continue;
    }
    const wire::Feedback& f = *stream.told;
    progress.received_packets += f.unique;
    progress.received_bytes += f.unique_bytes;
    progress.omitted_packets += f.omitted_next;
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

void LiveView::report(Way way, std::span<const StreamSnapshot> streams, Duration rtt, MonoTime now,
                      ClientObserver& observer) {
  const bool any = std::any_of(streams.begin(), streams.end(), [](const StreamSnapshot& stream) {
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
  progress.lost = above(told.next, progress.received_packets);
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
  const Duration whole = interval_ * static_cast<std::int64_t>(told.intervals);
  live.end = std::max(live.start, told.end.value_or(whole));
  live.packets = above(at.unique, seen.at_last.unique);
  live.bytes = above(at.bytes, seen.at_last.bytes);
  // What came after its interval was told as lost there is taken off later ones.
  const std::uint64_t lost = above(above(at.next, at.unique), seen.lost);
  live.lost = saturate<std::int64_t>(Uint128{lost});
  live.duplicates = above(at.duplicates, seen.at_last.duplicates);
  live.reordered = above(at.reordered, seen.at_last.reordered);
  keep(seen, live, at);
  seen.lost += lost;
  seen.intervals = told.intervals;
  seen.at_last = at;
  observer.on_interval(live);
}

void LiveView::finish(Way way, const WayOutcome& part, MonoTime now, ClientObserver& observer) {
  const auto grid = grid_of(part.streams);
  if (!grid || !begun_ || grid->end <= Duration{0} ||
      !has_passed(intervals_until(grid->end), now - *begun_)) {
    return;
  }
  std::vector<std::size_t> taken(part.streams.size());
  Told told;
  for (Duration until = grid->row; until < grid->end + grid->row; until += grid->row) {
    const bool last = until >= grid->end;
    for (std::size_t i = 0; i < taken.size(); ++i) {
      const RxReport& rx = *part.streams[i].rx;
      const auto rows = static_cast<std::size_t>(until / Duration{rx.interval_ns});
      for (; taken[i] < (last ? rx.intervals.size() : std::min(rows, rx.intervals.size()));
           ++taken[i]) {
        add_row(rx.intervals[taken[i]], told.at);
      }
    }
    told.intervals = intervals_until(until);
    const PerWay& seen = ways_[static_cast<std::size_t>(way)];
    if (last && told.at.unique > seen.at_last.unique) {
      told.intervals = std::max(told.intervals, seen.intervals + 1);  // read after its row was told
    }
    if (last && grid->last_arrival) {
      told.end = std::clamp(*grid->last_arrival, until - grid->row, until);
    }
    report_intervals(way, told, observer);
  }
}

/// Of which the last is perhaps not whole.
std::uint64_t LiveView::intervals_until(Duration end) const {
  return static_cast<std::uint64_t>((end - Duration{1}) / interval_) + 1;
}

void LiveView::add_row(const IntervalRow& row, Totals& totals) {
  totals.unique += row.unique;
  totals.bytes += row.bytes;
  totals.next += row.sent;
  totals.duplicates += row.duplicates;
  totals.reordered += row.reordered;
}

void LiveView::keep(PerWay& seen, const LiveInterval& live, const Totals& at) const {
  constexpr std::size_t kMostRows = 100'000;
  if (forever_ && seen.rows.size() >= kMostForeverRows) {
    merge_in_pairs(seen.rows);
  }
  if (seen.rows.size() < kMostRows) {
    const std::uint64_t numbers = above(at.next, seen.at_last.next);
    seen.rows.push_back(SeenInterval{live.start, live.end, live.packets, live.bytes, numbers,
                                     live.duplicates, live.reordered});
  }
}

}  // namespace udperf::engine
