#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "engine/client_run.hpp"
#include "engine/live_feedback.hpp"

namespace udperf::engine {

/// Turns what the streams know of a test that runs into what an observer is told. Pure: takes the
/// time as an argument.
class LiveView {
 public:
  /// `interval`: of the report. `forever`: rows that are too many are merged, two and two.
  explicit LiveView(Duration interval, bool forever = false)
      : interval_(interval), forever_(forever) {}

  /// Tells of one direction: an interval that all streams have told of, and how far the test is.
  /// Nothing where no stream knows anything yet. `rtt`: the latest; 0 = none.
  void report(Way way, std::span<const StreamSnapshot> streams, Duration rtt, MonoTime now,
              ClientObserver& observer);

  /// Tells of what no word came while the test ran, by the receiver's reports: the last interval,
  /// which is as short as it was, and those before it that were not told. Nothing where a report is
  /// missing.
  void finish(Way way, const WayOutcome& part, MonoTime now, ClientObserver& observer);

  /// The intervals that were reported; where there were very many the first of them, or of a test
  /// without end several as one.
  [[nodiscard]] const std::vector<SeenInterval>& seen(Way way) const {
    return ways_[static_cast<std::size_t>(way)].rows;
  }

 private:
  /// Sums over the streams.
  struct Totals {
    std::uint64_t unique = 0;
    std::uint64_t bytes = 0;
    std::uint64_t next = 0;
    std::uint64_t duplicates = 0;
    std::uint64_t reordered = 0;
  };
  struct PerWay {
    std::uint64_t intervals = 0;
    Totals at_last;
    std::uint64_t lost = 0;  ///< that were told
    std::vector<SeenInterval> rows;
  };

  /// The sums of what the receivers told, and the least number of intervals that one told of.
  struct Told {
    Totals at;
    std::uint64_t intervals = UINT64_MAX;
    std::uint64_t next = 0;
    std::optional<Duration> end = std::nullopt;  ///< of an interval that is not whole
  };
  static Told add_up(std::span<const StreamSnapshot> streams, LiveProgress& progress);
  static void add_row(const IntervalRow& row, Totals& totals);
  [[nodiscard]] std::uint64_t intervals_until(Duration end) const;
  [[nodiscard]] bool has_passed(std::uint64_t intervals, Duration elapsed) const;
  void report_intervals(Way way, const Told& told, ClientObserver& observer);
  void keep(PerWay& seen, const LiveInterval& live, const Totals& at) const;

  Duration interval_;
  bool forever_;
  std::optional<MonoTime> begun_;
  std::array<PerWay, 2> ways_;
};

}  // namespace udperf::engine
