#pragma once

#include "engine/client_run.hpp"

namespace udperf::engine {

/// Runs the classic test against `options.host`: START, the letters a-z in datagrams of
/// `params.payload_bytes`, STOP until the server says what arrived. Like run_client() otherwise.
/// What the server does not tell, as loss, is not known. Returns within connect_timeout + the time
/// that sending takes + connect_timeout, or earlier when asked to stop.
[[nodiscard]] TestOutcome run_classic_client(const ClientOptions& options, const Clock& clock,
                                             RandomSource& random, ClientObserver& observer,
                                             const StopToken& stop);

}  // namespace udperf::engine
