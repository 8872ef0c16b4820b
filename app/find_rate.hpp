#pragma once

#include <optional>

#include "app/client_reporter.hpp"
#include "app/test_command.hpp"
#include "search/answer.hpp"

namespace udperf::app {

/// What a search came to.
struct FoundRate {
  TestOutcome outcome;  ///< of the run that confirmed the answer, or of what there was in its place
  std::optional<search::Answer> first;    ///< of the direction asked for, of up where both were
  std::optional<search::Answer> down;     ///< where both were
  std::vector<search::SizeAnswer> sizes;  ///< with --sizes
};

/// Runs the trials of --find-rate one after the other, telling of each. A signal ends it with what
/// is known by then, as does a server that went away, also between the directions.
[[nodiscard]] FoundRate find_rate(const ClientCommand& command, const TestRunner& runner,
                                  const TestSetting& setting, Renderer& renderer,
                                  ClientReporter& reporter);

/// The same with each of the sizes that were asked for, one after the other; the last one's, beside
/// which `sizes` has them all. A search that does not complete is the last; where it found nothing
/// at all, what the ones before found stands, incomplete.
[[nodiscard]] FoundRate find_rate_by_size(const ClientCommand& command, const TestRunner& runner,
                                          const TestSetting& setting, Renderer& renderer,
                                          ClientReporter& reporter);

}  // namespace udperf::app
