#include <fcntl.h>

#include <cstdio>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "app/commands/commands.hpp"
#include "app/exit_code.hpp"
#include "app/monitor/server_metrics.hpp"
#include "app/options/commands.hpp"
#include "app/options/rules.hpp"
#include "app/output/files.hpp"
#include "app/output/log.hpp"
#include "app/output/render.hpp"
#include "app/output/server_reporter.hpp"
#include "app/protocols_server.hpp"
#include "app/signals.hpp"
#include "clock/system_clock.hpp"
#include "crypto/crypto.hpp"
#include "os/descriptor_limit.hpp"

namespace udperf::app {
namespace {

/// Everything that the options name, opened before the server starts.
struct ServerFiles {
  Log log;
  OutputFile out;
  std::optional<OutputFile> jsonl;
  std::optional<PidFile> pid_file;
  os::Fd ready;
  std::optional<crypto::Key> key;

  [[nodiscard]] ServerReporter::Outputs outputs(const ServerCommand& command) {
    const bool text = command.jsonl != "-";
    return {text ? &out : nullptr, jsonl ? &*jsonl : nullptr};
  }
};

Result<os::Fd> open_ready(const ServerCommand& command) {
  if (!command.ready_fd) {
    return os::Fd{};
  }
  const int mode = ::fcntl(*command.ready_fd, F_GETFL);
  if (mode < 0 || (mode & O_ACCMODE) == O_RDONLY) {
    return tl::unexpected<Error>{Error{ErrorCode::usage,
                                       "--ready-fd " + std::to_string(*command.ready_fd) +
                                           ": is not a descriptor that is open for writing",
                                       0,
                                       {}}};
  }
  return os::Fd{*command.ready_fd};
}

/// The files that come second: what may be missing or wrong in them is said through `files`.
Result<void> open_more(const ServerCommand& command, ServerFiles& files) {
  if (command.key_file) {
    auto key = read_key_file(*command.key_file);
    if (!key) {
      return tl::unexpected<Error>{key.error()};
    }
    files.key = *key;
  }
  if (command.jsonl) {
    auto jsonl = OutputFile::open(command.jsonl, "--jsonl", OutputFile::Mode::unhurried);
    if (!jsonl) {
      return tl::unexpected<Error>{jsonl.error()};
    }
    files.jsonl = *std::move(jsonl);
  }
  if (command.pid_file) {
    auto pid_file = PidFile::create(*command.pid_file);
    if (!pid_file) {
      return tl::unexpected<Error>{pid_file.error()};
    }
    files.pid_file = *std::move(pid_file);
  }
  return {};
}

Result<ServerFiles> open_files(const ServerCommand& command, const Clock& clock) {
  // Before any other: one that nobody opened would get the number of a file of ours.
  auto ready = open_ready(command);
  if (!ready) {
    return tl::unexpected<Error>{ready.error()};
  }
  auto log = Log::open(command.log, clock);
  if (!log) {
    return tl::unexpected<Error>{log.error()};
  }
  auto out = OutputFile::open(std::nullopt, "stdout", OutputFile::Mode::unhurried);
  if (!out) {
    return tl::unexpected<Error>{out.error()};
  }
  ServerFiles files{*std::move(log), *std::move(out),   std::nullopt,
                    std::nullopt,    *std::move(ready), {}};
  if (const auto more = open_more(command, files); !more) {
    return tl::unexpected<Error>{more.error()};
  }
  return files;
}

/// The ready line, then the descriptor is closed: who waits for the end of the file sees it, too.
void tell_ready(ServerFiles& files, const Endpoint& local,
                const ServerReporter::Services& services) {
  if (!files.ready) {
    return;
  }
  if (const auto done = write_all(files.ready.get(), ready_event(local, services), "--ready-fd");
      !done) {
    files.log.error(done.error().message());
  }
  if (files.ready.get() > 2) {
    const os::Fd closed = std::move(files.ready);
  }
}

/// Nothing where nobody asked for metrics.
Result<std::unique_ptr<ServerMetrics>> open_metrics(const ServerCommand& command,
                                                    ServerReporter& reporter,
                                                    engine::StopToken& stop) {
  if (!command.metrics) {
    return nullptr;
  }
  auto metrics = ServerMetrics::open(*command.metrics, reporter, stop);
  if (metrics) {
    reporter.on_service_ready("metrics", (*metrics)->local());
  }
  return metrics;
}

/// The metrics, as far as a thread that outlives them may know of them.
class ShownMetrics {
 public:
  /// Waits for who is just using them; null hides them.
  void show(ServerMetrics* metrics) {
    const std::lock_guard lock{mutex_};
    metrics_ = metrics;
  }
  void counters_asked_for() {
    const std::lock_guard lock{mutex_};
    if (metrics_ != nullptr) {
      metrics_->counters_asked_for();
    }
  }

 private:
  std::mutex mutex_;
  ServerMetrics* metrics_ = nullptr;
};

/// The answer to SIGUSR1.
void tell_counters(ServerReporter& reporter, ShownMetrics& metrics, engine::StopToken& stop) {
  reporter.log_tally();
  metrics.counters_asked_for();
  stop.request_counters();
}

int server_exit_code(const Result<void>& served, const ServerReporter& reporter,
                     const ServerCommand& command, int signal) {
  if (!served) {
    return exit_code(served.error().code);
  }
  if (reporter.write_failed()) {
    return exit_internal;
  }
  if (signal != 0) {
    return exit_code_of_signal(signal);
  }
  const bool cut_short = command.options.one_off && reporter.last_status() &&
                         *reporter.last_status() != TestStatus::complete;
  return cut_short ? exit_cut_short : exit_ok;
}

}  // namespace

Invocation make_server(const Arguments& arguments) {
  ServerCommand command;
  Problem problem = apply_options(Command::server, arguments.options, command);
  if (!problem) {
    problem = check_options(Command::server, arguments.options, command);
  }
  return problem ? Invocation{UsageError{*std::move(problem)}} : Invocation{std::move(command)};
}

int run_command(const ServerCommand& command) {
  const SystemClock clock;
  auto files = open_files(command, clock);
  if (!files) {
    return report_failure(files.error());
  }
  ServerReporter reporter{files->log, files->outputs(command),
                          [&files, &reporter](const Endpoint& local) {
                            tell_ready(*files, local, reporter.services());
                          }};
  files->log.wait_for_nobody();
  engine::StopToken stop;
  ShownMetrics shown;
  const SignalWatcher signals{stop, [&] { tell_counters(reporter, shown, stop); },
                              [&reporter] { reporter.reopen(); }};
  const auto metrics = open_metrics(command, reporter, stop);
  if (!metrics) {
    return report_failure(metrics.error());
  }
  shown.show(metrics->get());
  os::raise_descriptor_limit();
  engine::ServerOptions options = command.options;
  options.key = files->key;
  options.data_on_port = has_data_on_port(command);
  crypto::SystemRandom random;

  engine::ServerObserver& observer =
      *metrics ? static_cast<engine::ServerObserver&>(**metrics) : reporter;
  const auto served =
      engine::run_server(options, clock, random, observer, stop,
                         wanted_services({command, options, clock, random, observer}));

  reporter.finish();
  shown.show(nullptr);  // signals may still come when they are gone
  if (!served) {
    files->log.error(served.error().message());
  }
  files->log.finish();
  return server_exit_code(served, reporter, command, stop.signal());
}

}  // namespace udperf::app
