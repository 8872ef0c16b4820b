#include "net/egress_queue.hpp"

#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sys/socket.h>

#include <array>
#include <cstring>
#include <ifaddrs.h>
#include <memory>
#include <optional>
#include <string_view>

#include "net/fd.hpp"
#include "net/socket_address.hpp"

namespace udperf::net {
namespace {

/// Copies a T from the head of `bytes`, or nothing where there are too few.
template <typename T>
std::optional<T> head_of(std::span<const std::byte> bytes) {
  if (bytes.size() < sizeof(T)) {
    return std::nullopt;
  }
  T value{};
  std::memcpy(&value, bytes.data(), sizeof value);
  return value;
}

/// Steps over one aligned record of `length`; empty at the end or where it does not fit.
std::span<const std::byte> after(std::span<const std::byte> bytes, std::size_t length) {
  const std::size_t step = (length + 3U) & ~std::size_t{3};
  return step >= bytes.size() ? std::span<const std::byte>{} : bytes.subspan(step);
}

/// Whether the attributes of one discipline name it fq.
bool is_fq(std::span<const std::byte> attributes) {
  while (const auto attribute = head_of<rtattr>(attributes)) {
    if (attribute->rta_len < sizeof(rtattr) || attribute->rta_len > attributes.size()) {
      return false;
    }
    if (attribute->rta_type == TCA_KIND) {
      const auto value = attributes.subspan(sizeof(rtattr), attribute->rta_len - sizeof(rtattr));
      const std::string_view kind{reinterpret_cast<const char*>(value.data()), value.size()};
      return kind == std::string_view{"fq\0", 3};
    }
    attributes = after(attributes, attribute->rta_len);
  }
  return false;
}

/// Whether the dump goes on after these messages.
bool goes_on(std::span<const std::byte> dump) {
  while (const auto header = head_of<nlmsghdr>(dump)) {
    if (header->nlmsg_type == NLMSG_DONE || header->nlmsg_type == NLMSG_ERROR ||
        header->nlmsg_len < sizeof(nlmsghdr)) {
      return false;
    }
    dump = after(dump, header->nlmsg_len);
  }
  return true;
}

/// Index of the device that has the address, or 0.
int device_of(const IpAddress& local) {
  ifaddrs* list = nullptr;
  if (::getifaddrs(&list) != 0) {
    return 0;
  }
  const std::unique_ptr<ifaddrs, decltype(&::freeifaddrs)> owner{list, &::freeifaddrs};
  for (const ifaddrs* entry = list; entry != nullptr; entry = entry->ifa_next) {
    if (entry->ifa_addr == nullptr) {
      continue;
    }
    IpAddress address;
    if (entry->ifa_addr->sa_family == AF_INET) {
      address = from_in_addr(reinterpret_cast<const sockaddr_in*>(entry->ifa_addr)->sin_addr);
    } else if (entry->ifa_addr->sa_family == AF_INET6) {
      const auto* const v6 = reinterpret_cast<const sockaddr_in6*>(entry->ifa_addr);
      address = from_in6_addr(v6->sin6_addr, local.scope_id);
    } else {
      continue;
    }
    if (address.family == local.family && address.bytes == local.bytes) {
      return static_cast<int>(::if_nametoindex(entry->ifa_name));
    }
  }
  return 0;
}

bool ask_for_disciplines(int fd, int device) {
  struct {
    nlmsghdr header;
    tcmsg body;
  } request{};
  request.header.nlmsg_len = sizeof request;
  request.header.nlmsg_type = RTM_GETQDISC;
  request.header.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
  request.body.tcm_family = AF_UNSPEC;
  request.body.tcm_ifindex = device;
  return ::send(fd, &request, sizeof request, 0) == static_cast<ssize_t>(sizeof request);
}

}  // namespace

bool lists_fq(std::span<const std::byte> dump, int device) {
  while (const auto header = head_of<nlmsghdr>(dump)) {
    if (header->nlmsg_len < sizeof(nlmsghdr) || header->nlmsg_len > dump.size()) {
      return false;
    }
    const auto body = dump.subspan(sizeof(nlmsghdr), header->nlmsg_len - sizeof(nlmsghdr));
    const auto discipline = head_of<tcmsg>(body);
    if (header->nlmsg_type == RTM_NEWQDISC && discipline && discipline->tcm_ifindex == device &&
        is_fq(after(body, sizeof(tcmsg)))) {
      return true;
    }
    dump = after(dump, header->nlmsg_len);
  }
  return false;
}

bool leaves_through_fq(const IpAddress& local) {
  const int device = device_of(local);
  const Fd fd{::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE)};
  if (device == 0 || !fd || !ask_for_disciplines(fd.get(), device)) {
    return false;
  }
  constexpr int kMostReads = 64;  // a machine with thousands of devices is not waited for
  std::array<std::byte, 32768> buffer{};
  for (int i = 0; i < kMostReads; ++i) {
    // The kernel has queued the first part of the dump by the time send() returns.
    const ssize_t length = ::recv(fd.get(), buffer.data(), buffer.size(), MSG_DONTWAIT);
    if (length <= 0) {
      return false;
    }
    const auto dump = std::span<const std::byte>{buffer}.first(static_cast<std::size_t>(length));
    if (lists_fq(dump, device)) {
      return true;
    }
    if (!goes_on(dump)) {
      return false;
    }
  }
  return false;
}

}  // namespace udperf::net
