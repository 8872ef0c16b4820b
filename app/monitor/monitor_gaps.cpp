// Time that this host did not measure: it slept, did not keep up, or no monitor ran.

#include <algorithm>

#include <nlohmann/json.hpp>

#include "app/monitor/monitor.hpp"
#include "base/units.hpp"
#include "monitor/json.hpp"
#include "rounds/host_watch.hpp"

namespace udperf::app {
namespace {

using monitor::Json;
using monitor::RoundResult;

}  // namespace

/// Sleep makes gaps; a wall clock that is set is told of once. All clocks are read here: `now` may
/// be of long before, where what had landed took its time.
void Monitor::watch_clocks(MonoTime now) {
  const Duration suspended = rounds::suspended_time();
  const ClockAnchor both = clock_.anchor();
  const UnixTime unix_now = both.unix;
  const Duration slept = host_clocks_.sleep.slept(suspended);
  if (slept > Duration{0}) {
    host_clocks_.woke = now;
    log_.warning("this host slept for " + format_duration(slept) + ": nothing was measured");
    write_line("slept", unix_now, {{"slept_ns", slept.count()}});
    std::vector<monitor::DueRound> gaps = schedule_.slept(slept, now, unix_now);
    for (const monitor::DueRound& missed : light_->slept(slept, now)) {
      gaps.push_back(missed);
    }
    for (const monitor::DueRound& missed : gaps) {
      tell_gap(*board_.find(missed.target), missed.number, missed.missed, slept, "this host slept");
    }
  }
  if (const auto step = host_clocks_.step.step(both, suspended)) {
    log_.warning("the wall clock was set by " + format_duration(*step));
    ++counted_.clock_steps;
    const Json what{{"step_ns", step->count()}};
    if (sinks_.exec) {
      sinks_.exec->put(monitor::json_line("clock_stepped", unix_now, lines_, what));
    }
    write_line("clock_stepped", unix_now, what);
    schedule_.clock_set(*step, both.mono, unix_now);
  }
}

/// The time in which no monitor ran is a gap, too. It changes nothing of how the target stands, but
/// of one that was down nobody knows how long it was.
void Monitor::tell_stop(const monitor::Board::Entry& entry, UnixTime ended) {
  constexpr Duration kLeast = std::chrono::seconds{15};
  constexpr Duration kMost = std::chrono::hours{24};  // of more no round need be kept
  const Duration stopped = clock_.unix_now() - ended;
  if (stopped > std::max(kLeast, entry.every + entry.every / 2)) {
    const Duration told = std::min(stopped, kMost);
    const auto rounds = std::max<Duration::rep>(told / entry.every, 1);
    RoundResult gap = gap_of(entry, 0, static_cast<std::uint64_t>(rounds), told);
    gap.tried = false;
    gap.error = Error{ErrorCode::system, "the monitor did not run", 0, {}};
    tell(gap, entry.target, board_.on_stop(gap, ended));
  }
}

/// Rounds that this end did not run, the last of them with this number, and how long until now.
RoundResult Monitor::gap_of(const monitor::Board::Entry& entry, std::uint64_t number,
                            std::uint64_t rounds, Duration length) const {
  RoundResult gap;
  gap.target = entry.target.id;
  gap.number = number;
  gap.rounds = rounds;
  gap.length = length;
  gap.start = clock_.unix_now() - gap.length;
  return gap;
}

void Monitor::tell_gap(const monitor::Board::Entry& entry, std::uint64_t number,
                       std::uint64_t rounds, Duration length, const char* why) {
  RoundResult gap = gap_of(entry, number, rounds, length);
  gap.error = Error{ErrorCode::system, why, 0, {}};
  tell_round(gap, entry);
}

}  // namespace udperf::app
