#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "base/time.hpp"

namespace udperf::monitor {

/// When a target's rounds are.
struct Timing {
  Duration every = std::chrono::seconds{10};
  std::optional<Duration> at;  ///< since midnight UTC, once a day; `every` is then a day
  bool heavy = false;          ///< of these, one at a time runs

  bool operator==(const Timing&) const = default;
};

/// A round that is to begin now.
struct DueRound {
  std::uint64_t target = 0;
  std::uint64_t number = 0;  ///< of the target, from 1
  MonoTime due;
  std::uint64_t missed = 0;  ///< rounds just before it whose time passed without one
};

/// Which round is next. A target has a grid of its own, spread over the period, on the monotonic
/// clock: no round moves because another was late or because the wall clock was set. Time that
/// passed unseen (the process was stopped) makes missed rounds, not many rounds at once. Pure.
class RoundSchedule {
 public:
  /// Begins the target's grid within a period from `now`; one that is there keeps its own unless
  /// the timing is another, and its numbers. `unix_now` is for `at` alone. The numbers of one that
  /// is new here go on from `last_number`.
  void add(std::uint64_t target, const Timing& timing, MonoTime now, UnixTime unix_now,
           std::uint64_t last_number = 0);
  /// What runs of it keeps its place until it has landed().
  void remove(std::uint64_t target);

  /// The clock of the grids stood still so long, until `now`: the rounds that would have been, and
  /// times of day are met again. The numbers of these rounds are passed over.
  [[nodiscard]] std::vector<DueRound> slept(Duration time, MonoTime now, UnixTime unix_now);

  /// The wall clock was set by so much: times of day are met by what it says now. One that was
  /// jumped over by an hour at most is met at once; one that comes again within an hour is not.
  void clock_set(Duration by, MonoTime now, UnixTime unix_now);

  /// The rounds that are due, earliest first. A heavy one is kept back while another runs.
  [[nodiscard]] std::vector<DueRound> take_due(MonoTime now);
  /// Takes the place of the one heavy round for a round that is not of this schedule; false where
  /// one runs.
  [[nodiscard]] bool reserve_heavy();
  void release_heavy();
  /// kNever where nothing is to come but what waits for a heavy round.
  [[nodiscard]] MonoTime next() const;

  /// A round that take_due() gave is over or will not be run, also of a target that is gone:
  /// another heavy one may run.
  void landed(std::uint64_t target, std::uint64_t number);
  /// What the last round of this target came to. Failures in a row stretch its period up to
  /// fourfold, with jitter, so that what is down is not asked in step; an answer ends that.
  void finished(std::uint64_t target, std::uint32_t failures, MonoTime now);
  /// The server had no place for the target's last round: where the next is more than an hour off
  /// there is another in some minutes, four of them at most. The grid stays.
  void refused(std::uint64_t target, MonoTime now);

  [[nodiscard]] std::size_t size() const { return entries_.size(); }

 private:
  struct Entry {
    Timing timing;
    MonoTime next;
    std::optional<MonoTime> last_due;  ///< of a round that was begun
    std::uint64_t number = 0;
    std::uint32_t stretch = 1;        ///< rounds of the grid to each that runs
    std::uint32_t again = 0;          ///< rounds beside the grid since the last one on it
    std::optional<MonoTime> on_grid;  ///< `next` is beside the grid, and this comes behind it
  };
  void set_next(std::uint64_t target, Entry& entry, MonoTime next);
  [[nodiscard]] DueRound begin_again(std::uint64_t target, Entry& entry);
  [[nodiscard]] DueRound begin(std::uint64_t target, Entry& entry, MonoTime now);

  std::map<std::uint64_t, Entry> entries_;
  std::set<std::pair<MonoTime, std::uint64_t>> queue_;
  using RoundKey = std::pair<std::uint64_t, std::uint64_t>;  ///< target and number
  std::optional<RoundKey> heavy_;                            ///< the one that runs
  std::uint64_t added_ = 0;
};

/// Tells that the machine slept.
class SleepWatch {
 public:
  /// How long the machine slept since the call before; zero where it did not (to a tenth of a
  /// second). `suspended`: in all so far.
  [[nodiscard]] Duration slept(Duration suspended);

 private:
  std::optional<Duration> before_;
};

/// Tells that the wall clock was set: each step once.
class StepWatch {
 public:
  /// By how much since the call before, if by 50 ms or more. `both`: read as one moment;
  /// `suspended`: in all so far, while the monotonic clock stood still.
  [[nodiscard]] std::optional<Duration> step(const ClockAnchor& both, Duration suspended);

 private:
  std::optional<Duration> offset_;
};

}  // namespace udperf::monitor
