#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "base/endpoint.hpp"

namespace udperf::net {

/// Whether a netlink dump of queueing disciplines (RTM_GETQDISC) names fq on the device, as its
/// root or below a multi-queue root. The bytes come from the kernel, and are still checked.
[[nodiscard]] bool lists_fq(std::span<const std::byte> dump, int device);

/// Sum of what the disciplines of the device have dropped, by a dump's TCA_STATS2; a multi-queue
/// root counts its children itself. Nothing where the dump names none of the device.
[[nodiscard]] std::optional<std::uint64_t> listed_drops(std::span<const std::byte> dump,
                                                        int device);

/// A network interface, as far as it matters by which one datagrams leave.
struct AddressedDevice {
  std::string name;
  bool has_address = false;   ///< the local one that they leave from
  bool joins_others = false;  ///< a VRF or a bond: what leaves by it may leave by one of its own
};
/// Which of them datagrams leave by that are bound to `bound` (empty: to none): that one, or of a
/// VRF without the address the first that has it; empty where there is none. A device may be there
/// several times.
[[nodiscard]] std::string choose_device(std::span<const AddressedDevice> devices,
                                        const std::string& bound);

/// Index of the device by which datagrams leave from this local address, bound to `bound` (empty:
/// to none); 0 where there is none.
[[nodiscard]] int egress_device(const IpAddress& local, const std::string& bound);

/// What the queueing disciplines of the device have dropped so far; nothing where it cannot be
/// found out.
[[nodiscard]] std::optional<std::uint64_t> egress_drops(int device);

/// Whether what leaves through this device is scheduled by fq, the one discipline that obeys
/// SO_MAX_PACING_RATE for UDP (tc-fq(8)). False when it cannot be found out.
[[nodiscard]] bool leaves_through_fq(int device);

}  // namespace udperf::net
