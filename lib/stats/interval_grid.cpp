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
  row_delays_.push_back(RowDelay{delays_.percentile(0.5), delays_.percentile(0.99)});
  cut_delays_ = cut_delays_ || delays_.given_up();
  delays_.clear();
}

void IntervalGrid::open_rows(MonoTime now, std::uint64_t next) {
  while (now >= row_end_ && rows_.size() < kMostRows && !cut_rows_) {
    if (!memory_.grow(kRowBytes)) {
      cut_rows_ = true;
      break;
    }
    close_row(next);
    if (full_ == FullGrid::rows_are_merged && rows_.size() >= kMostForeverRows) {
      merge_closed_rows();
    }
    rows_.emplace_back();
    row_end_ += length_;
  }
  if (rows_.size() >= kMostRows || cut_rows_) {
    row_end_ = kNever;
  }
}

/// Their number is even, and none is open: the next one begins where twice the length does, too.
void IntervalGrid::merge_closed_rows() {
  if (settling_ % 2 != 0) {  // its pair is reached by where it began
    settled_to_ -= rows_[settling_ - 1].sent;
  }
  settling_ /= 2;
  const std::size_t pairs = rows_.size() / 2;
  merge_rows_in_pairs(rows_);
  for (std::size_t i = 0; i < pairs; ++i) {
    row_delays_[i] =
        RowDelay{std::nullopt, std::max(row_delays_[2 * i].p99, row_delays_[2 * i + 1].p99)};
  }
  row_delays_.resize(pairs);
  memory_.shrink(pairs * kRowBytes);
  length_ *= 2;
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
    const std::uint64_t until = std::min(end, row_end);
    if (!stretch.arrived && !rows_.empty()) {
      rows_[settling_].lost += until - at;
    }
    at = until;
  }
}

void IntervalGrid::finish(std::uint64_t sent, Duration fastest) {
  if (rows_.empty()) {
    if (sent == 0) {
      return;
    }
    rows_.emplace_back();
  }
  close_row(std::max(sent, passed_));
  take_back_from(&IntervalRow::sent, passed_ - sent);
  for (std::size_t i = 0; i < rows_.size(); ++i) {
    const RowDelay& delay = row_delays_[i];
    rows_[i].dv_p50_ns = delay.p50 ? (*delay.p50 - fastest).count() : -1;
    rows_[i].dv_p99_ns = delay.p99 ? (*delay.p99 - fastest).count() : -1;
  }
}

void IntervalGrid::take_back(std::uint64_t unique, std::uint64_t bytes, std::uint64_t reordered) {
  take_back_from(&IntervalRow::unique, unique);
  take_back_from(&IntervalRow::bytes, bytes);
  take_back_from(&IntervalRow::reordered, reordered);
}

void IntervalGrid::take_back_from(std::uint64_t IntervalRow::*field, std::uint64_t amount) {
  for (auto row = rows_.rbegin(); row != rows_.rend() && amount > 0; ++row) {
    const std::uint64_t part = std::min((*row).*field, amount);
    (*row).*field -= part;
    amount -= part;
  }
}

}  // namespace udperf::stats
