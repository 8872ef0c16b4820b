#include <csignal>
#include <future>
#include <optional>
#include <thread>
#include <utility>

#include "app/commands/commands.hpp"
#include "app/commands/measurement.hpp"
#include "app/last_resort.hpp"
#include "app/options/commands.hpp"
#include "app/options/rules.hpp"
#include "app/output/log.hpp"
#include "app/output/render.hpp"
#include "app/output/server_reporter.hpp"
#include "crypto/crypto.hpp"

namespace udperf::app {
namespace {

engine::ServerOptions server_options(const engine::ClientOptions& client, std::uint16_t port) {
  engine::ServerOptions options;
  options.bind = IpAddress::loopback(client.family.value_or(IpFamily::v4));
  options.port = port;
  options.buffer = client.buffer;
  options.spin = client.spin;
  options.realtime = client.realtime;
  options.key = client.key;
  options.one_off = true;
  return options;
}

/// A server in a thread of its own, from its construction until it is destroyed.
class BackgroundServer {
 public:
  BackgroundServer(const engine::ServerOptions& options, const Clock& clock, Log& log)
      : reporter_(log, {}, [this](const Endpoint& local) { ready_.set_value(local); }),
        thread_([this, options, &clock] { serve(options, clock); }) {}
  BackgroundServer(const BackgroundServer&) = delete;
  BackgroundServer& operator=(const BackgroundServer&) = delete;
  ~BackgroundServer() { static_cast<void>(end()); }

  /// Ends it; returns why it ended before it was to, where it did.
  std::optional<Error> end() {
    if (thread_.joinable()) {
      stop_.request(SIGTERM);
      thread_.join();
    }
    return problem_;
  }

  /// Waits until packets can arrive, or for the reason why they never will.
  [[nodiscard]] Result<Endpoint> wait_ready() { return ready_.get_future().get(); }

 private:
  void serve(const engine::ServerOptions& options, const Clock& clock) {
    try {
      const auto served = engine::run_server(options, clock, random_, reporter_, stop_);
      fail(served ? Error{ErrorCode::internal, "the server ended before it was ready", 0, {}}
                  : served.error());
    } catch (const std::exception& problem) {  // no memory, or no thread: the client is told
      problem_ = error_of(problem);
      fail(*problem_);
    }
  }

  /// For who still waits for ready; without effect where it had been.
  void fail(const Error& error) {
    try {
      ready_.set_value(tl::unexpected<Error>{error});
    } catch (const std::future_error&) {  // it had been ready, which is the rule
    }
  }

  crypto::SystemRandom random_;
  engine::StopToken stop_;
  std::promise<Result<Endpoint>> ready_;
  std::optional<Error> problem_;  ///< of the thread, until that has been joined
  ServerReporter reporter_;
  std::thread thread_;  // last: everything it uses exists when it starts
};

}  // namespace

Invocation make_loopback(const Arguments& arguments) {
  LoopbackCommand command;
  if (auto problem = apply_client_options(Command::loopback, arguments.options, command.client)) {
    return UsageError{*std::move(problem)};
  }
  if (is_given(arguments.options, "port")) {
    command.server_port = command.client.options.port;
  }
  return command;
}

int run_command(const LoopbackCommand& command) {
  return run_measurement(command.client, [&command](const TestSetting& setting) {
    BackgroundServer server{server_options(setting.options, command.server_port), setting.clock,
                            setting.log};
    const auto ready = server.wait_ready();
    if (!ready) {
      return failed_outcome(ready.error(), setting.options, setting.clock.unix_now());
    }
    engine::ClientOptions options = setting.options;
    options.host = ready->address.to_string();
    options.port = ready->port;
    TestOutcome outcome =
        engine::run_client(options, setting.clock, setting.random, setting.observer, setting.stop);
    if (const auto problem = server.end(); problem && outcome.error) {
      outcome.error = problem;  // not that nobody answers
    }
    return outcome;
  });
}

}  // namespace udperf::app
