#pragma once

#include <memory>
#include <vector>

#include "engine/client_run.hpp"
#include "net/datagram_port.hpp"
#include "session/sealer.hpp"
#include "wire/messages.hpp"

namespace udperf::engine {

/// A session that the server has granted, with a socket for each stream.
struct Connection {
  struct Stream {
    std::unique_ptr<net::DatagramPort> port;
    session::Sealer sealer;
  };
  std::uint64_t session = 0;
  wire::Accept accept;
  Duration rtt{0};  ///< of the handshake
  std::vector<Stream> streams;
  std::uint32_t buffer_wanted = 0;  ///< payload bytes asked of each socket
  /// The path is to be asked for its packet size; this is what its route's MTU suggests.
  std::optional<std::uint32_t> payload_fallback;
};

/// Resolves the host, shakes hands (again, where --wait-server or --retry-busy ask for it) and
/// brings the streams. Fills in what `outcome` can know by then: endpoints, session, granted
/// parameters.
[[nodiscard]] Result<Connection> connect_client(const ClientOptions& options, const Clock& clock,
                                                RandomSource& random, ClientObserver& observer,
                                                const StopToken& stop, TestOutcome& outcome);

/// What identifies this host and its clock: equal fingerprints mean that monotonic stamps can be
/// compared (metrics 5). From the boot id and the time namespace.
[[nodiscard]] wire::Digest host_fingerprint();

/// Payload bytes to ask of a socket's buffers when the user says nothing.
inline constexpr std::uint32_t kDefaultBuffer = 32U << 20U;

/// The warning about datagrams that cannot cross in one piece; nothing when they can, or when that
/// is not known.
[[nodiscard]] std::optional<Warning> fragmentation_warning(const Endpoint& server,
                                                           std::uint32_t payload_bytes,
                                                           std::optional<std::uint32_t> path_mtu);

/// The warning about a capped buffer, with the exact command; nothing when enough was granted.
[[nodiscard]] std::optional<Warning> buffer_warning(std::uint32_t wanted, std::uint32_t granted,
                                                    const char* which);

}  // namespace udperf::engine
