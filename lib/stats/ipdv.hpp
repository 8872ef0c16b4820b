#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <optional>
#include <vector>

#include "base/log_histogram.hpp"
#include "base/time.hpp"

namespace udperf::stats {

/// Inter-packet delay variation (RFC 3393 s2.4, RFC 5481 s4.1): the difference in delay of two
/// neighbours in SENDING order; undefined where one of them is lost. Neighbours may arrive in any
/// order, at most kMemory apart. Of a batch that shares its stamps only the head counts; its
/// neighbour is the head of the batch before.
class Ipdv {
  struct Seen {
    std::uint64_t key = UINT64_MAX;
    Duration transit{0};
  };

 public:
  static constexpr std::size_t kMemory = 1024;

  /// What the memory of so many arrivals takes.
  [[nodiscard]] static constexpr std::uint64_t bytes_for(std::uint64_t arrivals) {
    return 2 * sizeof(Seen) * std::bit_ceil(std::clamp<std::uint64_t>(arrivals, 1, kMemory));
  }

  /// `packets`: numbers are below it, so of few nothing is forgotten; or neighbours are to be
  /// remembered for no more arrivals.
  explicit Ipdv(std::uint64_t packets = kMemory)
      : by_end_(std::bit_ceil(std::clamp<std::uint64_t>(packets, 1, kMemory))),
        by_first_(by_end_.size()) {}

  /// Numbers [first, end) arrived with this transit time.
  void add(std::uint64_t first, std::uint64_t end, Duration transit);

  [[nodiscard]] std::uint64_t n() const { return magnitudes_.total(); }
  [[nodiscard]] std::optional<Duration> mean_abs() const;
  /// 95th percentile and largest of the magnitudes (the former at most 3.2 % above the true one).
  [[nodiscard]] std::optional<Duration> p95_abs() const { return magnitudes_.percentile(0.95); }
  [[nodiscard]] std::optional<Duration> max_abs() const;

 private:
  void pair(Duration earlier, Duration later);
  [[nodiscard]] std::size_t place(std::uint64_t key) const { return key & (by_end_.size() - 1); }

  std::vector<Seen> by_end_;  ///< a power of two of them
  std::vector<Seen> by_first_;
  LogHistogram magnitudes_;
  double sum_ns_ = 0;
};

}  // namespace udperf::stats
