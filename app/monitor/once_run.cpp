#include "app/monitor/once_run.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <mutex>

#include "app/exit_code.hpp"
#include "app/files.hpp"
#include "app/monitor/expand.hpp"
#include "app/monitor/pool_source.hpp"
#include "app/signals.hpp"
#include "clock/system_clock.hpp"
#include "monitor/once.hpp"
#include "net/udp_port.hpp"
#include "os/event.hpp"

namespace udperf::app {
namespace {

using monitor::OnceRow;
using monitor::RoundStatus;

int exit_code_of(const OnceRow& row) {
  switch (row.round.status) {
    case RoundStatus::complete:
      return row.missed.empty() ? exit_ok : exit_threshold;
    case RoundStatus::cut_short:
      return exit_cut_short;
    case RoundStatus::unreachable:
      return exit_unreachable;
    case RoundStatus::refused:
      return exit_refused;
    case RoundStatus::failed:
    case RoundStatus::not_measured:
      break;
  }
  return row.round.error ? exit_code(row.round.error->code) : exit_internal;
}

/// A round that failed says more than one that was completed and is not good enough.
int exit_code_of(const std::vector<OnceRow>& rows) {
  int worst = exit_ok;
  for (const OnceRow& row : rows) {
    const int code = exit_code_of(row);
    if (worst == exit_ok || (worst == exit_threshold && code != exit_ok)) {
      worst = code;
    }
  }
  return worst;
}

/// The rounds of all targets, at once as far as the pool goes; heavy ones one after the other.
class OnceRounds {
 public:
  OnceRounds(const MonitorSetup& setup, std::vector<OnceRow>& rows) : setup_(setup), rows_(rows) {}

  void run(const engine::StopToken& stop) {
    {
      PoolSource source{clock_, [this](monitor::RoundResult round) { take(std::move(round)); }};
      std::size_t started = 0;
      for (const bool heavy : {false, true}) {
        for (std::size_t i = 0; i < rows_.size() && !stop.requested(); ++i) {
          if (module_of(i).timing.heavy != heavy) {
            continue;
          }
          source.start(
              {i, 1, clock_.now(), test_for(module_of(i), rows_[i].target.address), false});
          ++started;
          if (heavy) {
            wait_for(started, stop);
          }
        }
        wait_for(started, stop);
      }
    }
    for (std::size_t i = 0; i < rows_.size(); ++i) {
      rows_[i].missed = missed_limits(module_of(i).limits, rows_[i].round);
    }
  }

 private:
  const MonitorModule& module_of(std::size_t row) const {
    return setup_.modules.find(rows_[row].target.module)->second;
  }

  void take(monitor::RoundResult round) {
    const std::lock_guard lock{mutex_};
    rows_[round.target].round = std::move(round);
    ++done_;
    event_.raise();
  }

  void wait_for(std::size_t count, const engine::StopToken& stop) {
    const std::array<int, 2> fds{stop.wait_fd(), event_.fd()};
    while (!stop.requested()) {
      event_.take();
      {
        const std::lock_guard lock{mutex_};
        if (done_ >= count) {
          return;
        }
      }
      os::wait_readable(fds, std::chrono::seconds{1});
    }
  }

  const MonitorSetup& setup_;
  std::vector<OnceRow>& rows_;
  SystemClock clock_;
  os::Event event_;
  std::mutex mutex_;
  std::size_t done_ = 0;
};

}  // namespace

int run_once(const MonitorSetup& setup) {
  engine::StopToken stop;
  const SignalWatcher signals{stop};
  net::raise_descriptor_limit();
  LastTargets last;
  std::vector<std::string> problems;
  std::vector<OnceRow> rows;
  for (const monitor::Target& target : expand_targets(setup, stop, last, problems)) {
    rows.push_back(OnceRow{target, {}, {}});
  }
  for (const std::string& problem : problems) {
    std::fprintf(stderr, "udperf: %s\n", problem.c_str());
  }
  if (rows.empty()) {
    std::fprintf(stderr, "udperf: there is no target to measure\n");
    return problems.empty() ? exit_usage : exit_unreachable;
  }
  OnceRounds{setup, rows}.run(stop);
  const std::string text = setup.command.json ? once_json(rows) : once_table(rows);
  if (const int printed = print_to_stdout(text); printed != exit_ok) {
    return printed;
  }
  return stop.requested() ? exit_code_of_signal(stop.signal()) : exit_code_of(rows);
}

}  // namespace udperf::app
