#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "base/endpoint.hpp"
#include "support/spawn.hpp"

namespace udperf::test {

/// Limits that are part of a promise are given for a plain build; sanitized code gets more.
[[nodiscard]] std::chrono::milliseconds patience(std::chrono::milliseconds plain);

/// Keeps a test from hanging. No verdict depends on it, so it is far longer than anything takes, on
/// two processors that forty threads want, too.
inline constexpr std::chrono::milliseconds kGuard =
    std::chrono::seconds{180} * UDPERF_TEST_TIME_FACTOR;

/// Starts udperf with these arguments. Fails the test when it cannot be started.
[[nodiscard]] Process start_udperf(std::vector<std::string> arguments,
                                   const SpawnOptions& options = {});

/// Runs udperf to its end; fails the test when there is none within kGuard.
[[nodiscard]] Finished run_udperf(std::vector<std::string> arguments);

/// The same, and checks that it took no longer than `limit`, which is a promise.
[[nodiscard]] Finished run_within(std::chrono::milliseconds limit,
                                  std::vector<std::string> arguments);

/// A running `udperf server` on a port of the kernel's choice.
class Server {
 public:
  /// Returns when the server has said that it is ready; fails the test when it does not.
  explicit Server(IpFamily family = IpFamily::v4, const std::vector<std::string>& more = {});

  /// The same on all IPv4 addresses of this host; endpoint() is 127.0.0.1's.
  [[nodiscard]] static Server on_all_addresses(const std::vector<std::string>& more = {});

  /// The same, started by another program that gets its command line, e.g. a shell that sets a
  /// limit.
  [[nodiscard]] static Server under(const std::vector<std::string>& starter,
                                    const std::vector<std::string>& more = {});

  [[nodiscard]] const Endpoint& endpoint() const { return endpoint_; }
  [[nodiscard]] Process& process() { return process_; }
  /// The ready event, as it was written to --ready-fd.
  [[nodiscard]] const nlohmann::json& ready() const { return ready_; }

 private:
  explicit Server(Process process);

  Process process_;
  nlohmann::json ready_;
  Endpoint endpoint_;
};

/// `client HOST --port PORT --json` and then `more`.
[[nodiscard]] std::vector<std::string> client_arguments(const Endpoint& server,
                                                        const std::vector<std::string>& more = {});

/// The one document on stdout; fails the test when it is not strict JSON or breaks a rule of
/// docs/result.schema.json, whatever way the run ended.
[[nodiscard]] nlohmann::json document_of(const Finished& finished);
/// Runs a client against `server`, REQUIREs that all went well, and returns its document.
[[nodiscard]] nlohmann::json complete_document(const Endpoint& server,
                                               const std::vector<std::string>& more);

/// What was lost in the sockets of the two hosts, in packets, as a direction of a result has it.
[[nodiscard]] std::int64_t lost_in_hosts(const nlohmann::json& direction);

/// Checks everything that holds of every direction of every result: both identities, and that the
/// intervals add up to the totals.
void check_books(const nlohmann::json& direction);

/// A port of 127.0.0.1 at which nobody listens, and which the kernel gives to nobody who leaves the
/// choice to it. No two calls of this machine's tests get the same one.
[[nodiscard]] std::uint16_t unused_port();

}  // namespace udperf::test
