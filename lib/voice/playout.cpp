#include "voice/playout.hpp"

#include <algorithm>
#include <cmath>

namespace udperf::voice {
namespace {

/// How far from a datagram the least delay is looked for, before and after.
constexpr std::int64_t kReachSeconds = 60;

std::int64_t second_of(MonoTime tx) {
  const std::int64_t ns = to_ns(tx);
  return ns >= 0 ? ns / kNsPerSecond : -((-ns + kNsPerSecond - 1) / kNsPerSecond);
}

}  // namespace

Playout::Playout(const VoiceSetup& setup, MemoryAccount* memory)
    : setup_(setup), tally_(setup.codec), memory_(memory) {}

void Playout::arrived(std::uint64_t first, std::uint64_t count, Duration transit, MonoTime tx) {
  for (std::uint64_t i = 0; i < count; ++i) {
    arrived_one(first + i, transit, tx);
  }
}

void Playout::arrived_one(std::uint64_t sequence, Duration transit, MonoTime tx) {
  if (sequence < base_) {
    return;  // a minute late
  }
  may_miss_ = std::min<std::uint64_t>(may_miss_ + kMissingForEach, kMostWaiting);
  make_room_for(sequence);
  if (sequence < base_) {
    return;  // for want of memory its turn is over
  }
  while (base_ + waiting_.size() <= sequence) {
    may_miss_ -= base_ + waiting_.size() < sequence ? 1U : 0U;
    waiting_.push_back(Entry{tx, std::nullopt});
  }
  Entry& entry = waiting_[sequence - base_];
  if (entry.transit) {
    return;
  }
  entry = Entry{tx, transit};
  note_least(transit, tx);
  latest_tx_ = std::max(latest_tx_, tx);
  const MonoTime settled = latest_tx_ - Duration{kReachSeconds * kNsPerSecond};
  while (!waiting_.empty() && waiting_.front().tx < settled) {
    settle_front();
  }
}

/// Settles as many as it takes for `sequence` to be among those that wait.
void Playout::make_room_for(std::uint64_t sequence) {
  const auto more = [&] {
    const std::uint64_t end = base_ + waiting_.size();
    return sequence >= end ? sequence + 1 - end : 0;
  };
  if (more() > may_miss_ + 1) {
    skip_to(sequence);
  }
  while (!waiting_.empty() && sequence - base_ >= kMostWaiting) {
    settle_front();
  }
  if (sequence - base_ >= kMostWaiting) {
    skip_to(sequence + 1 - kMostWaiting);
  }
  while (!memory_.grow(more() * sizeof(Entry))) {
    if (waiting_.empty()) {
      skip_to(sequence + 1);
      return;
    }
    settle_front();
  }
}

/// Everything below `sequence`, which is above all that wait, is decided at once.
void Playout::skip_to(std::uint64_t sequence) {
  while (!waiting_.empty()) {
    settle_front();
  }
  tally_.missing(sequence - base_);
  base_ = sequence;
}

void Playout::note_least(Duration transit, MonoTime tx) {
  const std::int64_t number = second_of(tx);
  Second& second = seconds_[static_cast<std::uint64_t>(number) % kSeconds];
  if (second.number == number) {
    second.least = std::min(second.least, transit);
  } else if (second.number < number) {
    second = Second{number, transit};
  }
}

Duration Playout::least_about(MonoTime tx) {
  const std::int64_t number = second_of(tx);
  if (number == least_of_) {
    return least_;
  }
  std::optional<Duration> least;
  for (const Second& second : seconds_) {
    if (second.number >= number - kReachSeconds && second.number <= number + kReachSeconds) {
      least = std::min(least.value_or(second.least), second.least);
    }
  }
  least_of_ = number;
  least_ = least.value_or(Duration{0});
  return least_;
}

/// Ramjee et al. 1994: the smoothed delay and four times its smoothed deviation, here set anew
/// every second, as if a spurt of speech began; the gain is that of RFC 3550's jitter.
Duration Playout::buffer_for(Duration transit, Duration least, MonoTime tx) {
  if (!setup_.adaptive()) {
    return setup_.buffer;
  }
  constexpr double kGain = 1.0 / 16;
  constexpr double kDeviations = 4;
  const auto delay = static_cast<double>(transit.count());
  if (!mean_ns_) {
    mean_ns_ = delay;
    spurt_buffer_ = VoiceSetup::kDefaultBuffer;
    spurt_end_ = tx + Duration{kNsPerSecond};
  } else if (tx >= spurt_end_) {
    const double wanted =
        *mean_ns_ + kDeviations * deviation_ns_ - static_cast<double>(least.count());
    const auto low = static_cast<double>(VoiceSetup::kLeastBuffer.count());
    const auto high = static_cast<double>(VoiceSetup::kMostBuffer.count());
    spurt_buffer_ = Duration{std::llround(std::clamp(wanted, low, high))};
    spurt_end_ = tx + Duration{kNsPerSecond};
  }
  const double error = delay - *mean_ns_;
  *mean_ns_ += kGain * error;
  deviation_ns_ += kGain * (std::abs(error) - deviation_ns_);
  return spurt_buffer_;
}

void Playout::settle_front() {
  const Entry entry = waiting_.front();
  waiting_.pop_front();
  memory_.shrink(sizeof(Entry));
  ++base_;
  if (!entry.transit) {
    tally_.missing(1);
    return;
  }
  const Duration least = least_about(entry.tx);
  const Duration buffer = buffer_for(*entry.transit, least, entry.tx);
  tally_.arrived(entry.tx, buffer, *entry.transit - least <= buffer);
}

VoiceReport Playout::finish(std::uint64_t sent) {
  while (!waiting_.empty() && base_ < sent) {
    settle_front();
  }
  memory_.shrink(waiting_.size() * sizeof(Entry));
  waiting_.clear();
  if (sent > base_) {
    tally_.missing(sent - base_);
  }
  return tally_.finish();
}

}  // namespace udperf::voice
