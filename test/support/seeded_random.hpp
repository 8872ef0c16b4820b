#pragma once

#include <cstdint>
#include <random>

#include "base/random.hpp"

namespace udperf::test {

/// The same bytes for a seed, everywhere.
class SeededRandom final : public RandomSource {
 public:
  explicit SeededRandom(std::uint64_t seed) : engine_(seed) {}

  void fill(std::span<std::byte> out) override {
    for (std::byte& byte : out) {
      byte = static_cast<std::byte>(engine_());
    }
  }
  /// True with this probability.
  bool chance(double p) { return std::uniform_real_distribution<double>{}(engine_) < p; }
  /// low .. high, both included.
  std::int64_t between(std::int64_t low, std::int64_t high) {
    return std::uniform_int_distribution<std::int64_t>{low, high}(engine_);
  }

 private:
  std::mt19937_64 engine_;
};

}  // namespace udperf::test
