#include "net/egress_queue.hpp"

#include <linux/gen_stats.h>
#include <linux/netlink.h>
#include <linux/pkt_sched.h>
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
      sockaddr_in v4{};  // a copy: a sockaddr need not be aligned as this one
      std::memcpy(&v4, entry->ifa_addr, sizeof v4);
      address = from_in_addr(v4.sin_addr);
    } else if (entry->ifa_addr->sa_family == AF_INET6) {
      sockaddr_in6 v6{};
      std::memcpy(&v6, entry->ifa_addr, sizeof v6);
      address = from_in6_addr(v6.sin6_addr, local.scope_id);
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

namespace {

/// The value of the first attribute of this type; nothing where there is none.
std::optional<std::span<const std::byte>> attribute_of(std::span<const std::byte> attributes,
                                                       unsigned type) {
  while (const auto attribute = head_of<rtattr>(attributes)) {
    if (attribute->rta_len < sizeof(rtattr) || attribute->rta_len > attributes.size()) {
      return std::nullopt;
    }
    if ((attribute->rta_type & NLA_TYPE_MASK) == type) {
      return attributes.subspan(sizeof(rtattr), attribute->rta_len - sizeof(rtattr));
    }
    attributes = after(attributes, attribute->rta_len);
  }
  return std::nullopt;
}

/// Calls `see` with each discipline of the device in the dump, and its attributes.
template <typename See>
void for_each_discipline(std::span<const std::byte> dump, int device, const See& see) {
  while (const auto header = head_of<nlmsghdr>(dump)) {
    if (header->nlmsg_len < sizeof(nlmsghdr) || header->nlmsg_len > dump.size()) {
      return;
    }
    const auto body = dump.subspan(sizeof(nlmsghdr), header->nlmsg_len - sizeof(nlmsghdr));
    const auto discipline = head_of<tcmsg>(body);
    if (header->nlmsg_type == RTM_NEWQDISC && discipline && discipline->tcm_ifindex == device) {
      see(*discipline, after(body, sizeof(tcmsg)));
    }
    dump = after(dump, header->nlmsg_len);
  }
}

/// Calls `see` with each part of the dump of the device's disciplines. False where there is none.
template <typename See>
bool read_disciplines(int device, const See& see) {
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
    see(dump);
    if (!goes_on(dump)) {
      return true;
    }
  }
  return false;
}

}  // namespace

bool lists_fq(std::span<const std::byte> dump, int device) {
  bool found = false;
  for_each_discipline(dump, device, [&found](const tcmsg&, std::span<const std::byte> attributes) {
    found = found || is_fq(attributes);
  });
  return found;
}

std::optional<std::uint64_t> listed_drops(std::span<const std::byte> dump, int device) {
  std::optional<std::uint64_t> drops;
  for_each_discipline(
      dump, device, [&drops](const tcmsg& discipline, std::span<const std::byte> attributes) {
        // Classful disciplines add up what their children drop: only roots are asked.
        const auto stats = discipline.tcm_parent == TC_H_ROOT ? attribute_of(attributes, TCA_STATS2)
                                                              : std::nullopt;
        const auto queue = stats ? attribute_of(*stats, TCA_STATS_QUEUE) : std::nullopt;
        if (const auto counts = queue ? head_of<gnet_stats_queue>(*queue) : std::nullopt) {
          drops = drops.value_or(0) + counts->drops;
        }
      });
  return drops;
}

bool leaves_through_fq(const IpAddress& local) {
  const int device = device_of(local);
  bool found = false;
  read_disciplines(device, [&found, device](std::span<const std::byte> dump) {
    found = found || lists_fq(dump, device);
  });
  return found;
}

std::optional<std::uint64_t> egress_drops(const IpAddress& local) {
  const int device = device_of(local);
  std::optional<std::uint64_t> drops;
  const bool whole = read_disciplines(device, [&drops, device](std::span<const std::byte> dump) {
    if (const auto some = listed_drops(dump, device)) {
      drops = drops.value_or(0) + *some;
    }
  });
  return whole ? drops : std::nullopt;
}

}  // namespace udperf::net
