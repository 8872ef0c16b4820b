#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "base/endpoint.hpp"

namespace udperf::net {

/// Whether a netlink dump of queueing disciplines (RTM_GETQDISC) names fq on the device, as its
/// root or below a multi-queue root. The bytes come from the kernel, and are still checked.
[[nodiscard]] bool lists_fq(std::span<const std::byte> dump, int device);

/// Sum of what the disciplines of the device have dropped, by a dump's TCA_STATS2; a multi-queue
/// root counts its children itself. Nothing where the dump names none of the device.
[[nodiscard]] std::optional<std::uint64_t> listed_drops(std::span<const std::byte> dump,
                                                        int device);

/// What the queueing disciplines of the device with this local address have dropped so far; nothing
/// where it cannot be found out.
[[nodiscard]] std::optional<std::uint64_t> egress_drops(const IpAddress& local);

/// Whether what leaves from this local address is scheduled by fq, the one discipline that obeys
/// SO_MAX_PACING_RATE for UDP (tc-fq(8)). False when it cannot be found out.
[[nodiscard]] bool leaves_through_fq(const IpAddress& local);

}  // namespace udperf::net
