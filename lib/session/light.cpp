#include "session/light.hpp"

#include "base/saturating.hpp"
#include "session/admission.hpp"

namespace udperf::session {
namespace {

/// Datagrams in 1000 s; nothing where nobody knows, or where many come at a time.
std::optional<std::uint64_t> milli_pps(const TestParams& params, Way way) {
  const SendRate& rate = params.rate(way);
  const Spacing spacing = params.shape(way).spacing;
  if (spacing != Spacing::even && spacing != Spacing::poisson) {
    return std::nullopt;
  }
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
      if (!one) {
        return false;
      }
      packets = saturating_add(packets, *one);
    }
  }
  return params.streams == 1 && packets <= kLightPacketsPerSecond * 1000 &&
         offered_bps(params) <= kLightBitsPerSecond;
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
