#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>

#include "base/saturating.hpp"
#include "base/time.hpp"
#include "base/units.hpp"

namespace udperf::iperf3 {

/// Whether what arrives keeps to a rate, over a window that is looked at every so often. Pure.
class RateWatch {
 public:
  /// So much more is no fault: headers of a shaper, a clump at the window's edge.
  static constexpr std::uint64_t kSlackPercent = 10;

  /// `every`: between two looks, > 0; the window is a multiple of it, at least once.
  RateWatch(Duration window, Duration every)
      : samples_(static_cast<std::size_t>(std::max<Duration::rep>(window / every, 1))),
        every_(every) {}

  /// A look: `bytes` have arrived since the beginning. True where the latest whole window had more
  /// than `most` and the slack.
  [[nodiscard]] bool exceeds(std::uint64_t bytes, BitRate most) {
    arrived_.push_back(bytes);
    if (arrived_.size() <= samples_) {
      return false;
    }
    const std::uint64_t before = arrived_.front();
    arrived_.pop_front();
    const Uint128 bits = Uint128{bytes - std::min(before, bytes)} * 8 * 1000;
    const std::uint64_t ms = samples_ * static_cast<std::uint64_t>(every_.count() / 1'000'000);
    return bits / std::max<std::uint64_t>(ms, 1) >
           Uint128{most.bps()} * (100 + kSlackPercent) / 100;
  }

 private:
  std::size_t samples_;
  Duration every_;
  std::deque<std::uint64_t> arrived_;  ///< bytes at each look of the window, the latest last
};

}  // namespace udperf::iperf3
