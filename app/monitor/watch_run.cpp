#include "app/monitor/watch_run.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <csignal>
#include <cstdio>
#ifdef __GLIBC__
#include <malloc.h>
#endif
#include <thread>

#include "app/exit_code.hpp"
#include "app/monitor/expand.hpp"
#include "app/monitor/routes.hpp"
#include "app/signals.hpp"
#include "clock/system_clock.hpp"
#include "os/descriptor_limit.hpp"

namespace udperf::app {
namespace {

constexpr Duration kRefreshEvery = std::chrono::seconds{60};
constexpr Duration kLookEvery = std::chrono::seconds{5};

/// Reads targets anew once a minute, when a file of file_sd has changed and after SIGHUP: on a
/// thread of its own, since names may take their time.
class Refresher {
 public:
  Refresher(Monitor& monitor, MonitorSetup setup, const Clock& clock, Log& log,
            const engine::StopToken& stop)
      : monitor_(monitor), setup_(std::move(setup)), clock_(clock), log_(log), stop_(stop) {
    refresh();  // the first time before anything else
    thread_ = std::thread{[this] { work(); }};
  }
  Refresher(const Refresher&) = delete;
  Refresher& operator=(const Refresher&) = delete;
  ~Refresher() { thread_.join(); }

  /// From any thread: the answer to SIGHUP.
  void reload() {
    reload_ = true;
    wake_.raise();
  }

 private:
  void work() {
    MonoTime next = clock_.now() + kRefreshEvery;
    FileMarks seen = marks_of(setup_.file_sd);
    while (!stop_.requested()) {
      const std::array<int, 2> fds{stop_.wait_fd(), wake_.fd()};
      os::wait_readable(fds, kLookEvery);
      wake_.take();
      const bool reload = reload_.exchange(false);
      if (reload) {
        read_again();
      }
      FileMarks now_there = marks_of(setup_.file_sd);
      if (reload || now_there != seen || clock_.now() >= next) {
        seen = std::move(now_there);
        next = clock_.now() + kRefreshEvery;
        refresh();
      }
    }
  }

  void refresh() {
    std::vector<std::string> problems;
    auto targets = expand_targets(setup_, stop_, last_, problems);
    for (monitor::Target& target : without_address(setup_, last_)) {
      targets.push_back(std::move(target));
    }
    for (std::string& line : unmatched(setup_.file_sd)) {
      problems.push_back(std::move(line));
    }
    for (const std::string& problem : problems) {
      if (std::find(told_.begin(), told_.end(), problem) == told_.end()) {  // once
        log_.warning(problem);
      }
    }
    told_ = std::move(problems);
    if (!stop_.requested()) {
      monitor_.set_targets(targets, told_);
    }
  }

  /// A configuration with a mistake is refused as a whole.
  void read_again() {
    std::vector<std::string> errors;
    auto setup = make_setup(setup_.asked, errors);
    if (!setup) {
      for (const std::string& error : errors) {
        log_.error(error);
      }
      log_.error("the configuration has mistakes: the one before stays");
      monitor_.count_refused_setup();
      return;
    }
    setup_ = *setup;
    monitor_.set_setup(*std::move(setup));
    log_.info("the configuration was read again");
  }

  Monitor& monitor_;
  MonitorSetup setup_;
  const Clock& clock_;
  Log& log_;
  const engine::StopToken& stop_;
  LastTargets last_;
  std::vector<std::string> told_;  ///< what is wrong, as of the last time
  os::Event wake_;
  std::atomic<bool> reload_{false};
  std::thread thread_;
};

Result<MonitorSinks> open_sinks(const MonitorCommand& command, const Clock& clock, Log& log,
                                engine::StopToken& stop) {
  MonitorSinks sinks;
  const std::string file = command.history.value_or(default_history());
  const auto say = [&log](const std::string& text) { log.error(text); };
  auto history = History::open(file, command.retention, clock, say);
  if (history) {
    sinks.history = *std::move(history);
  } else if (history.error().code == ErrorCode::usage) {  // what it is will not change
    return tl::unexpected{history.error()};
  } else {
    log.warning("the history cannot be opened, and is tried again each minute: " +
                history.error().message() + "; see --history");
    sinks.history = History::open_later(file, command.retention, clock, say);
  }
  if (command.jsonl) {
    auto lines = LineWriter::open(
        *command.jsonl,
        {[&log](const std::string& text) { log.error(text); }, [&stop] { stop.request(SIGPIPE); }});
    if (!lines) {
      return tl::unexpected{lines.error()};
    }
    sinks.jsonl = *std::move(lines);
  }
  if (command.exec) {
    if (!ExecHook::is_program(*command.exec)) {
      return tl::unexpected{ExecHook::no_program(*command.exec)};
    }
    sinks.exec = std::make_unique<ExecHook>(*command.exec,
                                            [&log](const std::string& text) { log.warning(text); });
  }
  return sinks;
}

void watch(Monitor& monitor, const Clock& clock, const engine::StopToken& stop) {
  while (!stop.requested()) {
    const MonoTime now = clock.now();
    const MonoTime next = monitor.step(now);
    const std::array<int, 2> fds{stop.wait_fd(), monitor.wake_fd()};
    os::wait_readable(fds, std::max(next - clock.now(), Duration{0}));
  }
}

/// What SIGHUP does, while there is something to do it to.
class Hangup {
 public:
  explicit Hangup(Log& log) : log_(log) {}

  void begin(Monitor& monitor, Refresher& refresher) {
    const std::lock_guard lock{mutex_};
    monitor_ = &monitor;
    refresher_ = &refresher;
    if (early_) {
      react_now();
    }
  }
  void end() {
    const std::lock_guard lock{mutex_};
    monitor_ = nullptr;
    refresher_ = nullptr;
  }
  void react() {
    const std::lock_guard lock{mutex_};
    early_ = monitor_ == nullptr;  // then what was read already may be old
    if (!early_) {
      react_now();
    }
  }

 private:
  /// With the lock held.
  void react_now() {
    if (const auto done = log_.reopen(); !done) {
      log_.error(done.error().message());
    }
    monitor_->reopen();
    refresher_->reload();
  }

  Log& log_;
  std::mutex mutex_;
  Monitor* monitor_ = nullptr;
  Refresher* refresher_ = nullptr;
  bool early_ = false;
};

/// A long answer goes back to the system when it was given: after the first that is freed, the C
/// library would keep the next ones in the heaps of the threads that made them. Of these heaps
/// there are few: what one thread has left is of use to the next.
void return_long_answers() {
#ifdef __GLIBC__
  constexpr int kLong = 256 << 10;
  constexpr int kHeaps = 2;
  ::mallopt(M_MMAP_THRESHOLD, kLong);
  ::mallopt(M_ARENA_MAX, kHeaps);
#endif
}

/// A monitor that only this host can ask is not for the pages that its browsers show. Who has a
/// password, or can be asked by others, is called by any name.
HttpServer::Names names_of(const MonitorCommand& command, const WebConfig& web_config) {
  const bool own = command.listen.address.is_loopback() && web_config.users.empty();
  return own ? HttpServer::Names{command.host_names} : std::nullopt;
}

/// Where the page is, for a person and for who reads stdout, unless that has JSON lines.
void tell_address(const std::string& url, const MonitorCommand& command, Log& log) {
  log.info("page and metrics at " + url);
  if (!command.jsonl || *command.jsonl != "-") {
    std::printf("%s\n", url.c_str());
    std::fflush(stdout);
  }
}

int watch_targets(MonitorSetup setup, const Clock& clock, Log& log) {
  engine::StopToken stop;
  Hangup hangup{log};
  const SignalWatcher signals{stop, {}, [&hangup] { hangup.react(); }};
  os::raise_descriptor_limit();
  const MonitorCommand command = setup.command;
  const auto web_config = read_web_config(command.web_config);
  if (!web_config) {
    return report_failure(web_config.error());
  }
  auto sinks = open_sinks(command, clock, log, stop);
  if (!sinks) {
    return report_failure(sinks.error());
  }
  Monitor monitor{setup, *std::move(sinks), clock, log};
  Routes routes{monitor, clock};
  auto server = HttpServer::open(
      command.listen, *web_config,
      [&routes](const HttpRequest& request) { return routes.answer(request); },
      names_of(command, *web_config));
  if (!server) {
    return report_failure(server.error());
  }
  Refresher refresher{monitor, std::move(setup), clock, log, stop};
  hangup.begin(monitor, refresher);
  tell_address((*server)->url(), command, log);
  watch(monitor, clock, stop);
  hangup.end();
  monitor.feed().end();
  routes.end();
  server->reset();
  return exit_code_of_signal(stop.signal());
}

}  // namespace

int run_watch(MonitorSetup setup) {
  return_long_answers();
  const SystemClock clock;
  auto log = Log::open(setup.command.log, clock);
  if (!log) {
    return report_failure(log.error());
  }
  log->wait_for_nobody();
  const int status = watch_targets(std::move(setup), clock, *log);
  log->finish();
  return status;
}

}  // namespace udperf::app
