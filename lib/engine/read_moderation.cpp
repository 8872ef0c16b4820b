#include "engine/read_moderation.hpp"

#include <algorithm>

namespace udperf::engine {
namespace {

constexpr Duration kWindow = std::chrono::microseconds{500};
constexpr Duration kLongestRest = std::chrono::microseconds{100};
constexpr Duration kShortest = std::chrono::microseconds{10};  // less is not worth a timer
// Reads in a window from which on a wake-up each is too many: 40000 a second.
constexpr std::uint64_t kBusy = 20;
// Larger reads are few for what they carry, and letting them pile up leaves the caches behind.
constexpr std::uint64_t kLargeRead = 16384;
// Such a pause may fill this part of the buffer, in which a datagram takes this much beyond its
// bytes.
constexpr std::uint64_t kBufferShare = 16;
constexpr std::uint64_t kOverhead = 2048;

}  // namespace

Duration ReadModeration::after(std::uint64_t reads, std::uint64_t bytes, MonoTime now) {
  window_reads_ += reads;
  window_bytes_ += bytes + reads * kOverhead;
  const Duration elapsed = now - window_start_;
  if (elapsed >= kWindow) {
    rest_ = Duration{0};
    const bool steady = elapsed < 2 * kWindow;  // longer: it was asleep, and what came is a start
    const bool small = window_bytes_ <= window_reads_ * (kLargeRead + kOverhead);
    if (steady && small && window_reads_ >= kBusy) {
      const auto room = static_cast<std::int64_t>(buffer_bytes_ / kBufferShare);
      const auto filled = static_cast<std::int64_t>(std::max<std::uint64_t>(window_bytes_, 1));
      const Duration fits{elapsed.count() * room / filled};
      rest_ = fits < kShortest ? Duration{0} : std::min(fits, kLongestRest);
    }
    window_start_ = now;
    window_reads_ = 0;
    window_bytes_ = 0;
  }
  return reads > 0 ? rest_ : Duration{0};
}

}  // namespace udperf::engine
