#include "classic/alphabet_format.hpp"

namespace udperf::classic {
namespace {

constexpr std::uint32_t kLetters = 26;

}  // namespace

/// Enough for a batch that begins with any letter.
std::vector<std::byte> AlphabetFormat::make(std::uint32_t length, std::uint32_t capacity) const {
  std::vector<std::byte> out(std::size_t{length} * capacity + kLetters);
  for (std::size_t i = 0; i < out.size(); ++i) {
    out[i] = static_cast<std::byte>('a' + i % kLetters);
  }
  return out;
}

std::size_t AlphabetFormat::stamp(const sender::BatchStamp& stamp, std::span<std::byte> /*bytes*/,
                                  std::uint32_t length, std::uint32_t /*count*/) const {
  return stamp.first_sequence % kLetters * (length % kLetters) % kLetters;
}

}  // namespace udperf::classic
