#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "base/time.hpp"
#include "model/packet_plan.hpp"
#include "model/reports.hpp"
#include "stats/delay_histogram.hpp"
#include "stats/interval_grid.hpp"
#include "stats/ipdv.hpp"
#include "stats/jitter.hpp"
#include "stats/loss_runs.hpp"
#include "stats/outages.hpp"
#include "stats/reordering.hpp"
#include "stats/sequence_ledger.hpp"
#include "stats/tally.hpp"
#include "voice/playout.hpp"

namespace udperf::stats {

/// Consecutive sequence numbers that arrived together: one buffer, or a single datagram (count 1).
struct Run {
  std::uint64_t first = 0;
  std::uint32_t count = 0;
  MonoTime rx;             ///< arrival, receiver's clock
  std::int64_t tx_ns = 0;  ///< departure, sender's monotonic clock; beyond 36 years it is no time
  std::uint8_t ecn = 0;    ///< code point, 0..3
  bool timed = false;      ///< both stamps are good for delay figures
  /// Length of each, where the plan does not know it (PacketPlan::open).
  std::uint32_t length = 0;
};

/// All statistics of one stream at its receiver. Pure: time is an argument. Not thread-safe.
/// Always: what it was given == unique + duplicates + late + invalid.
class StreamStats {
 public:
  struct Settings {
    PacketPlan plan;
    Duration interval = std::chrono::seconds{1};
    Duration gap_threshold = std::chrono::milliseconds{50};
    Duration tmax = kTmax;
    FullGrid full_grid = FullGrid::last_goes_on;
    bool share_delays = false;  ///< the report's bins of the delays are to be joined with others'
    std::uint64_t neighbours_apart = Ipdv::kMemory;  ///< arrivals, where Ipdv still pairs the two
    VoiceSetup voice = {};                           ///< who listens
    MemoryAccount* memory = nullptr;  ///< what is kept is taken from here; null: no limit
  };

  explicit StreamStats(const Settings& settings);
  StreamStats(const StreamStats&) = delete;  // the ledger's fold points here
  StreamStats& operator=(const StreamStats&) = delete;
  ~StreamStats() = default;

  /// Origin of the interval grid, shared by the streams of a test; before the first add(). Default:
  /// the first arrival.
  void set_anchor(MonoTime anchor) { grid_.set_anchor(anchor); }

  /// Precondition: one number or more, all below plan.packets().
  void add(const Run& run);

  [[nodiscard]] std::uint64_t unique() const { return tally_.unique(); }
  [[nodiscard]] std::uint64_t unique_bytes() const { return tally_.unique_bytes(); }
  [[nodiscard]] std::uint64_t duplicates() const { return tally_.duplicates(); }
  [[nodiscard]] std::uint64_t reordered() const { return reordering_.reordered(); }
  [[nodiscard]] std::uint64_t late() const { return tally_.late(); }
  [[nodiscard]] std::uint64_t invalid() const { return tally_.invalid(); }
  [[nodiscard]] std::uint64_t next_expected() const { return ledger_.next_expected(); }
  /// Numbers below the next expected one that have not arrived: lost, or still to come.
  [[nodiscard]] std::uint64_t missing_so_far() const { return next_expected() - unique(); }
  /// RFC 3550 s6.4.1, so far.
  [[nodiscard]] std::optional<Duration> jitter() const { return jitter_.value(); }
  /// Of a first copy; nothing before the first.
  [[nodiscard]] std::optional<MonoTime> last_arrival() const { return outages_.last_arrival(); }
  /// What the record of sequence numbers takes now; all else is bounded.
  [[nodiscard]] std::size_t memory_bytes() const { return ledger_.memory_bytes(); }
  /// A number could not be recorded for want of memory: the books are not exact any more.
  [[nodiscard]] bool out_of_memory() const { return out_of_memory_; }
  [[nodiscard]] bool all_received(std::uint64_t sent) const {
    return unique() == sent && next_expected() == sent;
  }

  /// What the sender says it sent in all, before finalize(): where the plan does not know lengths,
  /// that is what tells how much was lost.
  void set_sent_bytes(std::uint64_t bytes) { sent_bytes_ = bytes; }

  /// Closes the books: fills every statistics field of `out`. `sent`: what the sender says it
  /// numbered; numbers from there on become invalid. Call once.
  void finalize(std::uint64_t sent, bool tail_known, const ClockAnchor& clock, RxReport& out);

 private:
  bool add_one(const Run& run, std::uint64_t sequence);
  void note_first_copies(const Run& run, std::uint64_t first, std::uint64_t count);
  void note_order(const Run& run, std::uint64_t first, std::uint64_t count);
  void note_timing(const Run& run, std::uint32_t count);
  void play(const Run& run, std::uint64_t first, std::uint64_t count);
  void fill_voice(RxReport& out);
  void disown(std::uint64_t count, std::uint64_t bytes);
  [[nodiscard]] std::uint64_t bytes_of(std::uint64_t first, std::uint64_t count) const;
  void on_fold(const SequenceLedger::Stretch& stretch);
  void fill_pattern(RxReport& out) const;
  void fill_times(const ClockAnchor& clock, RxReport& out) const;
  void fill_delays(RxReport& out) const;
  [[nodiscard]] bool memory_limited() const;

  Settings settings_;
  SequenceLedger ledger_;
  LossRuns runs_;
  Reordering reordering_;
  Rfc3550Jitter jitter_;
  Ipdv ipdv_;
  DelayHistogram delays_;
  IntervalGrid grid_;
  std::uint64_t lost_bytes_ = 0;
  std::optional<std::uint64_t> sent_bytes_;
  Tally tally_;
  std::uint64_t disowned_reordered_ = 0;
  std::uint32_t first_bytes_ = 0;
  Outages outages_;
  bool out_of_memory_ = false;
  std::unique_ptr<voice::Playout> playout_;  ///< where somebody listens
};

}  // namespace udperf::stats
