#include "net/egress_queue.hpp"

#include <linux/gen_stats.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>

#include <cstdlib>
#include <cstring>
#include <memory>
#include <optional>
#include <vector>

#include "net/device.hpp"

namespace udperf::net {
namespace {

/// The attributes of a discipline: where they begin, and their bytes.
struct Attributes {
  nlattr* first = nullptr;
  int bytes = 0;

  /// The first of this type; null where there is none.
  [[nodiscard]] const nlattr* find(int type) const { return ::nla_find(first, bytes, type); }
};

/// Calls `see` with each message of a dump, as far as they are whole.
template <typename See>
void for_each_message(std::span<const std::byte> dump, const See& see) {
  // libnl's steps take what they read for writable; none of them writes.
  void* const bytes = const_cast<std::byte*>(dump.data());
  auto left = static_cast<int>(dump.size());
  for (auto* message = static_cast<nlmsghdr*>(bytes); ::nlmsg_ok(message, left) != 0;
       message = ::nlmsg_next(message, &left)) {
    see(*message);
  }
}

/// Calls `see` with each discipline of the device in the dump, and its attributes.
template <typename See>
void for_each_discipline(std::span<const std::byte> dump, int device, const See& see) {
  for_each_message(dump, [device, &see](nlmsghdr& message) {
    if (message.nlmsg_type != RTM_NEWQDISC || ::nlmsg_valid_hdr(&message, sizeof(tcmsg)) == 0) {
      return;
    }
    const auto& discipline = *static_cast<const tcmsg*>(::nlmsg_data(&message));
    if (discipline.tcm_ifindex == device) {
      see(discipline, Attributes{::nlmsg_attrdata(&message, sizeof(tcmsg)),
                                 ::nlmsg_attrlen(&message, sizeof(tcmsg))});
    }
  });
}

/// Whether the dump goes on after these messages.
bool goes_on(std::span<const std::byte> dump) {
  bool ended = false;
  for_each_message(dump, [&ended](const nlmsghdr& message) {
    ended = ended || message.nlmsg_type == NLMSG_DONE || message.nlmsg_type == NLMSG_ERROR;
  });
  return !ended;
}

/// Calls `see` with each part of the dump of all disciplines. False where there is none, or no end.
template <typename See>
bool read_disciplines(int device, const See& see) {
  const std::unique_ptr<nl_sock, decltype(&::nl_socket_free)> socket{::nl_socket_alloc(),
                                                                     &::nl_socket_free};
  tcmsg wanted{};
  wanted.tcm_ifindex = device;
  if (device == 0 || !socket || ::nl_connect(socket.get(), NETLINK_ROUTE) < 0 ||
      ::nl_socket_set_nonblocking(socket.get()) < 0 ||
      ::nl_send_simple(socket.get(), RTM_GETQDISC, NLM_F_DUMP, &wanted, sizeof wanted) < 0) {
    return false;
  }
  constexpr int kMostReads = 64;  // a machine with thousands of devices is not waited for
  for (int i = 0; i < kMostReads; ++i) {
    // The kernel has queued the first part of the dump by the time it is asked for.
    sockaddr_nl from{};
    unsigned char* part = nullptr;
    const int length = ::nl_recv(socket.get(), &from, &part, nullptr);
    const std::unique_ptr<unsigned char, decltype(&std::free)> owner{part, &std::free};
    if (length <= 0) {
      return false;
    }
    const auto dump = std::as_bytes(std::span{part, static_cast<std::size_t>(length)});
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
  for_each_discipline(dump, device, [&found](const tcmsg&, const Attributes& attributes) {
    const nlattr* const kind = attributes.find(TCA_KIND);
    found = found || (kind != nullptr && ::nla_strcmp(kind, "fq") == 0);
  });
  return found;
}

std::optional<std::uint64_t> listed_drops(std::span<const std::byte> dump, int device) {
  std::optional<std::uint64_t> drops;
  for_each_discipline(
      dump, device, [&drops](const tcmsg& discipline, const Attributes& attributes) {
        // Classful disciplines add up what their children drop: only roots are asked.
        const nlattr* const stats =
            discipline.tcm_parent == TC_H_ROOT ? attributes.find(TCA_STATS2) : nullptr;
        const nlattr* const queue = stats != nullptr
                                        ? ::nla_find(static_cast<const nlattr*>(::nla_data(stats)),
                                                     ::nla_len(stats), TCA_STATS_QUEUE)
                                        : nullptr;
        gnet_stats_queue counts{};
        if (queue != nullptr && ::nla_len(queue) >= static_cast<int>(sizeof counts)) {
          std::memcpy(&counts, ::nla_data(queue), sizeof counts);
          drops = drops.value_or(0) + counts.drops;
        }
      });
  return drops;
}

std::string choose_device(std::span<const AddressedDevice> devices, const std::string& bound) {
  const AddressedDevice* first = nullptr;
  bool joins_others = false;
  for (const AddressedDevice& device : devices) {
    if (device.name == bound && device.has_address) {
      return bound;
    }
    joins_others = joins_others || (device.name == bound && device.joins_others);
    first = first == nullptr && device.has_address ? &device : first;
  }
  const bool any = bound.empty() || joins_others;
  return any ? (first != nullptr ? first->name : std::string{}) : bound;
}

int egress_device(const IpAddress& local, const std::string& bound) {
  std::vector<AddressedDevice> devices;
  for (const DeviceAddress& one : device_addresses()) {
    const bool has_address =
        one.address && one.address->family == local.family && one.address->bytes == local.bytes;
    devices.push_back({one.device, has_address, one.joins_others});
  }
  const std::string name = choose_device(devices, bound);
  return name.empty() ? 0 : static_cast<int>(::if_nametoindex(name.c_str()));
}

bool leaves_through_fq(int device) {
  bool found = false;
  read_disciplines(device, [&found, device](std::span<const std::byte> dump) {
    found = found || lists_fq(dump, device);
  });
  return found;
}

std::optional<std::uint64_t> egress_drops(int device) {
  std::optional<std::uint64_t> drops;
  const bool whole = read_disciplines(device, [&drops, device](std::span<const std::byte> dump) {
    if (const auto some = listed_drops(dump, device)) {
      drops = drops.value_or(0) + *some;
    }
  });
  return whole ? drops : std::nullopt;
}

}  // namespace udperf::net
