#pragma once

#include <functional>

#include "app/cli.hpp"
#include "crypto/crypto.hpp"
#include "engine/client_run.hpp"

namespace udperf::app {

/// What a test runs with: `options` have their key, the rest belongs to the process.
struct TestSetting {
  const engine::ClientOptions& options;
  const Clock& clock;
  RandomSource& random;
  engine::ClientObserver& observer;
  const engine::StopToken& stop;
  class Log& log;
};

using TestRunner = std::function<TestOutcome(const TestSetting&)>;

/// All that `client` and `loopback` share: opens the log, the output and the key, runs the test by
/// `runner`, prints its result in the format asked for, and works out the exit status.
[[nodiscard]] int run_measurement(const ClientCommand& command, const TestRunner& runner);

/// Says on stderr, and on stdout where the format promises a document, why nothing was run.
/// `stop`: as for OutputFile::open().
[[nodiscard]] int report_failure(const Error& error, const ClientCommand& command,
                                 const engine::StopToken* stop = nullptr);

}  // namespace udperf::app
