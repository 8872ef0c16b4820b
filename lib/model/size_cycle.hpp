#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "model/traffic_shape.hpp"

namespace udperf {

/// The lengths of a mix in the order in which they are sent, again and again: every weight's worth
/// of each length, shuffled by a seed. The same at both ends, whatever their library.
class SizeCycle {
 public:
  /// So many datagrams at least before the order comes again, lest a short pattern shows.
  static constexpr std::uint32_t kUsualTurn = 1024;

  SizeCycle() = default;
  /// Precondition: shape_problem() found nothing.
  SizeCycle(const TrafficShape& shape, std::uint64_t seed);

  /// Datagrams of a turn, without making one. Any shape with a mix will do.
  [[nodiscard]] static std::uint64_t packets_of(const TrafficShape& shape);

  /// No mix: the lengths are not this one's matter.
  [[nodiscard]] bool empty() const { return before_.empty(); }
  /// Datagrams of one turn.
  [[nodiscard]] std::uint64_t packets() const { return empty() ? 0 : before_.size() - 1; }
  [[nodiscard]] std::uint64_t bytes() const { return before_.back(); }

  // Precondition of what follows: not empty().
  [[nodiscard]] std::uint32_t length(std::uint64_t sequence) const {
    const std::uint64_t at = sequence % packets();  // NOLINT(clang-analyzer-core.DivideZero)
    return before_[at + 1] - before_[at];
  }
  /// Bytes of the first `count` datagrams; saturates.
  [[nodiscard]] std::uint64_t bytes_of_first(std::uint64_t count) const;
  /// The most datagrams from the first on that have at most `size` bytes together.
  [[nodiscard]] std::uint64_t count_within(std::uint64_t size) const;
  /// Datagrams from `sequence` on with its length, at most `most` of them.
  [[nodiscard]] std::uint64_t run_at(std::uint64_t sequence, std::uint64_t most) const;

 private:
  std::vector<std::uint32_t> before_;  ///< bytes before each of a turn's datagrams, and of all
};

}  // namespace udperf
