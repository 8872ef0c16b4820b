#pragma once

#include <cstdint>

#include "base/units.hpp"

namespace udperf {

/// SplitMix64: a stream of numbers from a seed, the same on every host and with every library, as
/// both ends of a test must draw the same ones. Not for secrets.
class SeededBits {
 public:
  explicit SeededBits(std::uint64_t seed) : state_(seed) {}

  std::uint64_t next() {
    state_ += 0x9E3779B97F4A7C15U;
    std::uint64_t z = state_;
    z = (z ^ (z >> 30U)) * 0xBF58476D1CE4E5B9U;
    z = (z ^ (z >> 27U)) * 0x94D049BB133111EBU;
    return z ^ (z >> 31U);
  }
  /// 0 .. n-1, each as likely to 2^-64 * n. Precondition: n > 0.
  std::uint64_t below(std::uint64_t n) {
    return static_cast<std::uint64_t>((Uint128{next()} * n) >> 64U);
  }
  /// Above 0 and at most 1, in steps of 2^-53.
  double unit() { return (static_cast<double>(next() >> 11U) + 1) * 0x1p-53; }

 private:
  std::uint64_t state_;
};

}  // namespace udperf
