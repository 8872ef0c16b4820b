#pragma once

#include <cstdint>
#include <optional>

#include "base/time.hpp"
#include "model/outcome.hpp"

namespace udperf::search {

/// What is looked for.
struct Goal {
  Way way = Way::up;
  double max_loss = 0;  ///< 0..1: more than this share lost, and a rate has failed
  std::optional<double> max_rate_bps;
  std::optional<double> min_rate_bps;
  Duration time = std::chrono::seconds{15};
  double resolution = 0.01;  ///< of the answer
  std::uint32_t payload_bytes = kAutoPayloadV4;
};

}  // namespace udperf::search
