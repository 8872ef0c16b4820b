#pragma once

#include <cstdint>
#include <vector>

#include "model/traffic_shape.hpp"

namespace udperf {

/// Standard deviation of the frames of a turn over their mean, without key frames: they are the
/// quantiles of a log-normal distribution, which has a longer tail than they. Rises with sigma.
[[nodiscard]] double frame_deviation(std::uint16_t sigma_e4);

/// The datagrams of frames that are sent at a rhythm, again and again: what a frame has is cut into
/// datagrams of the agreed size and a shorter last one. Sizes of frames differ as the rhythm says;
/// their mean over a turn is what the rate has for a frame. Whole numbers throughout, so that both
/// ends come to the same.
class FrameCycle {
 public:
  struct Settings {
    FrameRhythm rhythm;
    std::uint64_t rate_bps = 0;       ///< payload of this stream
    std::uint32_t payload_bytes = 0;  ///< of all datagrams but a frame's last
    std::uint32_t least = 0;          ///< no datagram, and no frame, has fewer bytes
    std::uint64_t seed = 0;
  };

  FrameCycle() = default;
  explicit FrameCycle(const Settings& settings);

  [[nodiscard]] bool empty() const { return frames_.empty(); }
  /// Datagrams of one turn.
  [[nodiscard]] std::uint64_t packets() const { return packets_; }
  [[nodiscard]] std::uint64_t bytes() const { return bytes_; }
  /// Frames of one turn.
  [[nodiscard]] std::uint64_t frames() const { return frames_.size(); }
  /// Bytes of the largest of them; 0 where there is none.
  [[nodiscard]] std::uint64_t largest() const;

  // Precondition of what follows: not empty().
  [[nodiscard]] std::uint32_t length(std::uint64_t sequence) const;
  /// Bytes of the first `count` datagrams; saturates.
  [[nodiscard]] std::uint64_t bytes_of_first(std::uint64_t count) const;
  /// The most datagrams from the first on that have at most `size` bytes together.
  [[nodiscard]] std::uint64_t count_within(std::uint64_t size) const;
  /// Datagrams from `sequence` on with its length, at most `most` of them; none of the next frame.
  [[nodiscard]] std::uint64_t run_at(std::uint64_t sequence, std::uint64_t most) const;
  /// Datagrams of frame number `frame`, counted over all turns.
  [[nodiscard]] std::uint64_t packets_of_frame(std::uint64_t frame) const;

 private:
  struct Frame {
    std::uint64_t packets_before = 0;
    std::uint64_t bytes_before = 0;
    std::uint64_t packets = 0;
    std::uint64_t bytes = 0;
  };
  void add_frame(std::uint64_t bytes, std::uint32_t least);
  [[nodiscard]] const Frame& frame_at(std::uint64_t packet) const;
  [[nodiscard]] std::uint32_t length_in(const Frame& frame, std::uint64_t index) const;

  std::vector<Frame> frames_;
  std::uint64_t packets_ = 0;
  std::uint64_t bytes_ = 0;
  std::uint32_t payload_bytes_ = 0;
};

}  // namespace udperf
