#pragma once

#include "app/cli.hpp"
#include "base/result.hpp"
#include "traffic/plan.hpp"

namespace udperf::app {

/// Reads the file of --profile trace and puts what follows from it into `options`: header, sizes,
/// rate and amount where none was given, and warnings about what was made of the file.
/// Precondition: command.trace.
[[nodiscard]] Result<traffic::TraceInput> load_trace(const ClientCommand& command,
                                                     engine::ClientOptions& options);

}  // namespace udperf::app
