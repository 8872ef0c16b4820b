#pragma once

#include <cstdint>
#include <optional>

namespace udperf::receiver {

/// Tells datagrams that this host's socket dropped from those that the network lost.
///
/// The kernel counts dropped buffers, and a buffer is a whole batch where offload kept it whole. In
/// a gap between two reads, the number of batches missing (or of datagrams, where they travelled
/// singly) against the growth of the counter says whose the loss was: exactly when they agree, as a
/// bound otherwise.
class DropAttribution {
 public:
  /// One datagram's place, as its header says.
  struct Place {
    std::uint64_t sequence = 0;
    std::uint32_t batch = 0;
    std::uint8_t index = 0;
    std::uint8_t count = 1;
  };

  /// `merging`: the socket takes whole batches as one buffer (UDP_GRO), so that a dropped batch
  /// counts as one drop.
  explicit DropAttribution(bool merging) : merging_(merging) {}

  /// Numbers begin anew behind what `before` has seen: of the first gap its tail is a part, so that
  /// batches missing in it tell nothing.
  void follow(const DropAttribution& before) {
    last_drops_ = before.last_drops_;
    first_batch_ = before.last_ ? std::uint64_t{before.last_->batch} + 1 : 0;
    follows_ = true;
  }

  /// A read that began with `first` and ended with `last`; `drops` is the socket's counter then.
  void on_read(const Place& first, const Place& last, std::uint32_t drops);

  struct Verdict {
    std::uint64_t socket_datagrams = 0;
    bool is_bound = false;  ///< the true number may be larger or smaller, up to what is missing
  };

  /// The sum, given the sender's totals and the socket's counter at the very end.
  /// `sent`, `batches`: numbered datagrams and batches; `lost`: what is missing in all, the most
  /// that the verdict may be.
  [[nodiscard]] Verdict close(std::uint64_t sent, std::uint64_t batches, std::uint32_t drops,
                              std::uint64_t lost) const;

 private:
  struct Gap {
    std::uint64_t datagrams = 0;
    std::uint64_t batches = 0;  ///< between the two reads
    bool aligned = true;        ///< it begins and ends at the edge of a batch
    std::uint64_t drops = 0;
  };
  void judge(const Gap& gap);

  bool merging_;
  bool follows_ = false;
  std::uint64_t first_batch_ = 0;  ///< not before this one, modulo 2^32
  std::optional<Place> last_;      ///< the furthest datagram in sequence
  std::uint32_t last_drops_ = 0;
  std::uint64_t reads_ = 0;
  std::uint64_t read_datagrams_ = 0;
  std::uint64_t socket_ = 0;   ///< attributed exactly
  std::uint64_t surplus_ = 0;  ///< drops that no gap asked for: control messages, duplicates
  std::uint64_t needed_ = 0;   ///< drops that would explain the open gaps
  Gap open_;                   ///< gaps that the counter explains only in part
};

}  // namespace udperf::receiver
