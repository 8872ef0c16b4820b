#pragma once

#include <cstddef>
#include <span>

#include "base/endpoint.hpp"

namespace udperf::net {

/// Whether a netlink dump of queueing disciplines (RTM_GETQDISC) names fq on the device, as its
/// root or below a multi-queue root. The bytes come from the kernel, and are still checked.
[[nodiscard]] bool lists_fq(std::span<const std::byte> dump, int device);

/// Whether what leaves from this local address is scheduled by fq, the one discipline that obeys
/// SO_MAX_PACING_RATE for UDP (tc-fq(8)). False when it cannot be found out.
[[nodiscard]] bool leaves_through_fq(const IpAddress& local);

}  // namespace udperf::net
