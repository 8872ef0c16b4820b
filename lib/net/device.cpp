#include "net/device.hpp"

#include <net/if.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <ifaddrs.h>
#include <iterator>
#include <memory>
#include <string_view>
#include <vector>

#include "base/nearest_word.hpp"
#include "net/socket_address.hpp"

namespace udperf::net {
namespace {

std::vector<std::string> device_names() {
  std::vector<std::string> names;
  if (auto* const list = ::if_nameindex(); list != nullptr) {
    for (const auto* one = list; one->if_name != nullptr; ++one) {
      names.emplace_back(one->if_name);
    }
    ::if_freenameindex(list);
  }
  return names;
}

Error no_such_device(const std::string& device) {
  const std::vector<std::string> names = device_names();
  const std::vector<std::string_view> views{names.begin(), names.end()};
  std::string text = "--bind-dev " + device + ": there is no such network interface here";
  if (const auto nearest = nearest_word(device, views)) {
    text += "; did you mean " + std::string{*nearest} + "?";
  }
  return Error{ErrorCode::usage, std::move(text), 0, {}};
}

/// Nothing for what is not IP.
std::optional<IpAddress> address_of(const ifaddrs& entry) {
  if (entry.ifa_addr == nullptr) {
    return std::nullopt;
  }
  if (entry.ifa_addr->sa_family == AF_INET) {
    sockaddr_in v4{};  // a copy: a sockaddr need not be aligned as this one
    std::memcpy(&v4, entry.ifa_addr, sizeof v4);
    return from_in_addr(v4.sin_addr);
  }
  if (entry.ifa_addr->sa_family == AF_INET6) {
    sockaddr_in6 v6{};
    std::memcpy(&v6, entry.ifa_addr, sizeof v6);
    return from_in6_addr(v6.sin6_addr, v6.sin6_scope_id);
  }
  return std::nullopt;
}

}  // namespace

Result<void> bind_to_device(int fd, const std::string& device) {
  if (device.empty() || ::setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, device.c_str(),
                                     static_cast<socklen_t>(device.size())) == 0) {
    return {};
  }
  const int reason = errno;
  if (reason == ENODEV) {
    return tl::unexpected{no_such_device(device)};
  }
  std::string what = "--bind-dev " + device;
  if (reason == EPERM) {
    what += ": needs root, or CAP_NET_RAW, on this system";  // so before Linux 5.7
  }
  return system_error(reason, std::move(what));
}

std::string bound_device(int fd) {
  std::array<char, IFNAMSIZ + 1> name{};
  socklen_t size = IFNAMSIZ;
  return ::getsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, name.data(), &size) == 0
             ? std::string{name.data()}
             : std::string{};
}

Result<void> check_device(const std::string& device) {
  if (!device.empty() && ::if_nametoindex(device.c_str()) == 0) {
    return tl::unexpected{no_such_device(device)};
  }
  return {};
}

std::vector<DeviceAddress> device_addresses() {
  ifaddrs* list = nullptr;
  if (::getifaddrs(&list) != 0) {
    return {};
  }
  const std::unique_ptr<ifaddrs, decltype(&::freeifaddrs)> owner{list, &::freeifaddrs};
  std::vector<DeviceAddress> all;
  for (const ifaddrs* entry = list; entry != nullptr; entry = entry->ifa_next) {
    all.push_back({entry->ifa_name, address_of(*entry), (entry->ifa_flags & IFF_MASTER) != 0});
  }
  return all;
}

}  // namespace udperf::net
