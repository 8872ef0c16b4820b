#pragma once

#include <cstdint>
#include <optional>

#include "iperf3/datagram.hpp"
#include "iperf3/parameters.hpp"
#include "iperf3/results.hpp"
#include "model/reports.hpp"

namespace udperf::iperf3 {

// What the other end says of a stream, in this program's terms. It tells few things; what it does
// not tell has the value that stands for "not measured", or is cleared where the result is made.

/// Datagrams that the peer numbered of a stream that it sent. Servers before 3.2 say in their place
/// what the client has counted; but their bytes are what they sent.
[[nodiscard]] std::uint64_t numbered_by_peer(const StreamResult& told,
                                             const Parameters& parameters);

/// A peer's word where the test ended in the omitted time here: nothing of it counts, although its
/// own omitted time may have been over, or is not told of.
[[nodiscard]] StreamResult without_counts(StreamResult told);

/// Of a stream that the peer sent in a test with `parameters`.
[[nodiscard]] TxReport peer_sent(const StreamResult& told, const Parameters& parameters);

/// What this end sent of a stream that the peer received.
struct OwnSent {
  std::uint64_t packets = 0;  ///< all that were numbered
  std::uint64_t omitted = 0;  ///< of those, in the omitted time
  std::uint32_t length = 1;
  Counters counters = Counters::wide;
};

/// Of a stream that the peer received.
struct PeerReceived {
  /// Absent where it cannot be said what was lost: the peer tells of losses, but not whether they
  /// fell into the omitted time (before 3.14).
  std::optional<RxReport> report;
  /// It says that less was lost than its own counts leave room for: the protocol's usual rule does
  /// not see a lost tail, and takes copies for lost datagrams that were found.
  bool rule_was_wrong = false;
  /// Copies have come, as what arrived and what was lost are more than was sent, and the peer does
  /// not tell them: each may have hidden a loss, so more may have been lost.
  bool copies_came = false;
};
/// What was lost is taken to be the larger of what the peer says, with all behind the highest
/// number that it has seen, and of what its bytes leave room for.
[[nodiscard]] PeerReceived peer_received(const StreamResult& told, const OwnSent& sent);

/// The same of a client that this end, a server, sent to until the client said that it had stopped:
/// only what it can have seen is judged, so the end of what was sent is not. Absent where that is
/// nothing.
[[nodiscard]] std::optional<RxReport> client_received(const StreamResult& told, OwnSent sent);

/// `report` of a sender cut to the datagrams that were judged: all but what its receiver had
/// stopped counting before. `length`: of each.
[[nodiscard]] TxReport judged_part(TxReport report, const RxReport& judged, std::uint32_t length);

}  // namespace udperf::iperf3
