#include <algorithm>
#include <array>

#include "base/rank.hpp"
#include "base/saturating.hpp"
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

namespace {

/// The distributions of all streams, over the smallest delay of any; empty where a stream's is not
/// known.
std::vector<DelayBin> joined_bins(const Reports& rx, std::int64_t zero) {
  std::vector<DelayBin> bins;
  for (const RxReport* report : rx) {
    if (!has_samples(*report)) {
      continue;
    }
    if (report->delay_bins.empty() || !report->raw_delay_min_ns) {
      return {};
    }
    const std::int64_t shift = time_between(zero, *report->raw_delay_min_ns);
    for (const DelayBin& bin : report->delay_bins) {
      bins.push_back(DelayBin{time_sum(bin.value_ns, shift), bin.count});
    }
  }
  std::sort(bins.begin(), bins.end(),
            [](const DelayBin& a, const DelayBin& b) { return a.value_ns < b.value_ns; });
  return bins;
}

/// Steps of 1, 2 and 5 times a power of ten, from the first with a value to the last.
std::vector<HistogramStep> histogram_of(const std::vector<DelayBin>& bins) {
  constexpr std::int64_t kFirstNs = 1000;
  constexpr std::array kDigits{1, 2, 5};
  std::vector<HistogramStep> steps;
  auto bin = bins.begin();
  std::int64_t decade = kFirstNs;
  for (std::size_t i = 0; bin != bins.end() && decade < INT64_MAX / 100; ++i) {
    HistogramStep step{decade * kDigits.at(i % 3), 0};
    decade *= i % 3 == 2 ? 10 : 1;
    for (; bin != bins.end() && bin->value_ns <= step.up_to_ns; ++bin) {
      step.packets += bin->count;
    }
    if (step.packets > 0 || !steps.empty()) {
      steps.push_back(step);
    }
  }
  return steps;
}

/// The delay variation of all streams together: over the smallest delay of any. Nothing where a
/// stream's distribution is not known.
std::optional<DelaySummary> joined_variation(const Reports& rx, std::int64_t zero) {
  const std::vector<DelayBin> bins = joined_bins(rx, zero);
  DelaySummary out;
  double sum = 0;
  for (const RxReport* report : rx) {
    if (!has_samples(*report)) {
      continue;
    }
    const std::int64_t shift = time_between(zero, report->raw_delay_min_ns.value_or(zero));
    const DelaySummary& one = *report->delay_variation;
    out.n += one.n;
    out.max_ns = std::max(out.max_ns, time_sum(one.max_ns, shift));
    sum += static_cast<double>(one.n) * static_cast<double>(time_sum(one.mean_ns, shift));
  }
  if (out.n == 0 || bins.empty()) {
    return std::nullopt;
  }
  const auto percentile = [&](double share) {
    const std::uint64_t rank = nearest_rank(share, out.n);
    std::uint64_t seen = 0;
    for (const DelayBin& bin : bins) {
      seen = saturating_add(seen, bin.count);
      if (seen >= rank) {
        return std::min(bin.value_ns, out.max_ns);
      }
    }
    return out.max_ns;
  };
  constexpr std::uint64_t kLeastForP999 = 1000;
  out.mean_ns = static_cast<std::int64_t>(sum / static_cast<double>(out.n));
  out.p50_ns = percentile(0.5);
  out.p90_ns = percentile(0.9);
  out.p95_ns = percentile(0.95);
  out.p99_ns = percentile(0.99);
  if (out.n >= kLeastForP999) {
    out.p999_ns = percentile(0.999);
  }
  return out;
}

/// The smallest raw delay of any stream.
Nanoseconds smallest_raw(const Reports& rx) {
  Nanoseconds smallest;
  for (const RxReport* report : rx) {
    if (has_samples(*report) && report->raw_delay_min_ns) {
      smallest = std::min(smallest.value_or(INT64_MAX), *report->raw_delay_min_ns);
    }
  }
  return smallest;
}

std::optional<DelaySummary> variation_of(const Reports& rx) {
  if (rx.size() == 1) {
    return has_samples(*rx.front()) ? rx.front()->delay_variation : std::nullopt;
  }
  const Nanoseconds zero = smallest_raw(rx);
  return zero ? joined_variation(rx, *zero) : std::nullopt;
}

}  // namespace

DelayPart build_variation(const Reports& rx) {
  if (const auto all = variation_of(rx)) {
    DelayPart part = shifted(*all, 0);
    part.histogram = histogram_of(joined_bins(rx, smallest_raw(rx).value_or(0)));
    return part;
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
  const auto variation = variation_of(rx);
  const Nanoseconds raw = smallest_raw(rx);
  if (!variation || !raw || !clock.theta_ns || !clock.uncertainty_ns) {
    return DelayPart{};
  }
  // The variation is over the smallest delay, which the clocks' relation turns into a true one.
  DelayPart part = shifted(*variation, time_between(*clock.theta_ns, *raw));
  part.uncertainty_ns = clock.uncertainty_ns;
  part.absolute_valid = *clock.uncertainty_ns < *part.p50_ns;
  return part;
}

}  // namespace udperf::result
