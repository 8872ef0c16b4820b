#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/endpoint.hpp"
#include "base/random.hpp"
#include "base/units.hpp"
#include "clock/clock.hpp"
#include "crypto/crypto.hpp"
#include "engine/service.hpp"
#include "engine/session_memory.hpp"
#include "engine/stop_token.hpp"
#include "engine/thread_scheduling.hpp"
#include "model/outcome.hpp"
#include "net/datagram_port.hpp"

namespace udperf::engine {

inline constexpr std::uint64_t kDefaultMaxMemory = std::uint64_t{256} << 20U;

/// What `udperf server` was asked to do.
struct ServerOptions {
  std::optional<IpAddress> bind;  ///< absent: every address, IPv4 and IPv6
  std::string bind_device;        ///< --bind-dev; empty: every network interface
  std::uint16_t port = kDefaultPort;
  std::optional<std::uint32_t> buffer;
  bool spin = false;                        ///< --spin: threads of a test never sleep
  Realtime realtime = Realtime::automatic;  ///< --realtime
  bool one_off = false;
  std::uint32_t max_sessions = 64;
  std::uint32_t max_sessions_per_address = 32;
  std::uint32_t max_light_sessions = 4096;  ///< beside those, see session/light.hpp
  bool exclusive = false;
  std::optional<BitRate> max_rate;  ///< of all sessions together
  std::optional<Duration> max_duration;
  ByteCount max_memory = ByteCount::bytes(kDefaultMaxMemory);  ///< for all that is kept of others
  std::vector<IpPrefix> allow;                                 ///< empty: everyone
  std::vector<IpPrefix> deny;
  std::optional<crypto::Key> key;  ///< --key-file
  bool data_on_port =
      false;  ///< another protocol's data comes to the port itself, not handshakes only
};

/// Datagrams that the server dropped unanswered, by reason, and what it answered.
struct ServerCounters {
  std::uint64_t hellos = 0;
  std::uint64_t challenges = 0;
  std::uint64_t bad_cookies = 0;
  std::uint64_t expired_cookies = 0;
  std::uint64_t malformed = 0;  ///< not udperf, or a message that does not decode
  std::uint64_t unknown_session = 0;
  std::uint64_t denied = 0;  ///< by --allow/--deny
  std::uint64_t unauthenticated = 0;
  std::uint64_t rate_limited = 0;
  std::uint64_t out_of_memory = 0;    ///< datagrams and requests that there was no room for
  std::uint64_t refused = 0;          ///< REJECTs sent
  std::uint64_t sessions = 0;         ///< accepted since the start
  std::uint64_t light_sessions = 0;   ///< of these, light
  std::vector<NamedCount> of_others;  ///< what the services beside the native one have counted
};

/// A test by another protocol on udperf's own port, when it is over. The functions make what is
/// told of it, for people and for programs, and are for the time of the call.
struct FallbackOutcome {
  const char* protocol = "";
  Endpoint client;
  TestStatus status = TestStatus::incomplete;
  std::string reason;  ///< why it closed, in words
  std::function<std::string()> text;
  std::function<std::string()> json;
};

/// Why a server refused a client.
struct Refusal {
  const char* kind = "other";  ///< session::kind_name(), or the name of another protocol
  std::string sentence;
};

/// What the server tells. Called from the thread that called run_server().
class ServerObserver {
 public:
  ServerObserver() = default;
  ServerObserver(const ServerObserver&) = delete;
  ServerObserver& operator=(const ServerObserver&) = delete;
  virtual ~ServerObserver() = default;

  /// The socket is bound: datagrams can arrive from now on.
  virtual void on_ready(const Endpoint& local) = 0;
  /// Another service than the native one listens; before on_ready().
  virtual void on_service_ready(const std::string& /*name*/, const Endpoint& /*local*/) {}
  virtual void on_session_opened(std::uint64_t session, const Endpoint& client,
                                 const TestParams& params) = 0;
  virtual void on_session_closed(const SessionOutcome& outcome) = 0;
  virtual void on_fallback_closed(const FallbackOutcome& /*outcome*/) {}
  virtual void on_refused(const Endpoint& client, const Refusal& refusal) = 0;
  virtual void on_warning(const Warning& warning) = 0;
  /// On demand (StopToken users ask with SIGUSR1) and once at the end.
  virtual void on_counters(const ServerCounters& counters) = 0;
  /// Once each turn of the server's loop, so that something can be told that waited for its time.
  /// Returns when to be called again at the latest.
  virtual MonoTime on_turn(MonoTime /*now*/) { return kNever; }
};

/// What a service shares with the others of its server.
struct ServiceSite {
  Executor& executor;
  SessionMemory& memory;
  const Neighbours& neighbours;
  net::ListenPort* port = nullptr;  ///< of udperf's own protocol; null where that is not served
};

/// Makes a service, which the site outlives; nothing where it cannot start.
using ServiceMaker = std::function<Result<std::unique_ptr<Service>>(const ServiceSite& site)>;

/// Serves until `stop` is requested (or one session, with one_off). An error means that it could
/// not start or cannot go on; a peer never causes one. `more` are served beside udperf's own
/// protocol.
[[nodiscard]] Result<void> run_server(const ServerOptions& options, const Clock& clock,
                                      RandomSource& random, ServerObserver& observer,
                                      const StopToken& stop,
                                      const std::vector<ServiceMaker>& more = {});

/// The same without udperf's own protocol: `services` alone.
[[nodiscard]] Result<void> run_services(const ServerOptions& options, const Clock& clock,
                                        ServerObserver& observer, const StopToken& stop,
                                        const std::vector<ServiceMaker>& services);

}  // namespace udperf::engine
