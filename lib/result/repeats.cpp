#include "result/repeats.hpp"

#include <algorithm>
#include <utility>

#include "result/document.hpp"

namespace udperf::result {
namespace {

template <typename Get>
std::optional<stats::Spread> over_complete(const std::vector<RunPart>& runs, Get get) {
  std::vector<double> values;
  for (const RunPart& run : runs) {
    const auto value = get(run);
    if (run.status == TestStatus::complete && value) {
      values.push_back(static_cast<double>(*value));
    }
  }
  return stats::spread_of(values);
}

/// The worse of both directions' figures; of one where only one has it.
template <typename T, typename Get>
std::optional<T> worse_of(const ResultDocument& document, Get get, bool higher_is_better = false) {
  std::optional<T> worst;
  for (const auto* const part : {&document.up, &document.down}) {
    const std::optional<T> value = *part ? get(**part) : std::nullopt;
    if (value && (!worst || (*value < *worst) == higher_is_better)) {
      worst = value;
    }
  }
  return worst;
}

void shorten_ways(const ResultDocument& document, RunPart& run) {
  run.jitter_rfc3550_ns = worse_of<std::int64_t>(
      document, [](const DirectionPart& part) { return part.jitter.rfc3550_ns; });
  run.delay_variation_p99_ns = worse_of<std::int64_t>(
      document, [](const DirectionPart& part) { return part.delay_variation.p99_ns; });
  run.duplicates_fraction = worse_of<double>(
      document, [](const DirectionPart& part) { return part.duplicates.fraction; });
  run.reordering_ratio =
      worse_of<double>(document, [](const DirectionPart& part) { return part.reordering.ratio; });
  run.voice_mos = worse_of<double>(
      document,
      [](const DirectionPart& part) { return part.voice ? part.voice->mos_least : std::nullopt; },
      true);
}

}  // namespace

std::size_t complete_runs(const RepeatsPart& repeats) {
  return static_cast<std::size_t>(
      std::count_if(repeats.runs.begin(), repeats.runs.end(),
                    [](const RunPart& run) { return run.status == TestStatus::complete; }));
}

RunPart shorten(const ResultDocument& document) {
  RunPart run;
  run.session = document.test.session;
  run.status = document.status;
  run.start_unix_ns = to_ns(document.test.start);
  run.end_unix_ns = to_ns(document.test.end);
  run.goodput_bps = document.goodput_bps;
  run.loss_percent = document.loss_percent;
  run.rtt_idle_p50_ns = document.rtt.idle.p50_ns;
  run.rtt_loaded_p50_ns = document.rtt.loaded.p50_ns;
  run.rtt_loaded_p99_ns = document.rtt.loaded.p99_ns;
  run.kilobytes_per_second = document.kilobytes_per_second;
  shorten_ways(document, run);
  return run;
}

RepeatsPart build_repeats(std::uint32_t wanted, std::vector<RunPart> runs) {
  RepeatsPart part;
  part.wanted = wanted;
  part.goodput_bps = over_complete(runs, [](const RunPart& run) { return run.goodput_bps; });
  part.loss_percent = over_complete(runs, [](const RunPart& run) { return run.loss_percent; });
  part.rtt_loaded_p50_ns =
      over_complete(runs, [](const RunPart& run) { return run.rtt_loaded_p50_ns; });
  part.kilobytes_per_second =
      over_complete(runs, [](const RunPart& run) { return run.kilobytes_per_second; });
  part.runs = std::move(runs);
  return part;
}

}  // namespace udperf::result
