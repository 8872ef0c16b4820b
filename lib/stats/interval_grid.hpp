#pragma once

#include <cstdint>
#include <vector>

#include "base/log_histogram.hpp"
#include "base/time.hpp"
#include "model/reports.hpp"
#include "stats/sequence_ledger.hpp"

namespace udperf::stats {

/// Rows of equal length from the first arrival on, whose sums equal the totals (metrics 2.4). What
/// a row lost is settled when the ledger folds: a number belongs to the row in which it was passed.
class IntervalGrid {
 public:
  /// Beyond so many rows the last one goes on.
  static constexpr std::size_t kMostRows = 100'000;

  explicit IntervalGrid(Duration length) : length_(length) {}

  void set_anchor(MonoTime anchor);
  [[nodiscard]] bool anchored() const { return !rows_.empty(); }
  [[nodiscard]] MonoTime anchor() const { return anchor_; }

  /// Moves on to the row of `now`; `next` is the next expected number before this arrival. Cheap
  /// while the row stays the same. Time that goes backwards stays in the row.
  void move_to(MonoTime now, std::uint64_t next) {
    if (now >= row_end_) {
      open_rows(now, next);
    }
  }
  [[nodiscard]] IntervalRow& row() { return rows_.back(); }
  void add_variation(Duration over_minimum) { variation_.add(over_minimum); }

  /// The ledger's fold, in sequence order: what is missing is lost in the row that passed it.
  void settle(const SequenceLedger::Stretch& stretch);

  /// Closes the last row, which owns whatever was never passed.
  void finish(std::uint64_t sent, std::uint64_t next);
  [[nodiscard]] std::vector<IntervalRow> take() { return std::move(rows_); }

 private:
  void open_rows(MonoTime now, std::uint64_t next);
  void close_row(std::uint64_t next);

  Duration length_;
  MonoTime anchor_{};
  MonoTime row_end_ = kNever;
  std::vector<IntervalRow> rows_;
  std::uint64_t passed_ = 0;      ///< next expected number when the row began
  std::size_t settling_ = 0;      ///< row that the fold has reached
  std::uint64_t settled_to_ = 0;  ///< first number of the row after it
  LogHistogram variation_;
};

}  // namespace udperf::stats
