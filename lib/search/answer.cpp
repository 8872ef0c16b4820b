#include "search/answer.hpp"

#include <array>

#include "search/shared.hpp"

namespace udperf::search {

const char* limit_name(Limit limit) {
  constexpr std::array kNames{"network",   "host_limited",   "max_rate", "server_policy",
                              "path_loss", "below_min_rate", "unstable", "time"};
  return kNames.at(static_cast<std::size_t>(limit));
}

const char* algorithm_name(Algorithm algorithm) {
  return algorithm == Algorithm::rfc9097 ? "rfc9097" : "udperf";
}

TrialPart part_of(const Trial& trial, const Observation& seen, Verdict verdict) {
  TrialPart part;
  part.step = trial.step;
  part.rate_bps = trial.rate_bps;
  part.duration_s = seconds(trial.duration);
  part.payload_bytes = seen.payload_bytes;
  part.verdict = verdict;
  part.rtt_p50_ns = seen.rtt_loaded_p50_ns;
  if (seen.sent > 0) {
    part.offered_bps = seen.offered_bps;
    part.goodput_bps = seen.goodput_bps;
    part.loss_ratio = seen.loss_ratio();
  }
  return part;
}

}  // namespace udperf::search
