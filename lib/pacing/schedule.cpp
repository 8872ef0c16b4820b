#include "pacing/schedule.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/saturating.hpp"

namespace udperf::pacing {
namespace {

// The bucket gains a token in 4/5 of a period: 25 % above the rate.
constexpr std::uint64_t kRefillOf = 4;
constexpr std::uint64_t kRefillIn = 5;
static_assert(kRefillOf * (100 + Schedule::kCatchUpPercent) == kRefillIn * 100);

/// Above a datagram a nanosecond deadlines could not be told apart, nor counted for a test's time.
PacketPeriod tellable(const PacketPeriod& period) {
  return period.numerator < period.denominator ? PacketPeriod{1, 1} : period;
}

}  // namespace

PacketPeriod PacketPeriod::of(const SendRate& rate, std::uint32_t payload_bytes,
                              std::uint32_t streams) {
  return of(rate, payload_bytes, 1, streams);
}

PacketPeriod PacketPeriod::of(const SendRate& rate, std::uint64_t bytes, std::uint64_t packets,
                              std::uint32_t streams) {
  if (rate.kind == SendRate::Kind::packets) {
    return PacketPeriod{Uint128{kNsPerSecond} * 1000 * streams, rate.value};
  }
  const Uint128 bits_ns = Uint128{bytes} * 8 * kNsPerSecond * streams;
  const Uint128 rate_packets = Uint128{rate.value} * packets;
  if (rate_packets > UINT64_MAX) {  // of a rate that no host has: rounded
    return PacketPeriod{std::max<Uint128>(bits_ns / packets, 1), rate.value};
  }
  return PacketPeriod{bits_ns, static_cast<std::uint64_t>(rate_packets)};
}

Schedule::Schedule(MonoTime start, const PacketPeriod& period, const Bursts& bursts)
    : start_(start), period_(tellable(period)), bursts_(bursts), window_(bursts.fixed) {
  set_sizes();
  empty_at_ = empty_before_ = start - refill(depth_);
}

void Schedule::set_sizes() {
  burst_ = bursts_.fixed
               ? std::min(depth_of(*bursts_.fixed), std::max<std::uint64_t>(bursts_.limit, 1))
               : burst_for(period_, BurstWindow::kSteps[0], bursts_.limit);
  depth_ = depth_of(window_.length());
}

std::uint64_t Schedule::depth_of(Duration window) const {
  return std::max<std::uint64_t>(period_.count_in(window), 1);
}

std::uint64_t Schedule::due_by(MonoTime time) const {
  return time < start_ ? 0 : saturating_add(period_.count_in(time - start_), 1);
}

Duration Schedule::refill(std::uint64_t n) const {
  const auto ns = PacketPeriod{period_.numerator * kRefillOf, period_.denominator}.times(n).count();
  constexpr auto kIn = static_cast<Duration::rep>(kRefillIn);
  return Duration{ns / kIn + (ns % kIn == 0 ? 0 : 1)};
}

std::uint64_t Schedule::tokens(MonoTime now) const {
  const Duration filling = now - empty_at_;
  if (filling >= refill(depth_)) {
    return depth_;
  }
  if (filling <= Duration{0}) {
    return 0;
  }
  return static_cast<std::uint64_t>(Uint128{static_cast<std::uint64_t>(filling.count())} *
                                    period_.denominator * kRefillIn /
                                    (period_.numerator * kRefillOf));
}

void Schedule::hand_out(std::uint64_t n, MonoTime now) {
  empty_before_ = std::max(empty_at_, now - refill(depth_));
  empty_at_ = empty_before_ + refill(n);
  granted_ = n;
  next_ += n;
  left_ -= n;
}

void Schedule::give_back(std::uint64_t n, Unsent why) {
  n = std::min(n, granted_);
  granted_ -= n;
  next_ -= n;
  left_ += n;
  empty_at_ = empty_before_ + refill(granted_);
  unsent_ = why;
}

void Schedule::give_up(std::uint64_t n) {
  next_ += n;
  skipped_ = saturating_add(skipped_, n);
}

std::uint64_t Schedule::take_due(MonoTime now) {
  const Duration late = now - next_deadline();
  if (late < Duration{0}) {
    return 0;
  }
  const auto unsent = std::exchange(unsent_, std::nullopt);
  lateness_ = unsent ? std::nullopt : std::optional{late};
  const std::uint64_t due = due_by(now);
  const std::uint64_t most = std::max(period_.count_in(kMostOwed), burst_);
  if (due - next_ > most) {
    give_up(due - next_ - most);
  }
  std::uint64_t n = std::min<std::uint64_t>(left_, 1);
  if (begun_) {
    n = std::min({due - next_, left_, tokens(now), std::max(kMostAtOnce, burst_)});
    n -= n == left_ ? 0 : n % burst_;
  }
  begun_ = true;
  hand_out(n, now);
  if (unsent != Unsent::refused) {
    adapt(now, late);
  }
  return n;
}

void Schedule::adapt(MonoTime now, Duration late) {
  const std::uint64_t due = due_by(now);
  const Duration owed = due - next_ < burst_ ? Duration{0} : period_.times(due - next_);
  Duration wasted{0};
  if (const auto shorter = window_.shorter()) {
    // So much later than asked for a burst can leave, and all that was due leaves in one go.
    const std::uint64_t room = std::max(depth_of(*shorter), burst_) - burst_;
    wasted = std::max(late - period_.times(room), Duration{0});
  }
  if (window_.on_wake(now, owed, wasted)) {
    depth_ = std::max(depth_of(window_.length()), burst_);
  }
}

std::uint64_t Schedule::take_last(MonoTime end, MonoTime now) {
  const MonoTime last = std::min(end - Duration{1}, now);  // due at the end is due too late
  const std::uint64_t due = std::clamp(due_by(last), next_, saturating_add(next_, left_));
  const std::uint64_t n = now - end > window_.length() ? 0 : std::min(due - next_, tokens(now));
  hand_out(n, now);
  give_up(due - next_);
  return n;
}

void Schedule::change(const PacketPeriod& period, std::uint64_t limit, MonoTime now) {
  if (begun_) {
    const MonoTime deadline = saturating_after(start_, period_.times(next_));
    const double ratio = period.ns() / period_.ns();
    const double scale = deadline > now ? ratio : std::min(ratio, 1.0);
    const auto ahead = static_cast<double>((deadline - now).count());
    start_ = now + Duration{std::llround(ahead * scale)};
    next_ = 0;
    granted_ = 0;
  }
  period_ = tellable(period);
  bursts_.limit = limit;
  set_sizes();
}

void Schedule::begin_figures() {
  skipped_ = 0;
  window_.begin_figures();
}

void Schedule::forget_before(MonoTime time) {
  next_ = std::max(next_, due_by(time - Duration{1}));
  begun_ = begun_ || next_ > 0;
}

MonoTime Schedule::next_deadline() const {
  if (!begun_) {
    return start_;
  }
  const std::uint64_t burst = together();
  const Duration due = period_.times(saturating_add(next_, burst - 1));
  return std::max(saturating_after(start_, due), saturating_after(empty_at_, refill(burst)));
}

std::uint64_t burst_for(const PacketPeriod& period, Duration window, std::uint64_t limit) {
  // A wake-up each is affordable above this distance, and datagrams then leave evenly. It costs a
  // fifth of a core there, most of it the kernel's.
  constexpr Duration kPairs = std::chrono::microseconds{100};
  if (period.times(1) > kPairs) {
    return 1;
  }
  return std::clamp<std::uint64_t>(period.count_in(window), 1, std::max<std::uint64_t>(limit, 1));
}

}  // namespace udperf::pacing
