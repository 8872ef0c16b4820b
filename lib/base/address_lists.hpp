#pragma once

#include <algorithm>
#include <vector>

#include "base/endpoint.hpp"

namespace udperf {

/// Whether lists of --allow (empty: everyone) and --deny let an address in.
[[nodiscard]] inline bool let_in(const std::vector<IpPrefix>& allow,
                                 const std::vector<IpPrefix>& deny, const IpAddress& address) {
  const auto in = [&address](const std::vector<IpPrefix>& list) {
    return std::any_of(list.begin(), list.end(),
                       [&address](const IpPrefix& prefix) { return prefix.contains(address); });
  };
  return !in(deny) && (allow.empty() || in(allow));
}

}  // namespace udperf
