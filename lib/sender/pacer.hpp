#pragma once

#include <atomic>
#include <cstdint>
#include <optional>

#include "base/log_histogram.hpp"
#include "base/time.hpp"
#include "base/units.hpp"
#include "model/reports.hpp"
#include "model/test_params.hpp"
#include "net/datagram_port.hpp"
#include "pacing/schedule.hpp"
#include "sender/timetable.hpp"
#include "traffic/plan.hpp"

namespace udperf::sender {

/// When a stream with a rate sends: its timetable, who keeps to it (a thread, or the kernel), and
/// how well it was kept. Belongs to one thread, but for set_rate().
class Pacer {
 public:
  /// `kernel`: the kernel may be asked to space datagrams (fq). Params and port have to outlive it.
  Pacer(const TestParams& params, Way way, net::DatagramPort& port, bool kernel = true)
      : params_(params), way_(way), port_(port), kernel_(kernel) {}

  /// The payload rate from the next take_due() on, where the parameters leave it to be adjusted;
  /// from any thread.
  void set_rate(BitRate rate) { rate_bps_.store(rate.bps(), std::memory_order_relaxed); }
  void set_scheduling(Scheduling scheduling) { scheduling_ = scheduling; }

  /// The first datagram of `plan` is due `now`, or as much later as that says. `batch`: datagrams
  /// of one system call. Where no rate was asked for, nothing happens.
  void begin(const traffic::TrafficPlan& plan, std::uint32_t batch, MonoTime now);
  /// Whether there is a timetable; all that follows wants one, or says nothing.
  [[nodiscard]] bool on() const { return schedule_.has_value(); }

  /// Figures begin anew.
  void end_warm_up();
  /// The test begins, behind its warm-up. Equal gaps just go on, without what the warm-up owes;
  /// where times belong to lengths, the test's begin with its first datagram.
  void restart(const traffic::TrafficPlan& plan, MonoTime begun);

  /// How many datagrams to send now. `next`: how many have been.
  [[nodiscard]] std::uint64_t take_due(std::uint64_t next, std::uint32_t batch, MonoTime now);
  /// The same when the time is over at `end`: what had become due before and may still leave.
  [[nodiscard]] std::uint64_t take_last(MonoTime end, MonoTime now) {
    return schedule_->take_last(end, now);
  }
  /// Of what was due these were not sent; they stay due.
  void give_back(std::uint64_t datagrams, pacing::Unsent why) {
    schedule_->give_back(datagrams, why);
  }
  /// They will not be sent any more.
  void give_up(std::uint64_t datagrams) { given_up_ += datagrams; }

  /// When the next are due, for who is about to wait for them. Passed already: their lateness is
  /// no wake-up's.
  [[nodiscard]] MonoTime await_next(MonoTime now);
  /// Whether deadlines matter to the microsecond.
  [[nodiscard]] bool precise() const { return kind_ == PacerKind::sleep_spin; }
  /// The longest between two datagrams that the timetable has.
  [[nodiscard]] Duration longest_gap() const { return longest_gap_; }

  /// Adds what was asked for and how it was kept; after all else but `packets` and `time`.
  void fill(TxReport& report) const;

 private:
  void begin_shaped(const traffic::TrafficPlan& plan, MonoTime start);
  [[nodiscard]] pacing::PacketPeriod adjusted_period();
  void follow_rate(std::uint32_t batch, MonoTime now);
  [[nodiscard]] PacerKind kind_for(const pacing::PacketPeriod& period);
  [[nodiscard]] bool adjusted() const { return params_.rate(way_).adjusted(); }

  const TestParams& params_;
  Way way_;
  net::DatagramPort& port_;
  bool kernel_;
  std::optional<Timetable> schedule_;
  PacerKind kind_ = PacerKind::none;
  Scheduling scheduling_ = Scheduling::untold;
  Duration longest_gap_{0};
  std::uint64_t target_milli_pps_ = 0;
  std::uint64_t scheduled_bps_ = 0;  ///< what the timetable is for, where the rate is adjusted
  std::uint64_t given_up_ = 0;
  LogHistogram lateness_;
  std::atomic<std::uint64_t> rate_bps_{0};
};

}  // namespace udperf::sender
