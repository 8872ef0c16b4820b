#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <optional>

#include "base/memory_account.hpp"
#include "base/time.hpp"
#include "model/voice.hpp"
#include "voice/call_tally.hpp"

namespace udperf::voice {

/// The de-jitter buffer of a listener, played over the arrivals of one stream: what is not there
/// when its turn comes is missed. Not thread-safe.
///
/// A datagram is played one buffer after the least delay of the minute before and after it, so that
/// clocks that drift apart bend nothing and a test of up to a minute has one least delay. So its
/// fate is known a minute later; what is kept is bounded by that and by kMostWaiting. A stream that
/// is no faster than VoiceSetup::kMostPerSecond stays within it.
class Playout {
 public:
  static constexpr std::size_t kMostWaiting = 65536;
  /// For each datagram so many missing ones may wait, too, as each takes time; beyond, fates are
  /// decided before their time. A call that hears so little is none.
  static constexpr std::uint64_t kMissingForEach = 64;

  /// Where `memory` (null: no limit) grants no more, fates are decided before their time.
  explicit Playout(const VoiceSetup& setup, MemoryAccount* memory = nullptr);

  /// First copies of `count` numbers from `first` on: `transit` is arrival less departure by any
  /// two clocks, `tx` the departure. A copy of what was here already changes nothing.
  void arrived(std::uint64_t first, std::uint64_t count, Duration transit, MonoTime tx);

  /// Of the numbers below `sent`; what was not arrived() is missed. Call once.
  [[nodiscard]] VoiceReport finish(std::uint64_t sent);

 private:
  struct Entry {
    MonoTime tx;  ///< of a number that is missing: of the one that passed it
    std::optional<Duration> transit;
  };
  /// The least delay among the departures of one second.
  struct Second {
    std::int64_t number = INT64_MIN;
    Duration least{0};
  };
  static constexpr std::size_t kSeconds = 256;

  void arrived_one(std::uint64_t sequence, Duration transit, MonoTime tx);
  void make_room_for(std::uint64_t sequence);
  void skip_to(std::uint64_t sequence);
  void note_least(Duration transit, MonoTime tx);
  void settle_front();
  [[nodiscard]] Duration least_about(MonoTime tx);
  [[nodiscard]] Duration buffer_for(Duration transit, Duration least, MonoTime tx);

  VoiceSetup setup_;
  std::deque<Entry> waiting_;
  std::uint64_t base_ = 0;                 ///< number of the first of them
  std::uint64_t may_miss_ = kMostWaiting;  ///< so many missing ones may be kept waiting
  MonoTime latest_tx_ = MonoTime::min();
  std::array<Second, kSeconds> seconds_{};
  std::int64_t least_of_ = INT64_MIN;  ///< second that least_ is known for
  Duration least_{0};
  CallTally tally_;
  // of an adaptive buffer
  std::optional<double> mean_ns_;
  double deviation_ns_ = 0;
  MonoTime spurt_end_ = MonoTime::min();
  Duration spurt_buffer_ = VoiceSetup::kLeastBuffer;
  MemoryShare memory_;
};

}  // namespace udperf::voice
