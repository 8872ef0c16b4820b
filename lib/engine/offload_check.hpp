#pragma once

#include "engine/stream_endpoint.hpp"
#include "session/preflight.hpp"

namespace udperf::engine {

/// Whether this end would send merged buffers over a path that has not proved that it takes them.
[[nodiscard]] bool offload_in_question(StreamEndpoint& lane);

/// Sends a preflight's probes: merged, then one by one, all of the size that data will have.
void ask_offload(session::Preflight& preflight, StreamEndpoint& lane, MonoTime now);

}  // namespace udperf::engine
