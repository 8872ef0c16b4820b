#pragma once

#include "app/commands/measurement.hpp"
#include "app/commands/result_output.hpp"
#include "app/output/client_reporter.hpp"
#include "app/output/render.hpp"

namespace udperf::app {

/// --find-rate: many short tests, one result. Returns the exit status.
[[nodiscard]] int run_search(const ClientCommand& command, const TestRunner& runner,
                             const TestSetting& setting, Renderer& renderer,
                             ClientReporter& reporter, ResultOutput& output);

/// The runs of one command, one or as many as --repeat says: runs and prints them all. Returns the
/// exit status.
[[nodiscard]] int run_series(const ClientCommand& command, const TestRunner& runner,
                             const TestSetting& setting, Renderer& renderer,
                             ClientReporter& reporter, ResultOutput& output);

}  // namespace udperf::app
