#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "model/outcome.hpp"
#include "stats/spread.hpp"

namespace udperf::result {

struct ResultDocument;

/// One run of several (--repeat), in short.
struct RunPart {
  std::optional<std::uint64_t> session;
  TestStatus status = TestStatus::error;
  std::int64_t start_unix_ns = 0;
  std::int64_t end_unix_ns = 0;
  std::optional<double> goodput_bps;
  std::optional<double> loss_percent;
  std::optional<std::int64_t> rtt_idle_p50_ns;
  std::optional<std::int64_t> rtt_loaded_p50_ns;
  std::optional<std::int64_t> rtt_loaded_p99_ns;
  // Of the worse of the directions that have it.
  std::optional<std::int64_t> jitter_rfc3550_ns;
  std::optional<std::int64_t> delay_variation_p99_ns;
  std::optional<double> duplicates_fraction;
  std::optional<double> reordering_ratio;
  std::optional<double> voice_mos;
  std::optional<double> kilobytes_per_second;  ///< as ResultDocument has it
};

/// All runs of one invocation with --repeat; in the document of the last of them.
struct RepeatsPart {
  std::uint32_t wanted = 0;
  std::vector<RunPart> runs;  ///< in order; fewer than wanted where one did not complete
  // Over the complete runs; absent where none has it.
  std::optional<stats::Spread> goodput_bps;
  std::optional<stats::Spread> loss_percent;
  std::optional<stats::Spread> rtt_loaded_p50_ns;
  std::optional<stats::Spread> kilobytes_per_second;
};

/// How many of the runs are complete.
[[nodiscard]] std::size_t complete_runs(const RepeatsPart& repeats);
/// What a run's document has to say beside the others'.
[[nodiscard]] RunPart shorten(const ResultDocument& document);
/// `wanted`: how many runs were asked for; `runs`: those that there were, in order.
[[nodiscard]] RepeatsPart build_repeats(std::uint32_t wanted, std::vector<RunPart> runs);

}  // namespace udperf::result
