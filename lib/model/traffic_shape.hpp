#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace udperf {

/// When the datagrams of a way with a rate are due (docs/traffic.md).
enum class Spacing : std::uint8_t {
  even = 0,     ///< equal gaps
  poisson = 1,  ///< exponential gaps (RFC 2330 s11.1)
  burst = 2,    ///< so many back to back, then the gap that keeps the mean
  frames = 3,   ///< frames at a rhythm, all datagrams of one back to back
  /// As a trace has it that only the sender knows, at the mean rate of the way; `sizes` has the
  /// mean length alone, and any up to the datagram size may come.
  trace = 4,
};

/// What a way is to be like, where it was asked for by name. For people and for whom it tells more
/// than the shape does; the shape says all of what is sent. Later versions may send others.
enum class Profile : std::uint8_t {
  none = 0,
  voip_g711 = 1,
  voip_g729 = 2,
  voip_opus = 3,
  video_5m = 4,
  gaming = 5,
  imix = 6,
  isochronous = 7,
  trace = 8,
};
/// "voip-g711"; empty for none, and for one that is not known here.
[[nodiscard]] std::string_view profile_name(Profile profile);

/// Frames as a video encoder makes them, of the way's rate in bit/s.
struct FrameRhythm {
  std::uint32_t per_1000_s = 0;  ///< frames in 1000 s, 1..kMostFrames; 0: there are none
  /// Of the logarithm of the sizes, in 1/10000: they are log-normal. At most kMostSigma.
  std::uint16_t sigma_e4 = 0;
  std::uint16_t key_every = 0;  ///< each so many-th is a key frame, 2..kMostKeyEvery; 0: none is
  std::uint16_t key_times = 0;  ///< which is so many times as large as others, 2..100

  bool operator==(const FrameRhythm&) const = default;
};
inline constexpr std::uint32_t kMostFrames = 100'000'000;
inline constexpr std::uint16_t kMostSigma = 20'000;
inline constexpr std::uint16_t kMostKeyEvery = 1000;
inline constexpr std::uint64_t kMostFrameBytes = 100'000'000;

/// One length of a mix and how often it comes.
struct SizeShare {
  std::uint16_t bytes = 0;   ///< of UDP payload; 0: the rest of the list is not used
  std::uint16_t weight = 0;  ///< 1..kMostWeight

  bool operator==(const SizeShare&) const = default;
};

inline constexpr std::size_t kMostSizes = 8;
/// Of all weights of a mix together: so many datagrams make up its cycle at most.
inline constexpr std::uint32_t kMostWeight = 4096;
/// So that every reader of JSON keeps the seed exactly.
inline constexpr std::uint64_t kMostSeed = (std::uint64_t{1} << 53U) - 1;
inline constexpr std::uint32_t kMostBurstPackets = 65535;

/// What makes the datagrams of one way differ from equal ones at equal distances.
struct TrafficShape {
  Spacing spacing = Spacing::even;
  std::uint32_t burst_packets = 0;  ///< with Spacing::burst: 2..kMostBurstPackets, else 0
  /// Lengths and weights; none: every datagram has TestParams::payload_bytes.
  std::array<SizeShare, kMostSizes> sizes{};
  FrameRhythm frames;  ///< with Spacing::frames

  [[nodiscard]] bool mixed() const { return sizes.front().bytes != 0; }
  /// The part of `sizes` that is used.
  [[nodiscard]] std::span<const SizeShare> mix() const;
  /// Whether lengths or gaps are drawn at random, by TestParams::seed.
  [[nodiscard]] bool drawn() const;
  bool operator==(const TrafficShape&) const = default;
};

/// The exact mean length of a way's datagrams: `bytes` in `packets` of them.
struct MeanLength {
  std::uint64_t bytes = 0;
  std::uint64_t packets = 1;
};
/// Precondition: shape.mixed().
[[nodiscard]] MeanLength mean_of(const TrafficShape& shape);
/// The largest of a mix. Precondition: shape.mixed().
[[nodiscard]] std::uint32_t largest_of(const TrafficShape& shape);

/// "even", "poisson", "burst:8", "frames:30" or "trace".
[[nodiscard]] std::string spacing_text(const TrafficShape& shape);
/// "64:7,570:4,1472:1"; empty without a mix.
[[nodiscard]] std::string sizes_text(const TrafficShape& shape);

/// What is wrong with a shape whose lengths must be `least` to `most` bytes, or nothing.
[[nodiscard]] std::optional<std::string> shape_problem(const TrafficShape& shape,
                                                       std::uint32_t least, std::uint32_t most);

}  // namespace udperf
