#include "stats/delay_histogram.hpp"

#include <algorithm>
#include <cmath>
#include <iterator>

#include "base/rank.hpp"

namespace udperf::stats {
namespace {

/// Towards minus infinity, unlike the language's own.
std::int64_t floor_div(std::int64_t a, std::int64_t b) {
  return a >= 0 ? a / b : -((-a + b - 1) / b);
}

}  // namespace

void DelayHistogram::add(Duration transit) {
  if (n_ == 0) {
    origin_ = transit;
    min_ = transit;
    max_ = transit;
  }
  ++n_;
  min_ = std::min(min_, transit);
  max_ = std::max(max_, transit);
  const std::int64_t distance = (transit - origin_).count();
  sum_ns_ += static_cast<double>(distance);
  if (given_up_) {
    return;
  }
  if (distance < -kFineRangeNs || distance >= kFineRangeNs) {
    add_coarse(distance);
    return;
  }
  // Counted from the bottom of the range, so that bins are never negative.
  const auto bin = static_cast<std::uint64_t>(distance + kFineRangeNs) / kFineNs;
  if (Page* const page = page_of(bin / kPageBins)) {
    ++page->total;
    if (++page->counts[bin % kPageBins] == 0) {
      carry(bin);
    }
  }
}

/// Once in 65536 values.
void DelayHistogram::carry(std::uint64_t bin) {
  if (const auto found = carried_.find(bin); found != carried_.end()) {
    ++found->second;
  } else if (memory_.grow(kNodeBytes)) {
    carried_.emplace(bin, 1);
  } else {
    give_up();
  }
}

std::uint64_t DelayHistogram::count_of(const Page& page, std::uint64_t bin) const {
  constexpr unsigned kBits = 16;
  const std::uint64_t low = page.counts[bin % kPageBins];
  if (carried_.empty()) {
    return low;
  }
  const auto found = carried_.find(bin);
  return low + (found != carried_.end() ? found->second << kBits : 0);
}

/// Null when it had to be given up.
DelayHistogram::Page* DelayHistogram::page_of(std::uint64_t page) {
  if (latest_ == nullptr || latest_number_ != page) {
    auto found = fine_.find(page);
    if (found == fine_.end()) {
      if (!memory_.grow(sizeof(Page) + kNodeBytes)) {
        give_up();
        return nullptr;
      }
      found = fine_.try_emplace(page).first;
    }
    latest_ = &found->second;
    latest_number_ = page;
  }
  return latest_;
}

void DelayHistogram::give_up() {
  given_up_ = true;
  fine_.clear();
  carried_.clear();
  coarse_.clear();
  latest_ = nullptr;
  memory_.release();
}

void DelayHistogram::add_coarse(std::int64_t distance) {
  const std::int64_t bin = floor_div(distance, kCoarseNs);
  if (const auto found = coarse_.find(bin); found != coarse_.end()) {
    ++found->second;
    return;
  }
  if (coarse_.size() < kMostCoarse) {
    if (memory_.grow(kNodeBytes)) {
      coarse_.emplace(bin, 1);
    } else {
      give_up();
    }
    return;
  }
  // Beyond the limit a neighbouring bin has to do: 100 s of spread is no network's doing.
  const auto at_or_above = coarse_.lower_bound(bin);
  ++(at_or_above != coarse_.end() ? at_or_above : std::prev(at_or_above))->second;
}

std::optional<Duration> DelayHistogram::percentile(double share) const {
  if (n_ == 0 || given_up_) {
    return std::nullopt;
  }
  return value_at(nearest_rank(share, n_));
}

/// The middle of the bin of the `rank`-th smallest value (from 1).
Duration DelayHistogram::value_at(std::uint64_t rank) const {
  std::uint64_t seen = 0;
  const auto middle = [this](std::int64_t low, std::int64_t width) {
    return std::clamp(origin_ + Duration{low + width / 2}, min_, max_);
  };
  auto coarse = coarse_.begin();
  for (; coarse != coarse_.end() && coarse->first < 0; ++coarse) {
    seen += coarse->second;
    if (seen >= rank) {
      return middle(coarse->first * kCoarseNs, kCoarseNs);
    }
  }
  for (const auto& [page, bins] : fine_) {
    if (seen + bins.total < rank) {
      seen += bins.total;
      continue;
    }
    for (std::uint64_t bin = page * kPageBins; bin < (page + 1) * kPageBins; ++bin) {
      seen += count_of(bins, bin);
      if (seen >= rank) {
        return middle(static_cast<std::int64_t>(bin) * kFineNs - kFineRangeNs, kFineNs);
      }
    }
  }
  for (; coarse != coarse_.end(); ++coarse) {
    seen += coarse->second;
    if (seen >= rank) {
      return middle(coarse->first * kCoarseNs, kCoarseNs);
    }
  }
  return max_;
}

void DelayHistogram::for_each_bin(
    const std::function<void(Duration middle, std::uint64_t count)>& visit) const {
  const auto coarse = [&](auto from, auto until) {
    for (; from != until; ++from) {
      visit(origin_ + Duration{from->first * kCoarseNs + kCoarseNs / 2}, from->second);
    }
  };
  const auto middle = coarse_.lower_bound(0);
  coarse(coarse_.begin(), middle);
  for (const auto& [page, bins] : fine_) {
    for (std::uint64_t bin = page * kPageBins; bin < (page + 1) * kPageBins; ++bin) {
      if (const std::uint64_t count = count_of(bins, bin); count != 0) {
        const Duration low{static_cast<std::int64_t>(bin) * kFineNs - kFineRangeNs};
        visit(origin_ + low + Duration{kFineNs / 2}, count);
      }
    }
  }
  coarse(middle, coarse_.end());
}

std::vector<DelayBin> DelayHistogram::bins(Duration zero, std::size_t most) const {
  std::vector<DelayBin> out;
  for_each_bin([&](Duration middle, std::uint64_t count) {
    out.push_back(DelayBin{(std::clamp(middle, min_, max_) - zero).count(), count});
  });
  while (out.size() > most) {
    std::size_t kept = 0;
    for (std::size_t i = 0; i < out.size(); i += 2) {
      DelayBin joined = out[i];
      if (i + 1 < out.size()) {
        joined.value_ns = joined.value_ns + (out[i + 1].value_ns - joined.value_ns) / 2;
        joined.count += out[i + 1].count;
      }
      out[kept++] = joined;
    }
    out.resize(kept);
  }
  return out;
}

std::optional<DelaySummary> DelayHistogram::summary_over(Duration zero) const {
  if (n_ == 0 || given_up_) {
    return std::nullopt;
  }
  constexpr std::uint64_t kLeastForP999 = 1000;  // a finer percentile than 1/n has no meaning
  DelaySummary out;
  out.n = n_;
  out.min_ns = (min_ - zero).count();
  out.max_ns = (max_ - zero).count();
  out.mean_ns = (origin_ - zero).count() + std::llround(sum_ns_ / static_cast<double>(n_));
  out.p50_ns = (percentile(0.5).value_or(max_) - zero).count();
  out.p90_ns = (percentile(0.9).value_or(max_) - zero).count();
  out.p95_ns = (percentile(0.95).value_or(max_) - zero).count();
  out.p99_ns = (percentile(0.99).value_or(max_) - zero).count();
  if (n_ >= kLeastForP999) {
    out.p999_ns = (percentile(0.999).value_or(max_) - zero).count();
  }
  return out;
}

}  // namespace udperf::stats
