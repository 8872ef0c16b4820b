#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string_view>

#include "base/random.hpp"

namespace udperf::crypto {

using Bytes = std::span<const std::byte>;
using Key = std::array<std::byte, 32>;
using Tag = std::array<std::byte, 16>;

/// HMAC-SHA-256 of the parts in order, cut to its first 128 bits (RFC 2104, RFC 4868 s2.1).
/// Each part is preceded by its length, so that no two different lists have the same input.
[[nodiscard]] Tag authenticate(const Key& key, std::initializer_list<Bytes> parts);

/// A key for one purpose: HMAC-SHA-256 over `purpose` and the parts. Different purposes give keys
/// that tell nothing about each other (the expand step of RFC 5869 with a single block).
[[nodiscard]] Key derive(const Key& key, std::string_view purpose,
                         std::initializer_list<Bytes> parts);

/// Takes the same time wherever the tags differ.
[[nodiscard]] bool equal(const Tag& a, const Tag& b);

/// A short unpredictable value for number `n`: SipHash-2-4 under the first 16 bytes of the key, cut
/// to 16 bits. Fast enough for once a batch.
[[nodiscard]] std::uint16_t token(const Key& key, std::uint64_t n);

/// An unpredictable number: SipHash-2-4 of `n` under the first 16 bytes of the key.
[[nodiscard]] std::uint64_t number(const Key& key, std::uint64_t n);

/// Authenticates what only we ourselves check, for less than a microsecond: SipHash-2-4 with 128
/// bits under the first 16 bytes of the key.
[[nodiscard]] Tag quick_tag(const Key& key, Bytes data);

/// SHA-256 of the bytes cut to 128 bits: a fingerprint, not a secret.
[[nodiscard]] Tag fingerprint(Bytes data);

/// The operating system's generator. Construct once, before threads start.
class SystemRandom final : public RandomSource {
 public:
  SystemRandom();
  void fill(std::span<std::byte> out) override;
};

}  // namespace udperf::crypto
