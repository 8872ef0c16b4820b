#include "stats/reordering.hpp"

#include <algorithm>

namespace udperf::stats {

void Reordering::remember(std::uint64_t first, std::uint64_t count) {
  const std::uint64_t skip = count > kN ? count - kN : 0;
  for (std::uint64_t i = skip; i < count; ++i) {
    recent_[(arrivals_ + i) % kN] = first + i;
  }
  arrivals_ += count;
}

void Reordering::remember_gap(const Gap& gap) {
  if (gaps_.size() >= kMostGaps || !memory_.grow(sizeof(Gap))) {
    if (gaps_.empty()) {
      return;
    }
    gaps_.pop_front();
  }
  gaps_.push_back(gap);
}

void Reordering::in_order(std::uint64_t first, std::uint64_t count, MonoTime at) {
  if (first > next_) {
    remember_gap(Gap{next_, first, arrivals_ + 1, at});
  }
  remember(first, count);
  next_ = first + count;
}

void Reordering::late(std::uint64_t sequence, MonoTime at) {
  ++reordered_;
  // A place not filled yet holds 0, which is larger than nothing.
  const bool overtaken = std::all_of(recent_.begin(), recent_.end(),
                                     [sequence](std::uint64_t other) { return other > sequence; });
  n3_ += overtaken ? 1 : 0;
  remember(sequence, 1);

  const auto after =
      std::upper_bound(gaps_.begin(), gaps_.end(), sequence,
                       [](std::uint64_t number, const Gap& gap) { return number < gap.low; });
  if (after == gaps_.begin()) {
    return;
  }
  const Gap& gap = *(after - 1);
  if (sequence >= gap.high) {
    return;
  }
  const std::uint64_t extent = arrivals_ - gap.index;
  extent_sum_ += extent;
  ++extent_count_;
  extent_max_ = std::max(extent_max_, extent);
  late_max_ = std::max(late_max_, at - gap.at);
}

}  // namespace udperf::stats
