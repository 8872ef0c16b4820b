#include "session/light.hpp"

#include "base/saturating.hpp"
#include "session/admission.hpp"

namespace udperf::session {
namespace {

/// Whether no two datagrams of the way leave together.
bool comes_singly(const TestParams& params, Way way) {
  const Spacing spacing = params.shape(way).spacing;
  return spacing == Spacing::even || spacing == Spacing::poisson;
}

/// Datagrams in 1000 s; nothing where nobody knows.
std::optional<std::uint64_t> milli_pps(const TestParams& params, Way way) {
  const SendRate& rate = params.rate(way);
  switch (rate.kind) {
    case SendRate::Kind::packets:
      return rate.value;
    case SendRate::Kind::bits: {
      const MeanLength mean = params.mean_length(way);
      return saturating_mul_div(Uint128{rate.value} * 1000, mean.packets, Uint128{mean.bytes} * 8);
    }
    default:
      return std::nullopt;
  }
}

}  // namespace

bool is_light(const TestParams& params) {
  std::uint64_t packets = 0;
  for (const Way way : {Way::up, Way::down}) {
    if (includes(params.direction, way)) {
      const auto one = milli_pps(params, way);
      if (!one || !comes_singly(params, way)) {
        return false;
      }
      packets = saturating_add(packets, *one);
    }
  }
  return params.streams == 1 && packets <= kLightPacketsPerSecond * 1000 &&
         offered_bps(params) <= kLightBitsPerSecond;
}

bool is_heavy(const TestParams& params) {
  const auto heavy = [&params](Way way) {
    const auto packets = milli_pps(params, way);
    return !packets || *packets > kLightPacketsPerSecond * 1000 ||
           payload_bps(params, way, params.rate(way)) > kLightBitsPerSecond;
  };
  return (includes(params.direction, Way::up) && heavy(Way::up)) ||
         (includes(params.direction, Way::down) && heavy(Way::down));
}

bool has_light_streams(const TestParams& params) {
  TestParams one = params;
  for (SendRate* const rate : {&one.rate_up, &one.rate_down}) {
    rate->value = rate->value / one.streams + (rate->value % one.streams != 0 ? 1 : 0);
  }
  one.streams = 1;
  return params.streams > 1 && is_light(one);
}

}  // namespace udperf::session
