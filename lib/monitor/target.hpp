#pragma once

#include <cstdint>
#include <string>

#include "monitor/config.hpp"

namespace udperf::monitor {

/// One server that is watched: an entry of the configuration, or one of the addresses that a `dns`
/// entry stands for.
struct Target {
  std::uint64_t id = 0;  ///< of this process
  std::string name;
  TargetAddress address;
  std::string module;
  Labels labels;
};

}  // namespace udperf::monitor
