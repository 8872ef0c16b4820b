#pragma once

#include <cstdint>

#include "iperf3/parameters.hpp"
#include "iperf3/results.hpp"
#include "model/reports.hpp"

namespace udperf::iperf3 {

// What the other end says of a stream, in this program's terms. It tells few things; what it does
// not tell has the value that stands for "not measured", or is cleared where the result is made.

/// Of a stream that the peer sent in a test with `parameters`.
[[nodiscard]] TxReport peer_sent(const StreamResult& told, const Parameters& parameters);

/// Of a stream that the peer received.
struct PeerReceived {
  RxReport report;
  /// It says that less was lost than its own count of bytes leaves room for: the protocol's usual
  /// rule does not see a lost tail, and takes copies for lost datagrams that were found.
  bool rule_was_wrong = false;
  /// Copies have come, as what arrived and what was lost are more than was sent, and the peer does
  /// not tell them: each may have hidden a loss, so more may have been lost.
  bool copies_came = false;
};
/// `sent`: the sender's count, `omitted` of it in the omitted time. What was lost is taken to be
/// the larger of what the peer says and of what its bytes leave room for.
[[nodiscard]] PeerReceived peer_received(const StreamResult& told, std::uint64_t sent,
                                         std::uint64_t omitted, std::uint32_t length);

}  // namespace udperf::iperf3
