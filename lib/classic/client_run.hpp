#pragma once

#include "engine/client_run.hpp"

namespace udperf::classic {

/// Runs the classic test against `options.host`: START, the letters a-z in datagrams of
/// `params.payload_bytes`, STOP until the server says what arrived. Like run_client() otherwise.
/// What the server does not tell, as loss, is not known. Returns within connect_timeout + the time
/// that sending takes + connect_timeout, or earlier when asked to stop.
[[nodiscard]] TestOutcome run_classic_client(const engine::ClientOptions& options,
                                             const Clock& clock, RandomSource& random,
                                             engine::ClientObserver& observer,
                                             const engine::StopToken& stop);

}  // namespace udperf::classic
