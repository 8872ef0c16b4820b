#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/endpoint.hpp"
#include "base/result.hpp"

namespace udperf::net {

/// Lets the socket send and receive through this network interface only, or within this VRF
/// (SO_BINDTODEVICE), whatever the routes say; an empty name leaves it free. Before bind().
[[nodiscard]] Result<void> bind_to_device(int fd, const std::string& device);

/// The interface that a socket is bound to; empty where it is bound to none, or that is not known.
[[nodiscard]] std::string bound_device(int fd);

/// An error where no network interface has this name; it tells the nearest one that has. An empty
/// name is no error.
[[nodiscard]] Result<void> check_device(const std::string& device);

/// An interface of this host, with one of its addresses.
struct DeviceAddress {
  std::string device;
  std::optional<IpAddress> address;  ///< absent: an entry that is not of IP
  bool joins_others = false;         ///< it is the master of others: a bond, a bridge, a VRF
};

/// All that there are; empty where the system does not tell.
[[nodiscard]] std::vector<DeviceAddress> device_addresses();

}  // namespace udperf::net
