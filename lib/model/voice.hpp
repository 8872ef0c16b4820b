#pragma once

#include <cstdint>
#include <optional>

#include "base/time.hpp"

namespace udperf {

/// Which speech coder a listener is taken to have (ITU-T G.711, G.729; RFC 6716). On the wire as
/// here.
enum class VoiceCodec : std::uint8_t {
  none = 0,  ///< nobody listens
  g711 = 1,
  g711_plc = 2,  ///< with packet loss concealment (G.711 Appendix I)
  g729 = 3,
  opus = 4,
};

/// How a listener is played what a receiver gets.
struct VoiceSetup {
  static constexpr Duration kLeastBuffer = std::chrono::milliseconds{20};
  static constexpr Duration kMostBuffer = std::chrono::milliseconds{500};
  static constexpr Duration kDefaultBuffer = std::chrono::milliseconds{60};
  /// Faster streams are no calls.
  static constexpr std::uint64_t kMostPerSecond = 1000;

  VoiceCodec codec = VoiceCodec::none;
  /// Of the de-jitter buffer, above the least delay: kLeastBuffer..kMostBuffer; 0 = adaptive.
  Duration buffer = kDefaultBuffer;

  [[nodiscard]] bool wanted() const { return codec != VoiceCodec::none; }
  [[nodiscard]] bool adaptive() const { return buffer == Duration{0}; }
  bool operator==(const VoiceSetup&) const = default;
};

/// What a listener missed in some stretch of a stream.
struct VoiceTally {
  std::uint64_t packets = 0;
  std::uint64_t missed = 0;     ///< of these, not there when they were to be played
  std::uint64_t runs = 0;       ///< of missed ones in a row
  std::int64_t buffer_ns = -1;  ///< mean delay of the buffer above the least delay; -1 = none

  bool operator==(const VoiceTally&) const = default;
};

/// What the de-jitter buffer at a stream's receiver came to.
struct VoiceReport {
  VoiceTally whole;
  /// The 10 s (or the test, where it is shorter) that sounded worst, and their begin and end since
  /// the first departure; nothing where there was none.
  VoiceTally worst;
  std::int64_t worst_start_ns = 0;
  std::int64_t worst_end_ns = 0;

  bool operator==(const VoiceReport&) const = default;
};

}  // namespace udperf
