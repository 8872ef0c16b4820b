#pragma once

#include <memory>
#include <vector>

#include "engine/client_connect.hpp"
#include "engine/client_control.hpp"
#include "engine/stream_endpoint.hpp"
#include "model/outcome.hpp"

namespace udperf::engine {

/// What is known of a test before it begins: what it is to be, with whom, and its labels.
[[nodiscard]] TestOutcome planned_outcome(const ClientOptions& options);

/// What the test came to, once its threads are gone: both ends' reports, delays, and if it was cut
/// short, why.
void fill_outcome(ClientControl& control,
                  const std::vector<std::unique_ptr<StreamEndpoint>>& endpoints,
                  const Connection& connection, TestOutcome& outcome);

/// Said when the preflight found that the path loses merged buffers.
[[nodiscard]] Warning broken_offload_warning();

/// A report that had to be made without FIN, brought in line with what the sender says it sent:
/// what is missing at the end is lost. Bytes follow from the plan.
void settle_tail(const TestParams& params, Way way, std::uint16_t stream, const TxReport& tx,
                 RxReport& rx);

}  // namespace udperf::engine
