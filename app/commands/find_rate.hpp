#pragma once

#include "app/commands/measurement.hpp"
#include "app/output/client_reporter.hpp"
#include "result/document.hpp"
#include "search/find_rate.hpp"

namespace udperf::app {

/// What a search by these options is asked for. `params` are the tests'.
[[nodiscard]] search::Request search_request(const ClientCommand& command,
                                             const TestParams& params);

/// A trial as a test by these options.
[[nodiscard]] engine::ClientOptions trial_options(const engine::ClientOptions& options,
                                                  const search::TrialTest& trial);

/// Runs the trials of --find-rate one after the other, with each of --sizes where there are any,
/// and tells of each.
[[nodiscard]] search::FoundRate find_rate(const ClientCommand& command, const TestRunner& runner,
                                          const TestSetting& setting, Renderer& renderer,
                                          ClientReporter& reporter);

/// The document of what was found.
[[nodiscard]] result::ResultDocument document_of(const search::FoundRate& found);

}  // namespace udperf::app
