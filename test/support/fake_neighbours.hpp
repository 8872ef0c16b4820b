#pragma once

#include "engine/service.hpp"

namespace udperf::test {

/// Services beside the one under test, as occupied as it is said here: not at all.
class FakeNeighbours final : public engine::Neighbours {
 public:
  [[nodiscard]] session::Occupancy beside(const engine::Service& /*self*/,
                                          const IpAddress& /*client*/,
                                          MonoTime /*now*/) const override {
    return occupancy;
  }
  [[nodiscard]] std::size_t sessions_beside(const engine::Service& /*self*/) const override {
    return sessions;
  }

  session::Occupancy occupancy;
  std::size_t sessions = 0;
};

}  // namespace udperf::test
