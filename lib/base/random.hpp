#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace udperf {

/// Where unpredictable bytes come from: the operating system in the program, a seeded generator in
/// tests. Not for the data path.
class RandomSource {
 public:
  RandomSource() = default;
  RandomSource(const RandomSource&) = delete;
  RandomSource& operator=(const RandomSource&) = delete;
  virtual ~RandomSource() = default;

  virtual void fill(std::span<std::byte> out) = 0;

  [[nodiscard]] std::uint64_t next_u64() {
    std::uint64_t value = 0;
    fill(std::as_writable_bytes(std::span{&value, 1}));
    return value;
  }
};

}  // namespace udperf
