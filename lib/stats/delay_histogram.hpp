#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <vector>

#include "base/memory_account.hpp"
#include "base/time.hpp"
#include "model/reports.hpp"

namespace udperf::stats {

/// Distribution of transit times whose zero is not known until the end: linear bins, so that the
/// smallest value seen can be taken off afterwards (RFC 5481 s4.2 needs the minimum first).
///
/// Bins are 1 us wide within about 2 s of the first value, and 1 ms beyond; a percentile is off by
/// at most half a bin. Pages of bins are made where values fall; memory is bounded by the number of
/// bins, and by the account, if there is one: where that grants no more, the distribution is given
/// up as a whole, and only how many values there were and the smallest are known.
class DelayHistogram {
 public:
  explicit DelayHistogram(MemoryAccount* account = nullptr) : memory_(account) {}

  void add(Duration transit);
  void clear() { *this = DelayHistogram{memory_.account()}; }

  [[nodiscard]] std::uint64_t n() const { return n_; }
  [[nodiscard]] std::optional<Duration> min() const {
    return n_ ? std::optional{min_} : std::nullopt;
  }

  /// Value that at least `share` (0..1) of the values do not exceed, nothing taken off (RFC 2330
  /// s11.3); nothing when there are none, or the distribution was given up.
  [[nodiscard]] std::optional<Duration> percentile(double share) const;

  /// The bins that hold values, ascending, less `zero`: at most `most` of them, of neighbours
  /// joined where there are more.
  [[nodiscard]] std::vector<DelayBin> bins(Duration zero, std::size_t most) const;

  /// The values less `zero`; nothing when there are none, or the distribution was given up.
  [[nodiscard]] std::optional<DelaySummary> summary_over(Duration zero) const;

  /// For want of memory.
  [[nodiscard]] bool given_up() const { return given_up_; }

 private:
  static constexpr std::int64_t kFineNs = 1000;
  static constexpr std::int64_t kCoarseNs = 1'000'000;
  static constexpr std::int64_t kFineRangeNs = 2'000'000'000;
  static constexpr std::uint64_t kPageBins = 32;
  static constexpr std::size_t kMostCoarse = 100'000;
  static constexpr std::size_t kNodeBytes = 64;  ///< of a map, beside what it holds
  /// Small, since the delays of a light test are far apart: hardly any two share one.
  struct Page {
    std::array<std::uint16_t, kPageBins> counts{};  ///< the lowest bits; the rest is in carried_
    std::uint64_t total = 0;
  };

  void add_coarse(std::int64_t distance);
  [[nodiscard]] Page* page_of(std::uint64_t page);
  void carry(std::uint64_t bin);
  [[nodiscard]] std::uint64_t count_of(const Page& page, std::uint64_t bin) const;
  void give_up();
  [[nodiscard]] Duration value_at(std::uint64_t rank) const;
  void for_each_bin(const std::function<void(Duration middle, std::uint64_t count)>& visit) const;

  std::uint64_t n_ = 0;
  Duration origin_{0};
  Duration min_{0};
  Duration max_{0};
  double sum_ns_ = 0;  ///< of the distances from the origin
  std::map<std::uint64_t, Page> fine_;
  std::map<std::uint64_t, std::uint64_t> carried_;  ///< how often a bin's 16 bits were full
  std::uint64_t latest_number_ = 0;                 ///< successive values mostly share a page
  Page* latest_ = nullptr;
  std::map<std::int64_t, std::uint64_t> coarse_;
  MemoryShare memory_;
  bool given_up_ = false;
};

}  // namespace udperf::stats
