#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/endpoint.hpp"
#include "base/time.hpp"

namespace udperf {

/// So many things a second from each source (an address, or an IPv6 /64), without remembering any:
/// a table of fixed size in which several sources may share a place, which only the seed tells.
class SourceMeter {
 public:
  /// `seed`: unpredictable, so that nobody can aim at the place of somebody else.
  SourceMeter(std::uint64_t seed, std::uint32_t per_second, std::uint32_t burst);

  /// False, and none has passed, where so many are too many now.
  [[nodiscard]] bool pass(const IpAddress& from, MonoTime now, std::uint32_t count = 1);
  /// One for something else, in which nothing has passed yet.
  [[nodiscard]] SourceMeter fresh(std::uint32_t per_second, std::uint32_t burst) const {
    return {seed_, per_second, burst};
  }

 private:
  static constexpr std::size_t kPlaces = 4096;

  [[nodiscard]] std::size_t place_of(const IpAddress& source) const;

  std::uint64_t seed_;
  Duration cost_;
  Duration burst_;
  std::vector<MonoTime> paid_at_;  ///< when all that has passed is paid for
};

}  // namespace udperf
