#pragma once

#include <cstdint>

#include "engine/stream_socket.hpp"

namespace udperf::engine {

/// Answers the peer's probes on one stream. Where the peer looks for the path's MTU the answers are
/// as large as it asks, within bounds.
class ProbeResponder {
 public:
  /// All outlive it.
  ProbeResponder(const StreamSettings& settings, StreamSocket& socket, const Clock& clock,
                 const TestState& test)
      : settings_(settings), socket_(socket), clock_(clock), test_(test) {}

  /// `begun`: DATA flows, or has flowed.
  void answer(const wire::Probe& probe, std::size_t bytes, const Arrival& arrival, bool begun);

 private:
  const StreamSettings& settings_;
  StreamSocket& socket_;
  const Clock& clock_;
  const TestState& test_;
  std::uint32_t mtu_hint_ = 0;        ///< what ICMP told of the path to the peer
  std::uint32_t padded_answers_ = 0;  ///< that were larger than their questions
};

}  // namespace udperf::engine
