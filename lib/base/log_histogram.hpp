#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <memory>
#include <optional>

#include "base/time.hpp"

namespace udperf {

/// Distribution of times that are not negative. Buckets are 1/32 of a power of two wide, so a
/// percentile is at most 3.2 % above the true one. Memory is bounded: buckets of a power of two are
/// made together, with the first value among them.
class LogHistogram {
 public:
  void add(Duration value) {
    const std::uint64_t ns = value.count() > 0 ? static_cast<std::uint64_t>(value.count()) : 0;
    const std::size_t at = bucket(ns);
    std::unique_ptr<Group>& group = groups_[at / kSub];
    if (!group) {
      group = std::make_unique<Group>();
    }
    ++(*group)[at % kSub];
    ++total_;
    max_ns_ = ns > max_ns_ ? ns : max_ns_;
  }

  void clear() { *this = LogHistogram{}; }

  [[nodiscard]] std::uint64_t total() const { return total_; }
  [[nodiscard]] Duration max() const { return Duration{static_cast<Duration::rep>(max_ns_)}; }

  /// Smallest bucket limit that at least `share` (0..1) of the values do not exceed (RFC 2330
  /// s11.3); nothing without values.
  [[nodiscard]] std::optional<Duration> percentile(double share) const;

 private:
  static constexpr unsigned kSubBits = 5;
  static constexpr std::size_t kSub = std::size_t{1} << kSubBits;
  static constexpr std::size_t kGroups = 64 - kSubBits + 1;
  using Group = std::array<std::uint64_t, kSub>;

  [[nodiscard]] static std::size_t bucket(std::uint64_t ns) {
    if (ns < kSub) {
      return ns;
    }
    const auto shift = static_cast<unsigned>(std::bit_width(ns)) - 1 - kSubBits;
    return (std::size_t{shift} + 1) * kSub + ((ns >> shift) - kSub);
  }
  [[nodiscard]] static std::uint64_t upper_limit(std::size_t bucket);

  std::array<std::unique_ptr<Group>, kGroups> groups_;
  std::uint64_t total_ = 0;
  std::uint64_t max_ns_ = 0;
};

}  // namespace udperf
