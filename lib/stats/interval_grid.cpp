#include "stats/interval_grid.hpp"

#include <algorithm>

namespace udperf::stats {

void IntervalGrid::set_anchor(MonoTime anchor) {
  anchor_ = anchor;
  row_end_ = anchor + length_;
  rows_.emplace_back();
}

void IntervalGrid::close_row(std::uint64_t next) {
  IntervalRow& row = rows_.back();
  row.sent = next - passed_;
  passed_ = next;
  if (const auto p50 = variation_.percentile(0.5)) {
    row.dv_p50_ns = p50->count();
    row.dv_p99_ns = variation_.percentile(0.99).value_or(*p50).count();
    variation_.clear();
  }
}

void IntervalGrid::open_rows(MonoTime now, std::uint64_t next) {
  while (now >= row_end_ && rows_.size() < kMostRows) {
    close_row(next);
    rows_.emplace_back();
    row_end_ += length_;
  }
  if (rows_.size() >= kMostRows) {
    row_end_ = kNever;
  }
}

void IntervalGrid::settle(const SequenceLedger::Stretch& stretch) {
  std::uint64_t at = stretch.first;
  const std::uint64_t end = stretch.first + stretch.count;
  while (at < end) {
    // The row that is still open owns everything from its beginning on.
    while (settling_ + 1 < rows_.size() && at >= settled_to_ + rows_[settling_].sent) {
      settled_to_ += rows_[settling_].sent;
      ++settling_;
    }
    const bool last = settling_ + 1 >= rows_.size();
    const std::uint64_t row_end = last ? end : settled_to_ + rows_[settling_].sent;
    const std::uint64_t upto = std::min(end, row_end);
    if (!stretch.arrived && !rows_.empty()) {
      rows_[settling_].lost += upto - at;
    }
    at = upto;
  }
}

void IntervalGrid::finish(std::uint64_t sent, std::uint64_t next) {
  if (rows_.empty()) {
    if (sent == 0) {
      return;
    }
    rows_.emplace_back();
  }
  static_cast<void>(next);
  close_row(std::max(sent, passed_));
}

}  // namespace udperf::stats
