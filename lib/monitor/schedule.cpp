#include "monitor/schedule.hpp"

#include <algorithm>
#include <utility>

#include "base/saturating.hpp"
#include "base/seeded_bits.hpp"

namespace udperf::monitor {
namespace {

constexpr Duration kDay = std::chrono::hours{24};
constexpr std::uint32_t kFailuresBeforeStretch = 3;
constexpr std::uint32_t kMostStretch = 4;
constexpr std::pair<std::uint64_t, std::uint64_t> kElsewhere{UINT64_MAX, 0};  // no target's round

/// A number without a pattern for each input.
std::uint64_t mixed(std::uint64_t value) {
  return SeededBits{value}.next();
}

/// The golden ratio spreads any number of targets evenly over the period.
Duration phase(std::uint64_t index, Duration every) {
  constexpr std::uint64_t kGolden = 0x9e3779b97f4a7c15U;
  const std::uint64_t place = index * kGolden;  // wraps
  const auto share = Uint128{place} * static_cast<std::uint64_t>(every.count());
  return Duration{static_cast<Duration::rep>(share >> 64U)};
}

/// From now to the next such time of day.
Duration until(Duration at, UnixTime now) {
  const Duration today = now.time_since_epoch() % kDay;
  return at > today ? at - today : at - today + kDay;
}

}  // namespace

void RoundSchedule::add(std::uint64_t target, const Timing& timing, MonoTime now, UnixTime unix_now,
                        std::uint64_t last_number) {
  Timing wanted = timing;
  wanted.every = timing.at ? kDay : timing.every;
  const auto found = entries_.find(target);
  const bool there = found != entries_.end();
  if (there && found->second.timing == wanted) {
    return;
  }
  const std::uint64_t number = there ? found->second.number : last_number;
  remove(target);
  Entry& entry = entries_[target];
  entry.timing = wanted;
  entry.number = number;
  set_next(target, entry,
           now + (wanted.at ? until(*wanted.at, unix_now) : phase(added_++, wanted.every)));
}

void RoundSchedule::remove(std::uint64_t target) {
  const auto found = entries_.find(target);
  if (found != entries_.end()) {
    queue_.erase({found->second.next, target});
    entries_.erase(found);
  }
}

void RoundSchedule::set_next(std::uint64_t target, Entry& entry, MonoTime next) {
  queue_.erase({entry.next, target});
  entry.next = next;
  queue_.insert({next, target});
}

DueRound RoundSchedule::begin_again(std::uint64_t target, Entry& entry) {
  const DueRound round{target, ++entry.number, entry.next, 0};
  entry.last_due = round.due;
  set_next(target, entry, *std::exchange(entry.on_grid, std::nullopt));
  return round;
}

DueRound RoundSchedule::begin(std::uint64_t target, Entry& entry, MonoTime now) {
  if (entry.on_grid) {
    return begin_again(target, entry);
  }
  entry.again = 0;
  const Duration every = entry.timing.every;
  const auto missed = static_cast<std::uint64_t>((now - entry.next) / every);
  DueRound round;
  round.target = target;
  round.missed = entry.timing.at ? 0 : missed;
  round.due = entry.next + every * static_cast<Duration::rep>(missed);
  round.number = entry.number + round.missed + 1;
  entry.number = round.number;
  entry.last_due = round.due;
  Duration wait = every * entry.stretch;
  if (entry.stretch > 1) {
    const auto tenth = static_cast<std::uint64_t>(every.count() / 5 + 1);
    wait += Duration{static_cast<Duration::rep>(mixed(target ^ round.number) % tenth)} - every / 10;
  }
  set_next(target, entry, round.due + wait);
  return round;
}

std::vector<DueRound> RoundSchedule::take_due(MonoTime now) {
  std::vector<DueRound> due;
  std::vector<std::pair<MonoTime, std::uint64_t>> ready;
  for (const auto& item : queue_) {
    if (item.first > now) {
      break;
    }
    ready.push_back(item);
  }
  for (const auto& [at, target] : ready) {
    Entry& entry = entries_.at(target);
    const bool heavy = entry.timing.heavy;
    if (heavy && heavy_) {
      continue;
    }
    due.push_back(begin(target, entry, now));
    if (heavy) {
      heavy_ = {target, due.back().number};
    }
  }
  return due;
}

bool RoundSchedule::reserve_heavy() {
  if (heavy_) {
    return false;
  }
  heavy_ = kElsewhere;
  return true;
}

void RoundSchedule::release_heavy() {
  if (heavy_ == kElsewhere) {
    heavy_.reset();
  }
}

std::vector<DueRound> RoundSchedule::slept(Duration time, MonoTime now, UnixTime unix_now) {
  std::vector<DueRound> missed;
  for (auto& [target, entry] : entries_) {
    const Timing& timing = entry.timing;
    std::uint64_t count = static_cast<std::uint64_t>(time / (timing.every * entry.stretch));
    if (timing.at) {
      entry.on_grid.reset();
      count = entry.next > now && entry.next - now < time ? 1 : 0;
      set_next(target, entry, entry.next > now ? now + until(*timing.at, unix_now) : entry.next);
    }
    if (count > 0) {
      entry.number += count;
      missed.push_back({target, entry.number, now, count});
    }
  }
  return missed;
}

void RoundSchedule::clock_set(Duration by, MonoTime now, UnixTime unix_now) {
  constexpr Duration kNear = std::chrono::hours{1};
  for (auto& [target, entry] : entries_) {
    if (!entry.timing.at || entry.next <= now) {  // what waits for its turn still does
      continue;
    }
    entry.on_grid.reset();
    MonoTime next = now + until(*entry.timing.at, unix_now);
    if (by <= kNear && entry.next - now <= by) {
      next = now;
    } else if (entry.last_due && next - *entry.last_due < kNear) {
      next += kDay;
    }
    set_next(target, entry, next);
  }
}

MonoTime RoundSchedule::next() const {
  for (const auto& [at, target] : queue_) {
    if (!heavy_ || !entries_.at(target).timing.heavy) {
      return at;
    }
  }
  return kNever;
}

void RoundSchedule::landed(std::uint64_t target, std::uint64_t number) {
  if (heavy_ == RoundKey{target, number}) {
    heavy_.reset();
  }
}

void RoundSchedule::finished(std::uint64_t target, std::uint32_t failures, MonoTime now) {
  const auto found = entries_.find(target);
  if (found == entries_.end()) {
    return;
  }
  Entry& entry = found->second;
  const std::uint32_t beyond =
      failures < kFailuresBeforeStretch ? 0 : failures - kFailuresBeforeStretch + 1;
  const bool was_stretched = entry.stretch > 1;
  entry.stretch = entry.timing.at ? 1 : std::min(1 + beyond, kMostStretch);
  if (was_stretched && entry.stretch == 1 && entry.next - now > entry.timing.every) {
    set_next(target, entry, now + entry.timing.every);
  }
}

void RoundSchedule::refused(std::uint64_t target, MonoTime now) {
  constexpr Duration kFar = std::chrono::hours{1};
  constexpr Duration kSoon = std::chrono::minutes{10};
  constexpr std::uint32_t kMostAgain = 4;
  const auto found = entries_.find(target);
  if (found == entries_.end()) {
    return;
  }
  Entry& entry = found->second;
  if (entry.on_grid || entry.again == kMostAgain || entry.next - now <= kFar) {
    return;
  }
  const auto jitter = mixed(target ^ entry.number) % static_cast<std::uint64_t>(kSoon.count() / 2);
  ++entry.again;
  entry.on_grid = entry.next;
  set_next(target, entry, now + kSoon + Duration{static_cast<Duration::rep>(jitter)});
}

Duration SleepWatch::slept(Duration suspended) {
  constexpr Duration kLeast = std::chrono::milliseconds{100};
  const Duration grown = suspended - before_.value_or(suspended);
  before_ = suspended;
  return grown >= kLeast ? grown : Duration{0};
}

std::optional<Duration> StepWatch::step(const ClockAnchor& both, Duration suspended) {
  constexpr Duration kLeast = std::chrono::milliseconds{50};
  const Duration offset = both.unix.time_since_epoch() - both.mono.time_since_epoch() - suspended;
  const Duration moved = offset - offset_.value_or(offset);
  offset_ = offset;
  return moved >= kLeast || moved <= -kLeast ? std::optional{moved} : std::nullopt;
}

}  // namespace udperf::monitor
