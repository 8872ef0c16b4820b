#include "voice/call_tally.hpp"

#include <algorithm>
#include <cmath>

#include "voice/e_model.hpp"

namespace udperf::voice {
namespace {

/// Longer silences are not walked through second by second: departures come from the wire.
constexpr Duration kLongestWalk = std::chrono::minutes{2};

}  // namespace

void CallTally::Part::add(const Part& other) {
  packets += other.packets;
  missed += other.missed;
  runs += other.runs;
  buffered += other.buffered;
  buffer_sum_ns += other.buffer_sum_ns;
}

VoiceTally CallTally::Part::tally() const {
  VoiceTally out{packets, missed, runs, -1};
  if (buffered > 0) {
    out.buffer_ns = std::llround(buffer_sum_ns / static_cast<double>(buffered));
  }
  // The run that a window begins with began before it.
  out.runs = missed > 0 ? std::max<std::uint64_t>(runs, 1) : 0;
  return out;
}

void CallTally::arrived(MonoTime tx, Duration buffer, bool played) {
  if (!first_tx_) {
    first_tx_ = tx;
    last_tx_ = tx;
    add_missed(missing_);  // before the first arrival: no time is known, nor needed
    missing_ = 0;
  }
  const MonoTime at = std::max(tx, last_tx_);  // in sequence order time does not go back
  place_missing(at, missing_ + 1);
  move_to(at);
  last_tx_ = at;
  ++placed_;
  Part& part = seconds_[static_cast<std::size_t>(second_ % kWindowSeconds)];
  for (Part* each : {&part, &whole_}) {
    ++each->buffered;
    each->buffer_sum_ns += static_cast<double>(buffer.count());
  }
  if (!played) {
    add_missed(1);
    return;
  }
  in_run_ = false;
  ++part.packets;
  ++whole_.packets;
}

/// Spreads what is missing evenly from the last departure known to `until`, second by second.
void CallTally::place_missing(MonoTime until, std::uint64_t divisor) {
  const MonoTime from = last_tx_;
  const Duration length = until - from;
  const double step = length > kLongestWalk || missing_ == 0
                          ? 0.0
                          : static_cast<double>(length.count()) / static_cast<double>(divisor);
  std::uint64_t done = 0;
  while (done < missing_) {
    move_to(from + Duration{std::llround(step * static_cast<double>(done + 1))});
    // How many of them lie in the second that is open now.
    const MonoTime end = *first_tx_ + Duration{(second_ + 1) * kNsPerSecond};
    const double fit = step > 0 ? std::ceil(static_cast<double>((end - from).count()) / step) -
                                      static_cast<double>(done) - 1
                                : 1e18;
    const auto rest = static_cast<double>(missing_ - done);
    const auto count = static_cast<std::uint64_t>(std::clamp(fit, 1.0, rest));
    add_missed(count);
    done += count;
  }
  placed_ += missing_;
  missing_ = 0;
}

void CallTally::add_missed(std::uint64_t count) {
  if (count == 0) {
    return;
  }
  Part& part = seconds_[static_cast<std::size_t>(second_ % kWindowSeconds)];
  for (Part* each : {&part, &whole_}) {
    each->packets += count;
    each->missed += count;
    each->runs += in_run_ ? 0 : 1;
  }
  in_run_ = true;
}

void CallTally::move_to(MonoTime tx) {
  const std::int64_t second = (tx - *first_tx_).count() / kNsPerSecond;
  // What nothing was sent in for longer than a window has nothing to be looked at.
  for (std::int64_t steps = 0; second_ < second; ++steps) {
    if (steps > kWindowSeconds) {
      second_ = second;
      break;
    }
    if (second_ + 1 >= kWindowSeconds) {
      look_at_window(second_ + 1);
    }
    ++second_;
    seconds_[static_cast<std::size_t>(second_ % kWindowSeconds)] = Part{};
  }
}

/// The window that ends with the second before `seconds`.
void CallTally::look_at_window(std::int64_t seconds) {
  Part window;
  for (const Part& part : seconds_) {
    window.add(part);
  }
  const VoiceTally tally = window.tally();
  if (tally.packets == 0 || (any_window_ && !worse(tally, report_.worst))) {
    return;
  }
  any_window_ = true;
  report_.worst = tally;
  report_.worst_start_ns = std::max<std::int64_t>(seconds - kWindowSeconds, 0) * kNsPerSecond;
  report_.worst_end_ns = seconds * kNsPerSecond;
}

bool CallTally::worse(const VoiceTally& one, const VoiceTally& other) const {
  const CodecFigures& codec = figures(codec_);
  const auto opinion = [&codec](const VoiceTally& tally) {
    return judge(
        codec, tally,
        Duration{std::max<std::int64_t>(tally.buffer_ns, 0)} + codec.packet + codec.look_ahead);
  };
  const auto a = opinion(one);
  const auto b = opinion(other);
  if (a && b && a->r != b->r) {
    return a->r < b->r;
  }
  // No figures for the codec, or both beyond the scale: the greater share missed.
  return static_cast<double>(one.missed) * static_cast<double>(other.packets) >
         static_cast<double>(other.missed) * static_cast<double>(one.packets);
}

VoiceReport CallTally::finish() {
  if (!first_tx_) {
    add_missed(missing_);
    report_.whole = whole_.tally();
    return report_;
  }
  const MonoTime first = *first_tx_;
  if (missing_ > 0) {
    // As far apart as those before.
    const double step = placed_ > 1 ? static_cast<double>((last_tx_ - first).count()) /
                                          static_cast<double>(placed_ - 1)
                                    : 0.0;
    const auto longest = static_cast<double>(2 * Duration{kLongestWalk}.count());
    const double length = std::min(step * static_cast<double>(missing_), longest);
    place_missing(last_tx_ + Duration{std::llround(length)}, missing_);
  }
  look_at_window(second_ + 1);
  report_.whole = whole_.tally();
  return report_;
}

}  // namespace udperf::voice
