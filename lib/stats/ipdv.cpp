#include "stats/ipdv.hpp"

namespace udperf::stats {

void Ipdv::add(std::uint64_t first, std::uint64_t end, Duration transit) {
  if (const Seen& before = by_end_[place(first)]; first != 0 && before.key == first) {
    pair(before.transit, transit);
  }
  if (const Seen& after = by_first_[place(end)]; after.key == end) {
    pair(transit, after.transit);
  }
  by_end_[place(end)] = Seen{end, transit};
  by_first_[place(first)] = Seen{first, transit};
}

void Ipdv::pair(Duration earlier, Duration later) {
  const Duration change = later >= earlier ? later - earlier : earlier - later;
  magnitudes_.add(change);
  sum_ns_ += static_cast<double>(change.count());
}

std::optional<Duration> Ipdv::mean_abs() const {
  if (n() == 0) {
    return std::nullopt;
  }
  return Duration{std::llround(sum_ns_ / static_cast<double>(n()))};
}

std::optional<Duration> Ipdv::max_abs() const {
  return n() == 0 ? std::nullopt : std::optional{magnitudes_.max()};
}

}  // namespace udperf::stats
