#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "base/time.hpp"
#include "model/voice.hpp"

namespace udperf::voice {

/// Counts what a listener missed, fed in sequence order: in all, and in the worst 10 s, which are
/// looked for second by second. Constant memory.
class CallTally {
 public:
  explicit CallTally(VoiceCodec codec) : codec_(codec) {}

  /// The next one was there when it was to be played, or not (`played`), under a buffer of so much.
  void arrived(MonoTime tx, Duration buffer, bool played);
  /// The next `count` ones never came; when they left is taken from their neighbours.
  void missing(std::uint64_t count) { missing_ += count; }
  /// No more follow.
  [[nodiscard]] VoiceReport finish();

 private:
  static constexpr std::int64_t kWindowSeconds = 10;
  struct Part {
    std::uint64_t packets = 0;
    std::uint64_t missed = 0;
    std::uint64_t runs = 0;
    std::uint64_t buffered = 0;
    double buffer_sum_ns = 0;

    void add(const Part& other);
    [[nodiscard]] VoiceTally tally() const;
  };

  void place_missing(MonoTime until, std::uint64_t divisor);
  void add_missed(std::uint64_t count);
  void move_to(MonoTime tx);
  void look_at_window(std::int64_t seconds);
  [[nodiscard]] bool worse(const VoiceTally& one, const VoiceTally& other) const;

  VoiceCodec codec_;
  Part whole_;
  std::array<Part, kWindowSeconds> seconds_{};
  std::int64_t second_ = 0;  ///< the one that is open, since the first departure
  std::optional<MonoTime> first_tx_;
  MonoTime last_tx_{};
  std::uint64_t missing_ = 0;  ///< since the last arrival
  std::uint64_t placed_ = 0;   ///< numbers from the first arrival to the last
  bool in_run_ = false;
  bool any_window_ = false;
  VoiceReport report_;
};

}  // namespace udperf::voice
