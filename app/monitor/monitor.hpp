#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "app/monitor/exec_hook.hpp"
#include "app/monitor/history.hpp"
#include "app/monitor/light_source.hpp"
#include "app/monitor/line_writer.hpp"
#include "app/monitor/live_feed.hpp"
#include "app/monitor/metrics.hpp"
#include "app/monitor/round_source.hpp"
#include "app/monitor/setup.hpp"
#include "app/output/log.hpp"
#include "monitor/board.hpp"
#include "monitor/json.hpp"
#include "monitor/schedule.hpp"
#include "os/event.hpp"

namespace udperf::app {

/// What a round is told to, beside the board.
struct MonitorSinks {
  std::unique_ptr<History> history;
  std::unique_ptr<LineWriter> jsonl;
  std::unique_ptr<ExecHook> exec;
};

/// Watches targets: gives rounds their time, takes what comes of them and tells everybody. One
/// thread calls step(); what reads may come from any thread.
class Monitor {
 public:
  Monitor(MonitorSetup setup, MonitorSinks sinks, const Clock& clock, Log& log);
  Monitor(const Monitor&) = delete;
  Monitor& operator=(const Monitor&) = delete;
  /// Ends what runs; what was measured until then is told.
  ~Monitor();

  /// Begins the rounds that are due; returns when to be called next at the latest.
  [[nodiscard]] MonoTime step(MonoTime now);
  /// Who is to be watched from now on: the answer of expand_targets(), and what was wrong then.
  void set_targets(const std::vector<monitor::Target>& targets,
                   const std::vector<std::string>& problems = {});
  /// Another configuration; set_targets() follows.
  void set_setup(MonitorSetup setup);
  /// A configuration was refused.
  void count_refused_setup();
  /// Opens files anew that others may have moved away.
  void reopen();

  // From any thread:
  [[nodiscard]] std::string metrics() const;
  /// The board as the API shows it: {"targets":[...],"events":[...]}
  [[nodiscard]] std::string targets_json() const;
  struct ProbeTarget {
    RoundTest test;
    bool allowed = false;
    bool module_known = false;
    bool heavy = false;
    monitor::Limits limits;
  };
  /// What /probe runs for this target and module, and whether it may.
  [[nodiscard]] ProbeTarget probe_target(const monitor::TargetAddress& address,
                                         const std::string& name, const std::string& module) const;
  [[nodiscard]] bool knows(const std::string& target) const;
  [[nodiscard]] const History* history() const { return sinks_.history.get(); }
  [[nodiscard]] LiveFeed& feed() { return feed_; }
  void count_probe();
  /// Of heavy rounds one runs at a time, probes included: false while one does.
  [[nodiscard]] bool begin_heavy_probe();
  void end_heavy_probe();
  /// Readable when step() has something to do sooner than it said.
  [[nodiscard]] int wake_fd() const { return wake_.fd(); }

 private:
  using Key = std::pair<std::uint64_t, std::uint64_t>;  ///< target and number of a round

  void assign(const monitor::Board::Entry& entry);
  void take(monitor::RoundResult round);
  void take_light();
  const monitor::Board::Entry* record(const monitor::RoundResult& round);
  void begin(const monitor::DueRound& due, MonoTime now);
  void tell(const monitor::RoundResult& round, const monitor::Target& target,
            const std::vector<monitor::Event>& events);
  void write_line(const char* event, UnixTime time, monitor::Json data);
  void tell_gap(const monitor::Board::Entry& entry, std::uint64_t number, std::uint64_t rounds,
                Duration length, const char* why);
  void tell_round(const monitor::RoundResult& round, const monitor::Board::Entry& entry);
  [[nodiscard]] monitor::RoundResult gap_of(const monitor::Board::Entry& entry,
                                            std::uint64_t number, std::uint64_t rounds,
                                            Duration length) const;
  void tell_stop(const monitor::Board::Entry& entry, UnixTime ended);
  [[nodiscard]] std::size_t in_flight(std::uint64_t target) const;
  void watch_clocks(MonoTime now);
  [[nodiscard]] MonitorCounters counters() const;
  [[nodiscard]] std::vector<std::uint64_t> ids() const;
  [[nodiscard]] std::vector<std::string> problems() const;
  [[nodiscard]] const monitor::TargetAddress* configured(const monitor::TargetAddress& address,
                                                         const std::string& name,
                                                         const MonitorModule& module) const;

  const Clock& clock_;
  Log& log_;
  MonitorSetup setup_;
  MonitorSinks sinks_;
  mutable std::mutex mutex_;  ///< of all that follows but for the feed
  monitor::Board board_;
  monitor::RoundSchedule schedule_;
  /// What this host's clocks have told.
  struct HostClocks {
    monitor::SleepWatch sleep;
    monitor::StepWatch step;
    MonoTime woke;  ///< rounds that were due before and still run saw a sleep
  };
  HostClocks host_clocks_;
  struct Flying {
    MonoTime begun;
    Duration stood_still;  ///< this host, until then
  };
  std::map<Key, Flying> flying_;
  std::set<std::uint64_t> outdated_;   ///< run what their module was before
  std::vector<std::string> problems_;  ///< of names and files, as of the last time
  std::uint64_t lines_ = 0;
  bool behind_ = false;  ///< rounds were left out for want of threads, which was said
  bool ending_ = false;  ///< what is cut short now says nothing about its target
  MonitorCounters counted_;
  mutable std::size_t metrics_bytes_ = 0;  ///< that /metrics may have next
  LiveFeed feed_;
  os::Event wake_;
  // Last: their threads use the rest.
  std::unique_ptr<RoundSource> source_;
  std::unique_ptr<LightSource> light_;  ///< of the targets that the schedule does not have
};

}  // namespace udperf::app
