#pragma once

#include <cstdint>

#include "model/test_params.hpp"

namespace udperf::sender {

/// Datagrams of `length` bytes of one stream that ever leave together, even after a late wake-up,
/// whatever the port takes: what is kept for a batch is bounded, and a slow sender, of which there
/// may be thousands, needs no room for a batch of a fast one.
[[nodiscard]] std::uint32_t most_together(const TestParams& params, Way way, std::uint32_t length);

/// What they take in memory, of a stream whose datagrams have one length.
[[nodiscard]] inline std::uint64_t most_batch_bytes(const TestParams& params, Way way) {
  return std::uint64_t{most_together(params, way, params.payload_bytes)} * params.payload_bytes;
}

}  // namespace udperf::sender
