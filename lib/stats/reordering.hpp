#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <optional>

#include "base/memory_account.hpp"
#include "base/time.hpp"

namespace udperf::stats {

/// Packet reordering (RFC 4737), fed with first copies only, in the order of their arrival. Losses
/// alone are never reordering. Memory is bounded: gaps beyond the latest kMostGaps are forgotten,
/// and a packet that belongs to one of those has no extent.
class Reordering {
 public:
  static constexpr std::size_t kMostGaps = 4096;

  /// Where `account` grants no more, fewer gaps are remembered; null: no account.
  explicit Reordering(MemoryAccount* account = nullptr) : memory_(account) {}

  /// `count` numbers from `first` on, each larger than all before: the usual case, at once.
  void in_order(std::uint64_t first, std::uint64_t count, MonoTime at);
  /// A number below the highest seen (s3.3: it is reordered).
  void late(std::uint64_t sequence, MonoTime at);

  [[nodiscard]] std::uint64_t next_expected() const { return next_; }
  [[nodiscard]] std::uint64_t reordered() const { return reordered_; }
  /// Extent (s4.2.3): by how many places a packet came later than the first one that overtook it.
  [[nodiscard]] std::uint64_t extent_sum() const { return extent_sum_; }
  [[nodiscard]] std::uint64_t extent_count() const { return extent_count_; }
  [[nodiscard]] std::uint64_t extent_max() const { return extent_max_; }
  /// Late time offset (s4.3.3), the largest.
  [[nodiscard]] Duration late_max() const { return late_max_; }
  /// Packets that at least three immediately preceding ones had overtaken (s5.3, n = 3): TCP's
  /// threshold for taking one as lost.
  [[nodiscard]] std::uint64_t n3() const { return n3_; }

 private:
  static constexpr std::size_t kN = 3;

  /// Numbers [low, high) were missing when arrival number `index` came, at `at`.
  struct Gap {
    std::uint64_t low;
    std::uint64_t high;
    std::uint64_t index;
    MonoTime at;
  };

  void remember(std::uint64_t first, std::uint64_t count);
  void remember_gap(const Gap& gap);

  std::uint64_t next_ = 0;
  std::uint64_t arrivals_ = 0;
  std::uint64_t reordered_ = 0;
  std::uint64_t extent_sum_ = 0;
  std::uint64_t extent_count_ = 0;
  std::uint64_t extent_max_ = 0;
  Duration late_max_{0};
  std::uint64_t n3_ = 0;
  std::deque<Gap> gaps_;
  MemoryShare memory_;
  std::array<std::uint64_t, kN> recent_{};  ///< the last arrivals, newest at arrivals_ % kN - 1
};

}  // namespace udperf::stats
