#include "pacing/departure_log.hpp"

#include <algorithm>

namespace udperf::pacing {

void DepartureLog::mark(std::uint64_t next, MonoTime now) {
  if (count_ == kMost) {
    thin();
  }
  marks_[count_++] = Mark{now, next};
  next_mark_ = now + every_;
}

void DepartureLog::thin() {
  for (std::size_t i = 0; i < kMost / 2; ++i) {
    marks_[i] = marks_[2 * i];
  }
  count_ = kMost / 2;
  every_ *= 2;
}

std::uint64_t DepartureLog::sent_before(MonoTime time) {
  const auto begin = marks_.begin();
  const auto end = begin + static_cast<std::ptrdiff_t>(count_);
  const auto after =
      std::upper_bound(begin, end, time, [](MonoTime t, const Mark& mark) { return t < mark.at; });
  if (after == begin) {
    return 0;
  }
  const auto kept = after - 1;
  const std::uint64_t sent = kept->next;
  std::move(kept, end, begin);
  count_ = static_cast<std::size_t>(end - kept);
  return sent;
}

}  // namespace udperf::pacing
