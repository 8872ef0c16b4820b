#pragma once

#include <cstdint>

#include "base/saturating.hpp"
#include "base/time.hpp"
#include "base/units.hpp"

namespace udperf::pacing {

/// The time one datagram takes at a rate, as an exact fraction of nanoseconds.
struct PacketPeriod {
  Uint128 numerator = 0;          ///< nanoseconds ...
  std::uint64_t denominator = 1;  ///< ... over this

  /// This sender has one of `streams` equal shares of the whole rate. Precondition:
  /// rate.limited().
  static PacketPeriod of(const SendRate& rate, std::uint32_t payload_bytes, std::uint32_t streams);
  /// The mean one, of datagrams of which `packets` have `bytes` together.
  static PacketPeriod of(const SendRate& rate, std::uint64_t bytes, std::uint64_t packets,
                         std::uint32_t streams);

  [[nodiscard]] Duration times(std::uint64_t n) const {
    return saturating_ns((numerator * n + denominator - 1) / denominator);
  }
  /// How many whole periods fit into `time`. Precondition: time >= 0.
  [[nodiscard]] std::uint64_t count_in(Duration time) const {
    const auto ns = static_cast<std::uint64_t>(time.count());
    return saturating_mul_div(Uint128{ns}, denominator, numerator);
  }
  [[nodiscard]] double ns() const {
    return static_cast<double>(numerator) / static_cast<double>(denominator);
  }
};

}  // namespace udperf::pacing
