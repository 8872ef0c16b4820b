#pragma once

#include <cstdint>

#include "clock/clock.hpp"
#include "model/reports.hpp"
#include "pacing/realtime_budget.hpp"

namespace udperf::engine {

/// --realtime
enum class Realtime : std::uint8_t { automatic, off };

/// What a thread's work needs of the scheduler.
enum class Urgency : std::uint8_t {
  bulk,     ///< as much as it can get, whenever: a sender without a rate
  arrival,  ///< soon: what waits in a socket must be read before it overflows
  deadline  ///< on time: a sender with a rate
};

/// How the kernel schedules one thread, asked for and given back from that thread itself.
///
/// What has a deadline or a queue to empty runs first where the system lets it (SCHED_FIFO, at the
/// lowest priorities; what has a deadline above what reads), as long as it keeps to its
/// RealtimeBudget. Where it may not, the thread asks for short slices (EEVDF, Linux 6.12), which
/// any thread may have: it then runs sooner, not for longer. Bulk work asks for nothing.
class ThreadScheduling {
 public:
  using Group = pacing::RealtimeBudget::Group;

  /// `group`: as RealtimeBudget has them.
  ThreadScheduling(Urgency urgency, Realtime realtime, const Clock& clock, Group* group = nullptr)
      : urgency_(urgency),
        realtime_(realtime),
        clock_(clock),
        budget_(group, &account_of_process()) {}

  /// To be called once, before the thread's work begins.
  void begin();
  /// To be called often: keeps the thread to its budget.
  void check(MonoTime now) {
    if (granted_fifo_ && budget_.due(now)) {
      spend(now);
    }
  }
  /// For a thread that goes on with other work: back to normal. now() still says what it had.
  void end();
  [[nodiscard]] Scheduling now() const { return now_; }

 private:
  static pacing::RealtimeBudget::Account& account_of_process();
  void spend(MonoTime now);

  Urgency urgency_;
  Realtime realtime_;
  const Clock& clock_;
  pacing::RealtimeBudget budget_;
  bool granted_fifo_ = false;
  Scheduling now_ = Scheduling::normal;
};

}  // namespace udperf::engine
