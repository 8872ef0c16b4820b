#include "sender/batch_room.hpp"

#include <algorithm>

#include "base/saturating.hpp"

namespace udperf::sender {
namespace {

/// Of bytes: as many as UDP_SEGMENT takes. Larger datagrams cost so much each that a call for each
/// is nothing beside it.
constexpr std::uint32_t kMostBytes = 65'536;

}  // namespace

std::uint32_t most_together(const TestParams& params, Way way, std::uint32_t length) {
  constexpr std::uint64_t kSlowPps = 200;
  constexpr std::uint32_t kFew = 8;
  const std::uint32_t fitting = std::max(kMostBytes / std::max(length, 1U), 1U);
  const SendRate& rate = params.rate(way);
  const Spacing spacing = params.shape(way).spacing;
  const bool single = (spacing == Spacing::even || spacing == Spacing::poisson) &&
                      params.burst == Duration{0};  // else as many as the user says
  if (!single || !rate.limited() || rate.adjusted()) {
    return fitting;
  }
  const MeanLength mean = params.mean_length(way);
  const std::uint64_t pps = saturating_mul_div(Uint128{payload_bps(params, way, rate)},
                                               mean.packets, Uint128{mean.bytes} * 8);
  return pps <= kSlowPps ? std::min(kFew, fitting) : fitting;
}

}  // namespace udperf::sender
