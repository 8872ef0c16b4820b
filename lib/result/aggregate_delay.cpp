#include <algorithm>

#include "result/aggregate.hpp"

namespace udperf::result {
namespace {

using Reports = std::vector<const RxReport*>;

/// Jitter is of a flow; of several flows the worst is what a user wants to know of.
template <typename Get>
Nanoseconds largest(const Reports& rx, Get get) {
  Nanoseconds out;
  for (const RxReport* report : rx) {
    if (const Nanoseconds value = get(*report)) {
      out = std::max(out.value_or(*value), *value);
    }
  }
  return out;
}

DelayPart shifted(const DelaySummary& summary, std::int64_t by) {
  DelayPart part;
  part.n = summary.n;
  part.min_ns = time_sum(summary.min_ns, by);
  part.mean_ns = time_sum(summary.mean_ns, by);
  part.p50_ns = time_sum(summary.p50_ns, by);
  part.p90_ns = time_sum(summary.p90_ns, by);
  part.p95_ns = time_sum(summary.p95_ns, by);
  part.p99_ns = time_sum(summary.p99_ns, by);
  if (summary.p999_ns) {
    part.p999_ns = time_sum(*summary.p999_ns, by);
  }
  part.max_ns = time_sum(summary.max_ns, by);
  return part;
}

bool has_samples(const RxReport& report) {
  return report.delay_variation && report.delay_variation->n > 0;
}

}  // namespace

JitterPart build_jitter(const Reports& rx) {
  JitterPart part;
  part.rfc3550_ns = largest(rx, [](const RxReport& r) { return r.jitter_ns; });
  part.rfc3550_max_ns = largest(rx, [](const RxReport& r) { return r.jitter_max_ns; });
  part.ipdv_max_abs_ns = largest(rx, [](const RxReport& r) { return r.ipdv_max_abs_ns; });
  if (rx.size() == 1) {
    part.ipdv_mean_abs_ns = rx.front()->ipdv_mean_abs_ns;
    part.ipdv_p95_abs_ns = rx.front()->ipdv_p95_abs_ns;
  }
  return part;
}

DelayPart build_variation(const Reports& rx) {
  if (rx.size() == 1 && has_samples(*rx.front())) {
    return shifted(*rx.front()->delay_variation, 0);
  }
  DelayPart part;
  for (const RxReport* report : rx) {
    const std::uint64_t n = has_samples(*report) ? report->delay_variation->n : 0;
    part.n = part.n.value_or(0) + n;
    if (n > 0) {
      part.max_ns = std::max(part.max_ns.value_or(0), report->delay_variation->max_ns);
    }
  }
  return part;
}

DelayPart build_delay(const Reports& rx, const ClockRelation& clock) {
  if (rx.size() != 1 || !has_samples(*rx.front()) || !rx.front()->raw_delay_min_ns ||
      !clock.theta_ns || !clock.uncertainty_ns) {
    return DelayPart{};
  }
  // The variation is over the smallest delay, which the clocks' relation turns into a true one.
  const std::int64_t smallest = time_between(*clock.theta_ns, *rx.front()->raw_delay_min_ns);
  DelayPart part = shifted(*rx.front()->delay_variation, smallest);
  part.uncertainty_ns = clock.uncertainty_ns;
  part.absolute_valid = *clock.uncertainty_ns < *part.p50_ns;
  return part;
}

}  // namespace udperf::result
