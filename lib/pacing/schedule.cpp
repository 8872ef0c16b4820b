#include "pacing/schedule.hpp"

#include <algorithm>

namespace udperf::pacing {
namespace {

// Waking up late by less than this is normal and is made up for by the next bursts.
constexpr Duration kUsualLateness = std::chrono::microseconds{200};

}  // namespace

PacketPeriod PacketPeriod::of(const SendRate& rate, std::uint32_t payload_bytes,
                              std::uint32_t streams) {
  constexpr std::uint64_t kNsPerSecond = 1'000'000'000;
  if (rate.kind != SendRate::Kind::packets) {
    return PacketPeriod{Uint128{payload_bytes} * 8 * kNsPerSecond * streams, rate.value};
  }
  return PacketPeriod{Uint128{kNsPerSecond} * 1000 * streams, rate.value};
}

Schedule::Schedule(MonoTime start, const PacketPeriod& period, std::uint64_t burst)
    : start_(start), period_(period), burst_(burst), burst_time_(period.times(burst)) {}

std::uint64_t Schedule::take_due(MonoTime now) {
  const Duration lag = now - next_deadline();
  if (lag < Duration{0}) {
    return 0;
  }
  if (lag > std::max(burst_time_, kUsualLateness)) {
    absorb_stall(lag);
  } else if (debt_ > Duration{0}) {
    repay();
  }
  const std::uint64_t granted = next_ == 0 ? 1 : burst_;
  next_ += granted;
  return granted;
}

void Schedule::change(const PacketPeriod& period, std::uint64_t burst, MonoTime now) {
  const bool begun = next_ > 0;
  if (begun) {
    start_ += period_.times(next_ - 1);
    next_ = 1;
  }
  period_ = period;
  burst_ = burst;
  burst_time_ = period.times(burst);
  if (begun) {  // what the old rate let pass is no stall of the new one
    start_ = std::max(start_, now - std::max(burst_time_, kUsualLateness));
  }
}

void Schedule::absorb_stall(Duration lag) {
  start_ += lag;
  debt_ += lag;
  if (debt_ > kMaxDebt) {
    skipped_ += period_.count_in(debt_ - kMaxDebt);
    debt_ = kMaxDebt;
  }
}

void Schedule::repay() {
  const Duration step = std::min(debt_, burst_time_ * kCatchUpPercent / 100);
  start_ -= step;
  debt_ -= step;
}

MonoTime Schedule::next_deadline() const {
  const std::uint64_t last = next_ == 0 ? 0 : next_ + burst_ - 1;
  return start_ + period_.times(last);
}

std::uint64_t burst_for(const PacketPeriod& period, Duration window, std::uint64_t limit) {
  // A wake-up each is affordable at this distance, and datagrams then leave evenly.
  constexpr Duration kEven = std::chrono::microseconds{100};
  if (period.times(1) >= kEven) {
    return 1;
  }
  return std::clamp<std::uint64_t>(period.count_in(window), 1, std::max<std::uint64_t>(limit, 1));
}

}  // namespace udperf::pacing
