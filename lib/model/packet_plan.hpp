#pragma once

#include <cstdint>

#include "model/frame_cycle.hpp"
#include "model/size_cycle.hpp"
#include "model/test_params.hpp"

namespace udperf {

/// What a stream draws its lengths by: streams, and the two ways, do not draw the same.
[[nodiscard]] std::uint64_t seed_for(const TestParams& params, Way way, std::uint16_t stream);

/// The length of every datagram of one stream, known to both ends beforehand: the receiver refuses
/// a datagram of another length, and knows how many bytes were lost with any sequence number.
///
/// All datagrams are `payload_bytes` long, or as the way's mix (SizeCycle) or frames (FrameCycle)
/// have it, but the last ones
/// of a test of a given size: a remainder is sent as a shorter datagram, and where it would be
/// smaller than a header, the fewest datagrams that can do so share their bytes evenly
/// (docs/protocol.md, DATA).
class PacketPlan {
 public:
  /// The share of stream number `stream` (0 .. streams-1) in one way of `params`.
  /// Precondition: check_params(params) found nothing.
  static PacketPlan for_stream(const TestParams& params, Way way, std::uint16_t stream);
  /// The same where a remainder is cut down to `least` bytes a datagram and no further.
  static PacketPlan for_stream(const TestParams& params, Way way, std::uint16_t stream,
                               std::uint32_t least);

  /// Of its warm-up: the same lengths in the same order, until the time is over.
  static PacketPlan for_warm_up(const TestParams& params, Way way, std::uint16_t stream);

  /// Datagrams to send; UINT64_MAX when only time ends the test.
  [[nodiscard]] std::uint64_t packets() const { return packets_; }
  [[nodiscard]] bool limited() const { return packets_ != kUnlimited; }
  /// Of all datagrams but the last, or the largest of a mix.
  [[nodiscard]] std::uint32_t payload_bytes() const { return payload_bytes_; }

  /// Length of the datagram with this number. Precondition: sequence < packets().
  [[nodiscard]] std::uint32_t length(std::uint64_t sequence) const {
    if (sequence < first_short_) {
      return uniform() ? payload_bytes_ : length_in_turn(sequence);
    }
    return sequence < first_short_ + longer_ones_ ? short_bytes_ + 1 : short_bytes_;
  }

  /// The lengths are known to the sender alone; length() is the most that one may have.
  [[nodiscard]] bool open() const { return least_open_ != 0; }
  /// Whether a datagram with this number may have this length. Precondition: sequence < packets().
  [[nodiscard]] bool accepts(std::uint64_t sequence, std::size_t bytes) const {
    return open() ? bytes >= least_open_ && bytes <= payload_bytes_ : bytes == length(sequence);
  }

  /// Numbers from this one on share a remainder.
  [[nodiscard]] std::uint64_t first_short() const { return first_short_; }
  /// Datagrams from `sequence` on that have its length, 1 to `most`. Precondition: sequence <
  /// packets(), most > 0.
  [[nodiscard]] std::uint64_t run_at(std::uint64_t sequence, std::uint64_t most) const;

  /// Bytes of the first `count` datagrams. Precondition: count <= packets().
  [[nodiscard]] std::uint64_t bytes_of_first(std::uint64_t count) const;
  /// Bytes of `count` datagrams from `first` on. Precondition: first + count <= packets().
  [[nodiscard]] std::uint64_t bytes_of(std::uint64_t first, std::uint64_t count) const {
    return uniform() && first + count <= first_short_
               ? count * payload_bytes_
               : bytes_of_first(first + count) - bytes_of_first(first);
  }

  /// Whether the size that ends the test can be cut into datagrams for each of its streams.
  /// Preconditions: params.amount.size_bytes != 0; shapes and packet size are good.
  [[nodiscard]] static bool possible(const TestParams& params);

  /// Empty where the way has no frames.
  [[nodiscard]] const FrameCycle& frames() const { return frames_; }

 private:
  static constexpr std::uint64_t kUnlimited = UINT64_MAX;

  [[nodiscard]] bool uniform() const { return cycle_.empty() && frames_.empty(); }
  [[nodiscard]] std::uint32_t length_in_turn(std::uint64_t sequence) const;
  void take_order(const TestParams& params, Way way, std::uint16_t stream);
  /// Cuts `size` bytes; false where the last ones would have less than `least`.
  bool cut(std::uint64_t size, std::uint32_t least);
  [[nodiscard]] std::uint64_t full_bytes(std::uint64_t count) const;
  [[nodiscard]] std::uint64_t full_within(std::uint64_t size) const;

  std::uint64_t packets_ = kUnlimited;
  std::uint64_t first_short_ = kUnlimited;
  std::uint64_t longer_ones_ = 0;  ///< of the short ones, the first so many have one byte more
  std::uint32_t payload_bytes_ = 0;
  std::uint32_t short_bytes_ = 0;
  std::uint32_t least_open_ = 0;  ///< the least that one has, where lengths are not known; else 0
  SizeCycle cycle_;               ///< of a mix
  FrameCycle frames_;
};

}  // namespace udperf
