#pragma once

#include <functional>
#include <span>

#include "base/endpoint.hpp"
#include "iperf3/client_test.hpp"

namespace udperf::iperf3 {

/// Runs a test against the first of `servers` that takes a connection: a name may have addresses
/// that nothing listens on. `plan_for` makes the plan for the one that is tried; all have until
/// `start_by` together. At least one.
[[nodiscard]] ClientFinish run_at_first(std::span<const Endpoint> servers, MonoTime start_by,
                                        const ClientTest::Parts& parts,
                                        const std::function<ClientPlan(const Endpoint&)>& plan_for);

}  // namespace udperf::iperf3
