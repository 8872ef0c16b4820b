#pragma once

#include <atomic>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "e2e/program.hpp"
#include "net/tcp.hpp"
#include "support/relay.hpp"
#include "support/spawn.hpp"

namespace udperf::test {

/// The stock program: $UDPERF_IPERF3, for another than the one in PATH.
[[nodiscard]] std::string stock_iperf3();
/// The y of its version 3.y; -1 where that cannot be told.
[[nodiscard]] int stock_version();
/// Whether it was built with OpenSSL; says so where it was not.
[[nodiscard]] bool stock_knows_users();

/// Whether it is there; says so where it is not.
[[nodiscard]] bool has_iperf3();

/// Every path to a value of a document; places in lists are alike.
[[nodiscard]] std::set<std::string> paths_of(const nlohmann::json& value);

using Words = std::vector<std::string>;

[[nodiscard]] Words with(Words words, const Words& more);
/// The command line of a client, ours or a stock one, that sends 1 Mb/s for a second.
[[nodiscard]] Words iperf3_client(const std::string& program, const std::string& port,
                                  const Words& more);
/// Runs a command line to its end.
[[nodiscard]] Finished run_words(const Words& words, const SpawnOptions& options = {});

/// `udperf iperf3 -s` on a port that was free.
struct OwnServer {
  explicit OwnServer(const Words& more = {});
  std::string port;
  Process process;
};

/// A running `iperf3 -s`.
class StockServer {
 public:
  explicit StockServer(const std::vector<std::string>& more = {});

  [[nodiscard]] const std::string& port() const { return port_; }
  [[nodiscard]] Endpoint endpoint() const;
  [[nodiscard]] Process& process() { return process_; }
  /// Waits until it listens for a client, the first or the one after the last. To be called before
  /// each: a server that still has the last one, or is opening its port anew, takes none.
  void await_turn();

 private:
  std::string port_;
  Process process_;
  std::size_t turns_ = 0;
};

/// A UDP relay and, on the same number, TCP that is passed on as it is.
class Iperf3Relay {
 public:
  Iperf3Relay(const Endpoint& server, const RelayScript& script);
  ~Iperf3Relay();
  Iperf3Relay(const Iperf3Relay&) = delete;
  Iperf3Relay& operator=(const Iperf3Relay&) = delete;

  [[nodiscard]] std::string port() const { return std::to_string(relay_.endpoint().port); }
  [[nodiscard]] Relay& udp() { return relay_; }

 private:
  void forward(const Endpoint& server);

  Relay relay_;
  std::unique_ptr<net::TcpListener> listener_;
  std::atomic<bool> stop_{false};
  std::thread thread_;
};

}  // namespace udperf::test
