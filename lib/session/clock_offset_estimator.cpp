#include "session/clock_offset_estimator.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>

namespace udperf::session {
namespace {

constexpr int kSteps = 100;             // each halves the room, or takes a third of it
constexpr double kStampErrorNs = 2000;  // reading two clocks is not one moment
constexpr double kInfinity = std::numeric_limits<double>::infinity();

/// Where a concave function of [from, until] is largest.
double peak(const std::function<double(double)>& f, double from, double until) {
  for (int i = 0; i < kSteps; ++i) {
    const double third = (until - from) / 3;
    if (f(from + third) < f(until - third)) {
      from += third;
    } else {
      until -= third;
    }
  }
  return (from + until) / 2;
}

}  // namespace

void ClockOffsetEstimator::Bucket::tighten(const Bound& low_too, const Bound& high_too) {
  if (high_too.theta < high.theta) {
    high = high_too;
  }
  if (low_too.theta > low.theta) {
    low = low_too;
  }
}

/// Of that bucket, or of the one that it would stand before; mostly it is the last, or the next.
std::vector<ClockOffsetEstimator::Bucket>::iterator ClockOffsetEstimator::place_of(
    std::uint64_t number) {
  if (buckets_.empty() || buckets_.back().number < number) {
    return buckets_.end();
  }
  return std::lower_bound(
      buckets_.begin(), buckets_.end(), number,
      [](const Bucket& bucket, std::uint64_t wanted) { return bucket.number < wanted; });
}

void ClockOffsetEstimator::add(std::int64_t t1, std::int64_t t2, std::int64_t t3, std::int64_t t4) {
  if (buckets_.empty()) {
    first_t1_ = t1;
    first_theta_ = t2 - t1;
  }
  const Bound high{static_cast<double>(t1 - first_t1_),
                   static_cast<double>(t2 - t1 - first_theta_)};
  const Bound low{static_cast<double>(t4 - first_t1_), static_cast<double>(t3 - t4 - first_theta_)};
  while (low.at / bucket_ns_ >= static_cast<double>(kMostBuckets)) {
    coarsen();
  }
  const auto number = static_cast<std::uint64_t>(std::max(low.at, 0.0) / bucket_ns_);
  const auto place = place_of(number);
  if (place != buckets_.end() && place->number == number) {
    place->tighten(low, high);
  } else {
    buckets_.insert(place, Bucket{number, low, high});
  }
}

/// Two neighbours become one.
void ClockOffsetEstimator::coarsen() {
  bucket_ns_ *= 2;
  std::size_t kept = 0;
  for (Bucket from : buckets_) {
    from.number /= 2;
    if (kept > 0 && buckets_[kept - 1].number == from.number) {
      buckets_[kept - 1].tighten(from.low, from.high);
    } else {
      buckets_[kept++] = from;
    }
  }
  buckets_.resize(kept);
}

/// The upper bound at the moment `at` of a clock that drifts by `skew`.
double ClockOffsetEstimator::lowest_high(double skew, double at) const {
  double lowest = kInfinity;
  for (const Bucket& bucket : buckets_) {
    lowest = std::min(lowest, bucket.high.theta + skew * (at - bucket.high.at));
  }
  return lowest;
}

double ClockOffsetEstimator::highest_low(double skew, double at) const {
  double highest = -kInfinity;
  for (const Bucket& bucket : buckets_) {
    highest = std::max(highest, bucket.low.theta + skew * (at - bucket.low.at));
  }
  return highest;
}

double ClockOffsetEstimator::width(double skew) const {
  return lowest_high(skew, 0) - highest_low(skew, 0) + kStampErrorNs;
}

double ClockOffsetEstimator::widest() const {
  return peak([this](double skew) { return width(skew); }, -kMostSkew, kMostSkew);
}

/// Between a skew that fits and one that need not: the last that does.
double ClockOffsetEstimator::edge(double inside, double outside) const {
  if (width(outside) >= 0) {
    return outside;
  }
  for (int i = 0; i < kSteps; ++i) {
    const double middle = (inside + outside) / 2;
    (width(middle) >= 0 ? inside : outside) = middle;
  }
  return inside;
}

bool ClockOffsetEstimator::broken() const {
  return !buckets_.empty() && width(widest()) < 0;
}

std::optional<ClockOffsetEstimator::Estimate> ClockOffsetEstimator::estimate(
    std::int64_t at_ns) const {
  if (buckets_.empty()) {
    return std::nullopt;
  }
  const double best = widest();
  if (width(best) < 0) {
    return std::nullopt;
  }
  const double slowest = edge(best, -kMostSkew);
  const double fastest = edge(best, kMostSkew);
  const auto at = static_cast<double>(at_ns - first_t1_);
  // Every line that fits is possible: the bounds are those of all of them.
  const auto upper = [this, at](double skew) { return lowest_high(skew, at); };
  const auto lower = [this, at](double skew) { return -highest_low(skew, at); };
  const double high = upper(peak(upper, slowest, fastest)) + kStampErrorNs;
  const double low = -lower(peak(lower, slowest, fastest)) - kStampErrorNs;
  Estimate out;
  out.theta_ns = first_theta_ + std::llround((low + high) / 2);
  out.uncertainty_ns = std::llround(std::max(high - low, 0.0) / 2);
  out.skew = (slowest + fastest) / 2;
  out.skew_uncertainty = (fastest - slowest) / 2;
  return out;
}

}  // namespace udperf::session
