#include <algorithm>

#include "base/saturating.hpp"
#include "rounds/light_rounds.hpp"

namespace udperf::rounds {

TestParams light_params(std::uint64_t packets, std::uint32_t payload_bytes, Duration interval) {
  constexpr std::uint64_t kMilliPerPacket = 1000;
  const auto ns = static_cast<std::uint64_t>(std::max<Duration::rep>(interval.count(), 1));
  TestParams params;
  params.direction = Direction::both;
  params.payload_bytes = payload_bytes;
  params.amount.packets = packets;
  // Rounded up: it ends before the next one begins.
  const std::uint64_t rate = saturating_add(
      saturating_mul_div(Uint128{packets} * kMilliPerPacket, kNsPerSecond, Uint128{ns}), 1);
  params.rate_up = SendRate{SendRate::Kind::packets, rate};
  params.rate_down = params.rate_up;
  // Each datagram leaves alone.
  params.gso = OffloadMode::off;
  params.gro = OffloadMode::off;
  return params;
}

}  // namespace udperf::rounds
