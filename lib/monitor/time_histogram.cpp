#include "monitor/time_histogram.hpp"

#include <algorithm>

#include "base/rank.hpp"
#include "base/saturating.hpp"

namespace udperf::monitor {
namespace {

constexpr std::array<std::int64_t, TimeHistogram::kPerDecade> kSteps{
    100, 110, 120, 135, 150, 165, 180, 200, 225, 250, 280,
    315, 354, 398, 447, 500, 560, 630, 708, 796, 895};

constexpr std::array<std::int64_t, TimeHistogram::kBounds> kBoundsNs = [] {
  std::array<std::int64_t, TimeHistogram::kBounds> bounds{};
  std::int64_t tenth = 10;  // 100 steps of 10 ns are 1 us
  for (std::size_t i = 0; i < bounds.size(); ++i) {
    bounds.at(i) = kSteps.at(i % TimeHistogram::kPerDecade) * tenth;
    tenth *= i % TimeHistogram::kPerDecade == TimeHistogram::kPerDecade - 1 ? 10 : 1;
  }
  return bounds;
}();
static_assert(kBoundsNs.front() == 1'000 && kBoundsNs.back() == 10'000'000'000);

std::int64_t times_saturating(std::int64_t value, std::uint64_t count) {
  const std::uint64_t magnitude =
      value < 0 ? 0 - static_cast<std::uint64_t>(value) : static_cast<std::uint64_t>(value);
  const auto product = saturate<std::int64_t>(Uint128{magnitude} * count);
  return value < 0 ? -product : product;
}

}  // namespace

Duration TimeHistogram::bound(std::size_t bucket) {
  return bucket < kBounds ? Duration{kBoundsNs.at(bucket)} : Duration::max();
}

std::size_t TimeHistogram::bucket_of(Duration value) {
  const auto* const found = std::lower_bound(kBoundsNs.begin(), kBoundsNs.end(), value.count());
  return static_cast<std::size_t>(found - kBoundsNs.begin());
}

void TimeHistogram::add(Duration value, std::uint64_t count) {
  if (count == 0) {
    return;
  }
  const std::int64_t ns = value.count();
  min_ns_ = total_ == 0 ? ns : std::min(min_ns_, ns);
  max_ns_ = total_ == 0 ? ns : std::max(max_ns_, ns);
  auto& bucket = counts_.at(bucket_of(value));
  bucket = saturating_add(bucket, count);
  total_ = saturating_add(total_, count);
  sum_ns_ = saturating_sum(sum_ns_, times_saturating(ns, count));
}

void TimeHistogram::add(const TimeHistogram& other) {
  if (other.total_ == 0) {
    return;
  }
  min_ns_ = total_ == 0 ? other.min_ns_ : std::min(min_ns_, other.min_ns_);
  max_ns_ = total_ == 0 ? other.max_ns_ : std::max(max_ns_, other.max_ns_);
  for (std::size_t i = 0; i < kBuckets; ++i) {
    counts_.at(i) = saturating_add(counts_.at(i), other.counts_.at(i));
  }
  total_ = saturating_add(total_, other.total_);
  sum_ns_ = saturating_sum(sum_ns_, other.sum_ns_);
}

std::optional<Duration> TimeHistogram::min() const {
  return total_ > 0 ? std::optional{Duration{min_ns_}} : std::nullopt;
}

std::optional<Duration> TimeHistogram::max() const {
  return total_ > 0 ? std::optional{Duration{max_ns_}} : std::nullopt;
}

std::optional<Duration> TimeHistogram::percentile(double share) const {
  if (total_ == 0) {
    return std::nullopt;
  }
  const std::uint64_t wanted = nearest_rank(share, total_);
  std::uint64_t seen = 0;
  for (std::size_t i = 0; i < kBuckets; ++i) {
    seen = saturating_add(seen, counts_.at(i));
    if (seen >= wanted) {
      return std::clamp(bound(i), Duration{min_ns_}, Duration{max_ns_});
    }
  }
  return Duration{max_ns_};
}

TimeHistogram TimeHistogram::of(const std::array<std::uint64_t, kBuckets>& counts,
                                const Totals& totals) {
  TimeHistogram made;
  made.counts_ = counts;
  for (const std::uint64_t count : counts) {
    made.total_ = saturating_add(made.total_, count);
  }
  if (made.total_ > 0) {
    made.sum_ns_ = totals.sum_ns;
    made.min_ns_ = totals.min_ns;
    made.max_ns_ = totals.max_ns;
  }
  return made;
}

}  // namespace udperf::monitor
