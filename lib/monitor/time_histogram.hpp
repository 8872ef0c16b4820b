#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "base/time.hpp"

namespace udperf::monitor {

/// How many of which times: buckets with fixed bounds, the same in every process and for ever, so
/// that histograms of rounds, hours and targets can be added to each other without loss. That
/// percentiles are read of sums, and never averaged, is what it is for. Constant memory.
///
/// The bounds are 21 a decade from 1 us to 10 s, with 1, 2 and 5 times each power of ten among
/// them: a percentile is at most 12.5 % above the true one. Longer times are in a last bucket.
class TimeHistogram {
 public:
  static constexpr std::size_t kPerDecade = 21;
  static constexpr std::size_t kBounds = 7 * kPerDecade + 1;
  static constexpr std::size_t kBuckets = kBounds + 1;  ///< one more for what is longer

  /// The longest time that still belongs to the bucket; Duration::max() for the last.
  [[nodiscard]] static Duration bound(std::size_t bucket);
  /// The bucket of a time; what is below zero (two clocks) belongs to the first.
  [[nodiscard]] static std::size_t bucket_of(Duration value);

  void add(Duration value, std::uint64_t count = 1);
  void add(const TimeHistogram& other);

  [[nodiscard]] std::uint64_t total() const { return total_; }
  [[nodiscard]] std::uint64_t count(std::size_t bucket) const { return counts_.at(bucket); }
  /// Of all values, in ns; saturates. Less than zero where clocks differ.
  [[nodiscard]] std::int64_t sum_ns() const { return sum_ns_; }
  /// Nothing without values.
  [[nodiscard]] std::optional<Duration> min() const;
  [[nodiscard]] std::optional<Duration> max() const;
  /// Smallest bound that at least `share` (0..1) of the values do not exceed (RFC 2330 s11.3), at
  /// most the largest value; nothing without values.
  [[nodiscard]] std::optional<Duration> percentile(double share) const;

  /// What a store needs to make the same histogram again.
  struct Totals {
    std::int64_t sum_ns = 0;
    std::int64_t min_ns = 0;
    std::int64_t max_ns = 0;
  };
  [[nodiscard]] Totals totals() const { return Totals{sum_ns_, min_ns_, max_ns_}; }
  [[nodiscard]] static TimeHistogram of(const std::array<std::uint64_t, kBuckets>& counts,
                                        const Totals& totals);

  bool operator==(const TimeHistogram&) const = default;

 private:
  std::array<std::uint64_t, kBuckets> counts_{};
  std::uint64_t total_ = 0;
  std::int64_t sum_ns_ = 0;
  std::int64_t min_ns_ = 0;
  std::int64_t max_ns_ = 0;
};

}  // namespace udperf::monitor
