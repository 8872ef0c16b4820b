#pragma once

#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "base/memory_account.hpp"
#include "base/time.hpp"
#include "model/forever.hpp"
#include "model/reports.hpp"
#include "stats/delay_histogram.hpp"
#include "stats/sequence_ledger.hpp"

namespace udperf::stats {

/// What becomes of rows that are too many.
enum class FullGrid : std::uint8_t {
  last_goes_on,    ///< beyond IntervalGrid::kMostRows the last one goes on
  rows_are_merged  ///< of kMostForeverRows two and two become one
};

/// Rows of equal length from the first arrival on, whose sums equal the totals (docs/metrics.md).
/// What a row lost is settled when the ledger folds: a number belongs to the row in which it was
/// passed.
class IntervalGrid {
 public:
  static constexpr std::size_t kMostRows = 100'000;

  /// The last row goes on, too, where `account` grants no more; null: no account.
  explicit IntervalGrid(Duration length, MemoryAccount* account = nullptr,
                        FullGrid full = FullGrid::last_goes_on)
      : length_(length), full_(full), delays_(account), memory_(account) {}

  void set_anchor(MonoTime anchor);
  [[nodiscard]] bool anchored() const { return !rows_.empty(); }
  [[nodiscard]] MonoTime anchor() const { return anchor_; }
  /// Of a row, by now.
  [[nodiscard]] Duration length() const { return length_; }

  /// Moves on to the row of `now`; `next` is the next expected number before this arrival. Cheap
  /// while the row stays the same. Time that goes backwards stays in the row.
  void move_to(MonoTime now, std::uint64_t next) {
    if (now >= row_end_) {
      open_rows(now, next);
    }
  }
  [[nodiscard]] IntervalRow& row() { return rows_.back(); }
  /// Arrival less departure of a datagram of this row; any constant offset cancels.
  void add_delay(Duration transit) { delays_.add(transit); }

  /// The ledger's fold, in sequence order: what is missing is lost in the row that passed it.
  void settle(const SequenceLedger::Stretch& stretch);

  /// Closes the last row, which owns whatever was never passed; what had been passed beyond `sent`
  /// is nobody's. `fastest`: the stream's smallest transit time, from where rows count delay.
  /// Before the ledger is closed.
  void finish(std::uint64_t sent, Duration fastest);
  /// What turned out at the end not to be the sender's leaves the rows again, the latest row first:
  /// nobody remembers when it came, and the sums must equal the totals.
  void take_back(std::uint64_t unique, std::uint64_t bytes, std::uint64_t reordered);
  [[nodiscard]] std::vector<IntervalRow> take() { return std::move(rows_); }
  /// For want of memory the last row goes on, or a row's delays are not known.
  [[nodiscard]] bool cut_short() const { return cut_rows_ || cut_delays_; }

 private:
  /// Of transit times as given: the stream's minimum is not known before the end (RFC 5481 s4.2).
  struct RowDelay {
    std::optional<Duration> p50;
    std::optional<Duration> p99;
  };

  void open_rows(MonoTime now, std::uint64_t next);
  void close_row(std::uint64_t next);
  void merge_closed_rows();
  void take_back_from(std::uint64_t IntervalRow::*field, std::uint64_t amount);

  // A vector that grows holds up to twice what is in it.
  static constexpr std::size_t kRowBytes = 2 * (sizeof(IntervalRow) + sizeof(RowDelay));

  Duration length_;
  FullGrid full_;
  MonoTime anchor_{};
  MonoTime row_end_ = kNever;
  std::vector<IntervalRow> rows_;
  std::vector<RowDelay> row_delays_;  ///< of the rows closed so far
  std::uint64_t passed_ = 0;          ///< next expected number when the row began
  std::size_t settling_ = 0;          ///< row that the fold has reached
  std::uint64_t settled_to_ = 0;      ///< first number of the row after it
  DelayHistogram delays_;             ///< of the open row
  MemoryShare memory_;
  bool cut_rows_ = false;
  bool cut_delays_ = false;
};

}  // namespace udperf::stats
