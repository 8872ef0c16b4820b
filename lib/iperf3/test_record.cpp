#include "iperf3/test_record.hpp"

#include <algorithm>

#include "model/forever.hpp"

namespace udperf::iperf3 {
namespace {

double in_seconds(Duration time) {
  return std::chrono::duration<double>(time).count();
}

Row sent_row(const StreamCounters& before, const StreamCounters& now, std::uint32_t length) {
  Row row;
  row.packets = now.packets - std::min(before.packets, now.packets);
  row.bytes = row.packets * length;
  row.sender = true;
  return row;
}

Row received_row(const StreamAccount::Part& a, const StreamAccount::Part& b) {
  Row row;
  row.packets = b.counted - std::min(a.counted, b.counted);
  row.bytes = b.bytes - std::min(a.bytes, b.bytes);
  row.lost = static_cast<std::int64_t>(b.missing) - static_cast<std::int64_t>(a.missing);
  row.out_of_order = b.reordered - std::min(a.reordered, b.reordered);
  row.duplicates = b.duplicates - std::min(a.duplicates, b.duplicates);
  row.jitter_s = b.jitter ? in_seconds(*b.jitter) : 0;
  return row;
}

void add_to(Row& row, const Row& next) {
  row.end_s = next.end_s;
  row.bytes += next.bytes;
  row.packets += next.packets;
  row.lost += next.lost;
  row.out_of_order += next.out_of_order;
  row.duplicates += next.duplicates;
  row.jitter_s = next.jitter_s;
  row.jitter_known = next.jitter_known;
}

/// Makes one interval of each two neighbours, but for the border of the omitted time.
void merge_in_pairs(std::vector<IntervalRows>& intervals) {
  std::vector<IntervalRows> merged;
  merged.reserve(intervals.size() / 2 + 1);
  bool open = false;
  for (IntervalRows& rows : intervals) {
    const bool same = open && rows.size() == merged.back().size() && !rows.empty() &&
                      rows.front().omitted == merged.back().front().omitted;
    for (std::size_t i = 0; same && i < rows.size(); ++i) {
      add_to(merged.back()[i], rows[i]);
    }
    if (!same) {
      merged.push_back(std::move(rows));
    }
    open = !same;
  }
  intervals = std::move(merged);
}

}  // namespace

bool TestRecord::is_forever() const {
  return parameters.seconds == 0 && parameters.bytes == 0 && parameters.blocks == 0;
}

std::size_t TestRecord::most_intervals() const {
  const std::size_t most =
      std::min(kMostRows / std::max<std::size_t>(streams.size(), 1), room_ends_at);
  return is_forever() ? std::min(kMostForeverRows, most) : most;
}

bool TestRecord::keep_needs_room() const {
  return intervals.size() >= most_kept && intervals.size() < most_intervals();
}

void TestRecord::keep(const IntervalRows& rows) {
  if (is_forever() && intervals.size() >= most_intervals()) {
    merge_in_pairs(intervals);
  }
  if (intervals.size() < most_intervals()) {
    intervals.push_back(rows);
    most_kept = std::max(most_kept, intervals.size());
  } else {
    ++rows_left_out;
  }
}

RowCutter::RowCutter(const Parameters& parameters, Duration interval, MonoTime start)
    : length_(parameters.length),
      interval_(interval),
      origin_(start),
      counted_from_(start + std::chrono::seconds{parameters.omit_seconds}),
      planned_end_(parameters.seconds != 0 && parameters.bytes == 0 && parameters.blocks == 0
                       ? counted_from_ + std::chrono::seconds{parameters.seconds}
                       : kNever),
      row_start_(start) {
  advance(start);
}

void RowCutter::advance(MonoTime now) {
  row_start_ = now;
  next_ = kNever;
  if (interval_ > Duration{0}) {
    const auto passed = (now - origin_) / interval_;
    next_ = origin_ + (passed + 1) * interval_;
  }
  if (omitting()) {
    next_ = std::min(next_, counted_from_);
  } else if (next_ != kNever && next_ + interval_ / 10 >= planned_end_) {
    next_ = kNever;
  }
}

bool RowCutter::pending(const std::vector<StreamCounters>& counters, MonoTime now) const {
  // A short time at the end in which nothing passed is no row of its own, as with iperf3.
  const Duration least = interval_ > Duration{0} ? interval_ / 10 : Duration{0};
  if (now - row_start_ > least || row_start_ == origin_) {
    return true;
  }
  bool passed = last_.size() != counters.size();
  for (std::size_t i = 0; !passed && i < counters.size(); ++i) {
    const auto& a = part(last_[i]);
    const auto& b = part(counters[i]);
    passed = counters[i].packets != last_[i].packets || b.counted != a.counted ||
             b.bytes != a.bytes || b.missing != a.missing;
  }
  return passed;
}

const StreamAccount::Part& RowCutter::part(const StreamCounters& of) const {
  return omitting() ? of.totals.omitted : of.totals;
}

double RowCutter::elapsed(MonoTime now) const {
  return std::max(in_seconds(now - counted_from_), 0.0);
}

IntervalRows RowCutter::cut(const std::vector<StreamEnds>& streams,
                            const std::vector<StreamCounters>& counters, MonoTime now) {
  IntervalRows rows;
  last_.resize(streams.size());
  const bool omitted = omitting();
  for (std::size_t i = 0; i < streams.size(); ++i) {
    Row row = streams[i].sender ? sent_row(last_[i], counters[i], length_)
                                : received_row(part(last_[i]), part(counters[i]));
    row.start_s = in_seconds(row_start_ - origin_);
    row.end_s = in_seconds(now - origin_);
    row.omitted = omitted;
    rows.push_back(row);
    last_[i] = counters[i];
  }
  if (omitted && now >= counted_from_) {
    origin_ = counted_from_;
    last_.assign(streams.size(), StreamCounters{});
    now = origin_;
  }
  advance(now);
  return omitted && interval_ == Duration{0} ? IntervalRows{} : rows;  // as iperf3 has it
}

IntervalRows RowCutter::cut_last(const std::vector<StreamEnds>& streams,
                                 const std::vector<StreamCounters>& counters, const End& end) {
  MonoTime last{};
  for (const StreamEnds& stream : streams) {
    last = std::max(last, stream.sender ? end.sent : end.received);
  }
  if (!pending(counters, last)) {
    return {};
  }
  IntervalRows rows = cut(streams, counters, last);
  for (Row& row : rows) {
    const Duration before = last - (row.sender ? end.sent : end.received);
    row.end_s = std::max(row.end_s - in_seconds(before), row.start_s);
  }
  return rows;
}

}  // namespace udperf::iperf3
