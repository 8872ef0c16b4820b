#include "pacing/schedule.hpp"

#include <algorithm>

namespace udperf::pacing {

PacketPeriod PacketPeriod::of(const SendRate& rate, std::uint32_t payload_bytes,
                              std::uint32_t streams) {
  constexpr std::uint64_t kNsPerSecond = 1'000'000'000;
  if (rate.kind == SendRate::Kind::bits) {
    return PacketPeriod{Uint128{payload_bytes} * 8 * kNsPerSecond * streams, rate.value};
  }
  return PacketPeriod{Uint128{kNsPerSecond} * 1000 * streams, rate.value};
}

std::uint64_t Schedule::take_due(MonoTime now) {
  if (now < next_deadline()) {
    return 0;
  }
  const std::uint64_t last_due = period_.count_in(now - start_);
  const std::uint64_t due = last_due + 1 - next_;
  // A late wake-up of less than a burst is made up for in full: the mean must be exact. Beyond two
  // bursts the deadlines are gone.
  const std::uint64_t granted = std::min(due, burst_);
  const std::uint64_t kept = std::min(due - granted, burst_);
  const std::uint64_t given_up = due - granted - kept;
  next_ += granted + given_up;
  skipped_ += given_up;
  return granted;
}

MonoTime Schedule::next_deadline() const {
  // The very first datagram goes at once; a burst goes when its last one is due.
  const std::uint64_t last = next_ == 0 ? 0 : next_ + burst_ - 1;
  return start_ + period_.times(last);
}

std::uint64_t burst_for(const PacketPeriod& period, Duration window, std::uint64_t limit) {
  return std::clamp<std::uint64_t>(period.count_in(window), 1, std::max<std::uint64_t>(limit, 1));
}

}  // namespace udperf::pacing
