#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/endpoint.hpp"
#include "base/random.hpp"
#include "clock/clock.hpp"
#include "crypto/crypto.hpp"
#include "engine/stop_token.hpp"
#include "engine/thread_scheduling.hpp"
#include "model/outcome.hpp"
#include "model/test_params.hpp"
#include "traffic/plan.hpp"
#include "traffic/profiles.hpp"

namespace udperf::engine {

/// What --profile means beside the parameters.
struct ProfileInput {
  const traffic::TraceInput* trace = nullptr;  ///< of trace:FILE
  std::vector<Warning> warnings;               ///< of that file, for the result
  bool ip_sizes = false;  ///< sizes are of IPv4 packets: IPv6 leaves 20 bytes less of each
  traffic::HeaderChoice header = traffic::HeaderChoice::fixed;  ///< of `ip_sizes`
};

/// What is known of each flow, and stands in the parameters for all of them: where some are silent,
/// the others send what they would have sent.
struct FlowOptions {
  bool rate_of_each = false;
  bool packets_of_each = false;
};

/// What `udperf client` was asked to do.
struct ClientOptions {
  std::string host = "127.0.0.1";  ///< name or address, with %scope for link-local
  std::uint16_t port = kDefaultPort;
  std::optional<IpFamily> family;           ///< -4, -6
  std::optional<IpAddress> bind;            ///< --bind
  std::string bind_device;                  ///< --bind-dev; empty: any network interface
  std::uint16_t local_port = 0;             ///< --local-port, of the first stream; 0 = any
  std::uint16_t last_local_port = 0;        ///< where a range was given; 0 = none was
  std::optional<FlowOptions> flows;         ///< each stream is judged by itself (docs/flows.md)
  std::optional<std::uint32_t> buffer;      ///< --buffer, payload bytes; absent = our default
  bool spin = false;                        ///< --spin: threads of a test never sleep
  Realtime realtime = Realtime::automatic;  ///< --realtime
  Duration connect_timeout = std::chrono::seconds{5};
  Duration wait_server{0};        ///< --wait-server: keep trying so long while nothing listens
  Duration retry_busy{0};         ///< --retry-busy: keep trying so long while the server is busy
  Duration feedback_patience{0};  ///< stop sending after so long without FEEDBACK; 0 = go on
  bool few_probes = false;        ///< round trips are looked for seldom where the rate is low
  bool light = false;             ///< one of very many tests: as little as can be beside the data
  bool auto_packet_size = true;   ///< params.payload_bytes is to be chosen (--packet-size auto)
  ProfileInput profile;
  TestParams params;
  std::vector<std::pair<std::string, std::string>> labels;
  std::optional<crypto::Key> key;  ///< --key-file
};

/// One interval of one way, live: the sender's and the receiver's view so far. Provisional; the
/// result carries the corrected rows.
struct LiveInterval {
  Way way = Way::up;
  std::uint64_t index = 0;
  Duration start{0};  ///< since the first arrival
  Duration end{0};
  std::uint64_t packets = 0;  ///< unique, arrived in the interval
  std::uint64_t bytes = 0;
  std::int64_t lost = 0;  ///< provisional: gaps seen so far, less what was told before
  std::uint64_t duplicates = 0;
  std::uint64_t reordered = 0;
  /// What this end sent in the interval, where the other end does not tell before the end of the
  /// test what arrived: all counts above are unknown then.
  struct Sent {
    std::uint64_t packets = 0;
    std::uint64_t bytes = 0;  ///< of payload
  };
  std::optional<Sent> sent_alone;
};

/// Totals so far of one way, for a progress line.
struct LiveProgress {
  Way way = Way::up;
  Duration elapsed{0};
  std::uint64_t sent_packets = 0;  ///< 0 where this end does not send
  std::uint64_t sent_bytes = 0;
  std::uint64_t received_packets = 0;  ///< unique, as the receiver last said
  std::uint64_t received_bytes = 0;
  std::uint64_t omitted_packets = 0;  ///< of a warm-up, in what was received or lost
  std::uint64_t lost = 0;             ///< provisional
  std::optional<Duration> rtt;        ///< last measured
  bool arrivals_known =
      true;  ///< false where the other end does not tell before the end of the test
};

/// What the engine tells while a test runs. Called from the thread that called run_client(), never
/// from the data path.
class ClientObserver {
 public:
  ClientObserver() = default;
  ClientObserver(const ClientObserver&) = delete;
  ClientObserver& operator=(const ClientObserver&) = delete;
  virtual ~ClientObserver() = default;

  /// The server accepted and data may flow, or the test ended before that; `outcome` has session,
  /// endpoints, start and the parameters.
  virtual void on_started(const TestOutcome& outcome) = 0;
  virtual void on_interval(const LiveInterval& interval) = 0;
  virtual void on_progress(const LiveProgress& progress) = 0;
  virtual void on_warning(const Warning& warning) = 0;
  /// The server granted a session; another number for each start of its process, 0 = not told.
  virtual void on_granted(std::uint64_t /*instance*/) {}
  /// Something worth a debug log record, e.g. "HELLO", with the peer that it is about if any.
  virtual void on_trace(const std::string& text, const std::optional<Endpoint>& peer) = 0;
};

/// Runs one test and says how it ended; never throws, never prints. Returns within
/// connect_timeout (or wait_server/retry_busy) + duration + drain + 5 s.
[[nodiscard]] TestOutcome run_client(const ClientOptions& options, const Clock& clock,
                                     RandomSource& random, ClientObserver& observer,
                                     const StopToken& stop);

}  // namespace udperf::engine
