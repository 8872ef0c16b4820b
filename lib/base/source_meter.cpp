#include "base/source_meter.hpp"

#include <algorithm>
#include <bit>

#include "base/source_accounts.hpp"

namespace udperf {

SourceMeter::SourceMeter(std::uint64_t seed, std::uint32_t per_second, std::uint32_t burst)
    : seed_(seed),
      cost_(std::chrono::nanoseconds{1'000'000'000 / per_second}),
      burst_(cost_ * burst),
      paid_at_(kPlaces) {}

std::size_t SourceMeter::place_of(const IpAddress& source) const {
  // Murmur's mixing steps over the prefix, from a start that nobody knows.
  constexpr std::uint64_t kFactor = 0xFF51AFD7ED558CCDULL;
  std::uint64_t hash = seed_ ^ static_cast<std::uint64_t>(source.family);
  for (std::size_t i = 0; i < 8; ++i) {
    hash = (hash ^ source.bytes[i]) * kFactor;
    hash ^= std::rotr(hash, 29) + seed_;
  }
  return (hash ^ (hash >> 32U)) % kPlaces;
}

bool SourceMeter::pass(const IpAddress& from, MonoTime now, std::uint32_t count) {
  MonoTime& paid = paid_at_[place_of(source_of(from))];
  const MonoTime then = std::max(paid, now) + cost_ * count;
  if (then - now > burst_) {
    return false;
  }
  paid = then;
  return true;
}

}  // namespace udperf
