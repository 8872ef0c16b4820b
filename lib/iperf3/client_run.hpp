#pragma once

#include <optional>

#include "engine/client_run.hpp"

namespace udperf::iperf3 {

/// Runs the test that `options` describe against an iperf3 server at `options.port`, TCP and UDP.
/// Like engine::run_client() otherwise. What the protocol does not tell is absent.
[[nodiscard]] TestOutcome run_iperf3_client(const engine::ClientOptions& options,
                                            const Clock& clock, RandomSource& random,
                                            engine::ClientObserver& observer,
                                            const engine::StopToken& stop);

/// What to say where the server sends and a payload was asked for that the protocol cannot ask it
/// for; nothing where there is none.
[[nodiscard]] std::optional<Warning> unheard_payload(const TestParams& params);

}  // namespace udperf::iperf3
