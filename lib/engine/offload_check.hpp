#pragma once

#include "engine/control_channel.hpp"
#include "session/preflight.hpp"

namespace udperf::engine {

/// Whether this end has to find out, before it sends DATA of that size, if the path takes datagrams
/// that leave as one buffer.
[[nodiscard]] bool offload_in_question(const ControlChannel& channel, std::uint32_t payload_bytes);

/// What the probes of the check are about.
struct OffloadQuestion {
  std::uint64_t session = 0;
  std::uint8_t stream = 0;
  std::uint32_t payload_bytes = 0;  ///< of a datagram of DATA
};

/// Sends the probes of the check; `preflight` takes the answers.
void ask_offload(session::Preflight& preflight, const OffloadQuestion& about,
                 ControlChannel& channel, MonoTime now);

}  // namespace udperf::engine
