#include "app/monitor/once_run.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <memory>
#include <mutex>
#include <optional>

#include <nlohmann/json.hpp>

#include "app/exit_code.hpp"
#include "app/monitor/expand.hpp"
#include "app/monitor/history.hpp"
#include "app/monitor/pool_source.hpp"
#include "app/options/rules.hpp"
#include "app/output/files.hpp"
#include "app/signals.hpp"
#include "clock/system_clock.hpp"
#include "monitor/json.hpp"
#include "monitor/once.hpp"
#include "os/descriptor_limit.hpp"
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

/// What failed says more than a round that was completed and is not good enough.
int worse_of(int before, int code) {
  return before == exit_ok || (before == exit_threshold && code != exit_ok) ? code : before;
}

int exit_code_of(const std::vector<OnceRow>& rows) {
  int worst = exit_ok;
  for (const OnceRow& row : rows) {
    worst = worse_of(worst, exit_code_of(row));
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
          if (rows_[i].round.error || module_of(i).timing.heavy != heavy) {
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

/// Names of which nobody knows an address: nothing was measured of them, and that is no success.
void add_unknown(const MonitorSetup& setup, const LastTargets& last, UnixTime now,
                 std::vector<OnceRow>& rows) {
  for (const monitor::TargetConfig& config : setup.targets) {
    const auto why = last.unknown.find(config.address.host);
    if (config.dns && why != last.unknown.end()) {
      OnceRow& row = rows.emplace_back(
          OnceRow{{0, config.name, config.address, config.module, config.labels}, {}, {}});
      row.round.start = now;
      row.round.status = RoundStatus::failed;
      row.round.error = why->second;
    }
  }
}

void say(const std::string& text) {
  std::fprintf(stderr, "udperf: %s\n", text.c_str());
}

/// What the command line names beside the table. A configuration's files are those of the monitor
/// that runs all the time.
class OnceSinks {
 public:
  static Result<OnceSinks> open(const MonitorCommand& asked, const Clock& clock) {
    OnceSinks sinks;
    if (asked.jsonl) {
      auto lines = OutputFile::open(asked.jsonl, "--jsonl", OutputFile::Mode::append);
      if (!lines) {
        return tl::unexpected{lines.error()};
      }
      sinks.lines_.emplace(*std::move(lines));
    }
    if (asked.history) {
      // A configuration may keep more in that file than the usual times.
      auto history = is_given(asked.given, "retention")
                         ? History::open(*asked.history, asked.retention, clock, say)
                         : History::open_to_add(*asked.history, clock, say);
      if (!history) {
        return tl::unexpected{history.error()};
      }
      sinks.history_ = *std::move(history);
    }
    return sinks;
  }

  /// False, and said why, where not all of it could be written.
  [[nodiscard]] bool take(const std::vector<OnceRow>& rows, UnixTime now) {
    std::string text;
    std::uint64_t number = 0;
    for (const OnceRow& row : rows) {
      if (row.round.start == UnixTime{}) {
        continue;  // it was interrupted before
      }
      if (lines_) {
        text += monitor::json_line("round", now, number++, to_json(row.round, row.target));
      }
      if (history_) {
        history_->put(row.target, row.round);
      }
    }
    const auto done = lines_ ? lines_->write(text) : Result<void>{};
    if (!done) {
      say(done.error().message());
    }
    return History::end(std::move(history_)) == 0 && done;
  }

 private:
  std::optional<OutputFile> lines_;
  std::unique_ptr<History> history_;
};

/// Whether the table, or the document in its place, was written.
[[nodiscard]] bool print(const MonitorCommand& command, const std::vector<OnceRow>& rows) {
  if (command.jsonl == "-" && !command.json) {
    return true;  // stdout has the lines
  }
  return print_to_stdout(command.json ? once_json(rows) : once_table(rows)) == exit_ok;
}

}  // namespace

int run_once(const MonitorSetup& setup) {
  engine::StopToken stop;
  const SignalWatcher signals{stop};
  os::raise_descriptor_limit();
  const SystemClock clock;
  if (setup.asked.json && setup.asked.jsonl == "-") {
    return report_failure(usage_error("--json and --jsonl - cannot both have stdout").value());
  }
  auto sinks = OnceSinks::open(setup.asked, clock);
  if (!sinks) {
    return report_failure(sinks.error());
  }
  LastTargets last;
  std::vector<std::string> problems;
  std::vector<OnceRow> rows;
  for (const monitor::Target& target : expand_targets(setup, stop, last, problems)) {
    rows.push_back(OnceRow{target, {}, {}});
  }
  const bool incomplete = problems.size() > last.unknown.size() ||  // those have rows
                          lacks_file(setup.file_sd);
  add_unknown(setup, last, clock.unix_now(), rows);
  for (std::string& line : unmatched(setup.file_sd)) {
    problems.push_back(std::move(line));
  }
  std::for_each(problems.begin(), problems.end(), say);
  if (rows.empty()) {
    say("there is no target to measure");
    return exit_usage;
  }
  OnceRounds{setup, rows}.run(stop);
  const bool written = sinks->take(rows, clock.unix_now());
  if (!print(setup.asked, rows) || !written) {
    return exit_internal;
  }
  return stop.requested() ? exit_code_of_signal(stop.signal())
                          : worse_of(exit_code_of(rows), incomplete ? exit_usage : exit_ok);
}

}  // namespace udperf::app
