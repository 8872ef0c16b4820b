// linux/errqueue.h uses timespec without saying so.
// clang-format off
#include <ctime>
#include <linux/errqueue.h>
// clang-format on
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "net/control_message.hpp"
#include "net/receive_buffers.hpp"
#include "net/udp_port.hpp"

#ifndef SO_MEMINFO
#define SO_MEMINFO 55
#endif

namespace udperf::net {
namespace {

Duration read_clock(clockid_t id) {
  timespec ts{};
  ::clock_gettime(id, &ts);
  return std::chrono::seconds{ts.tv_sec} + std::chrono::nanoseconds{ts.tv_nsec};
}

}  // namespace

/// Both clocks after a read: turns the kernel's wall-clock stamp into an age, and that into a
/// moment on the monotonic clock, so that a stepped wall clock cannot move more than one read.
struct ReadTime {
  Duration wall = read_clock(CLOCK_REALTIME);
  MonoTime mono{read_clock(CLOCK_MONOTONIC)};

  [[nodiscard]] std::optional<MonoTime> arrival(const timespec& stamp) const {
    constexpr Duration kLongest = std::chrono::seconds{30};  // older: the clock has stepped
    const Duration age =
        wall - (std::chrono::seconds{stamp.tv_sec} + std::chrono::nanoseconds{stamp.tv_nsec});
    if (age < Duration{0} || age > kLongest) {
      return std::nullopt;
    }
    return mono - age;
  }
};

namespace {

void read_socket_control(const cmsghdr* header, const ReadTime& time, Received& out) {
  if (header->cmsg_type == SCM_TIMESTAMPNS) {
    if (const auto at = time.arrival(payload_of<timespec>(header))) {
      out.at = *at;
      out.kernel_stamp = true;
    }
  } else if (header->cmsg_type == SO_RXQ_OVFL) {
    out.drops = payload_of<std::uint32_t>(header);
  }
}

}  // namespace

void UdpPort::read_one_control(const cmsghdr* header, const ReadTime& time, Received& out) {
  switch (header->cmsg_level) {
    case SOL_UDP:
      if (header->cmsg_type == UDP_GRO) {
        out.segment = merged_length(payload_of<std::uint32_t>(header), out.segment);
      }
      break;
    case SOL_SOCKET:
      read_socket_control(header, time, out);
      break;
    case IPPROTO_IP:
    case IPPROTO_IPV6:
      read_ip_control(header, out);
      break;
    default:
      break;
  }
}

void UdpPort::read_ip_control(const cmsghdr* header, Received& out) {
  const bool v4 = header->cmsg_level == IPPROTO_IP;
  const int type = header->cmsg_type;
  if (v4 && type == IP_TOS) {
    out.tos = payload_of<std::uint8_t>(header);
  } else if (!v4 && type == IPV6_TCLASS) {
    out.tos = static_cast<std::uint8_t>(payload_of<int>(header));
  } else if (type == (v4 ? IP_TTL : IPV6_HOPLIMIT)) {
    signs_.ttl = static_cast<std::uint8_t>(payload_of<int>(header));
  } else if (type == (v4 ? IP_RECVFRAGSIZE : IPV6_RECVFRAGSIZE)) {
    const auto bytes = static_cast<std::uint32_t>(payload_of<int>(header));
    signs_.fragment_bytes = std::max(signs_.fragment_bytes, bytes);
  }
}

void UdpPort::read_control(const msghdr& message, std::span<const std::byte> data,
                           const ReadTime& time, Received& out) {
  out = Received{};
  out.data = data;
  out.segment = static_cast<std::uint32_t>(data.size());
  out.at = time.mono;
  out.truncated = (message.msg_flags & MSG_TRUNC) != 0;
  for (const cmsghdr* header = CMSG_FIRSTHDR(&message); header != nullptr;
       header = CMSG_NXTHDR(const_cast<msghdr*>(&message), const_cast<cmsghdr*>(header))) {
    read_one_control(header, time, out);
  }
  // The counter comes with a datagram only once something has been dropped.
  out.drops = out.drops.value_or(0);
}

void ReceiveBuffers::prepare(std::size_t slots) {
  if (bytes_.empty()) {
    bytes_.resize(kMany * kSlotBytes);
  }
  for (std::size_t i = 0; i < slots; ++i) {
    vectors_[i] = iovec{bytes_.data() + i * kSlotBytes, kSlotBytes};
    msghdr& header = messages_[i].msg_hdr;
    header = msghdr{};
    header.msg_iov = &vectors_[i];
    header.msg_iovlen = 1;
    header.msg_control = control_[i].data();
    header.msg_controllen = control_[i].size();
  }
}

std::span<const Received> UdpPort::receive(ReceiveBuffers& buffers) {
  return gro_ ? receive_merged(buffers) : receive_many(buffers);
}

std::span<const Received> UdpPort::receive_merged(ReceiveBuffers& buffers) {
  buffers.prepare(1);
  msghdr& header = buffers.message(0).msg_hdr;
  ssize_t length = ::recvmsg(fd(), &header, MSG_DONTWAIT);
  if (length < 0 && errno != EAGAIN) {
    note_error(errno);
    buffers.prepare(1);
    length = ::recvmsg(fd(), &header, MSG_DONTWAIT);
  }
  if (length < 0) {
    return {};
  }
  const ReadTime time;
  read_control(header, buffers.slot(0, static_cast<std::size_t>(length)), time,
               buffers.received(0));
  return buffers.first(1);
}

std::span<const Received> UdpPort::receive_many(ReceiveBuffers& buffers) {
  buffers.prepare(ReceiveBuffers::kMany);
  int count = ::recvmmsg(fd(), buffers.messages(), ReceiveBuffers::kMany, MSG_DONTWAIT, nullptr);
  if (count < 0 && errno != EAGAIN) {
    note_error(errno);
    count = ::recvmmsg(fd(), buffers.messages(), ReceiveBuffers::kMany, MSG_DONTWAIT, nullptr);
  }
  if (count <= 0) {
    return {};
  }
  const ReadTime time;
  for (std::size_t i = 0; i < static_cast<std::size_t>(count); ++i) {
    mmsghdr& message = buffers.message(i);
    read_control(message.msg_hdr, buffers.slot(i, message.msg_len), time, buffers.received(i));
  }
  return buffers.first(static_cast<std::size_t>(count));
}

void UdpPort::note_error(int os_error) {
  if (os_error == ECONNREFUSED) {
    refused_ = true;
  }
  drain_errors();
}

std::optional<ReceiveQueue> UdpPort::receive_queue() {
  std::array<std::uint32_t, SK_MEMINFO_VARS> values{};
  socklen_t size = sizeof values;
  if (::getsockopt(fd(), SOL_SOCKET, SO_MEMINFO, values.data(), &size) != 0 ||
      size <= SK_MEMINFO_DROPS * sizeof(std::uint32_t)) {
    return std::nullopt;
  }
  return ReceiveQueue{values[SK_MEMINFO_RMEM_ALLOC], values[SK_MEMINFO_RCVBUF],
                      values[SK_MEMINFO_DROPS]};
}

namespace {

/// RFC 792 and RFC 1812 s5.2.7.1; RFC 4443 s3.1.
Unreachable meaning_v4(std::uint8_t code) {
  switch (code) {
    case 1:
    case 7:
    case 8:
    case 12:
      return Unreachable::host;
    case 2:
      return Unreachable::protocol;
    case 9:
    case 10:
    case 13:
      return Unreachable::prohibited;
    case 0:
    case 5:
    case 6:
    case 11:
      return Unreachable::net;
    default:
      return Unreachable::none;
  }
}
Unreachable meaning_v6(std::uint8_t code) {
  constexpr std::array kMeanings{
      Unreachable::net,  Unreachable::prohibited, Unreachable::net, Unreachable::host,
      Unreachable::none, Unreachable::prohibited, Unreachable::net};
  return code < kMeanings.size() ? kMeanings[code] : Unreachable::none;
}

Unreachable meaning_of(const sock_extended_err& error) {
  constexpr std::uint8_t kUnreachableV4 = 3;
  constexpr std::uint8_t kUnreachableV6 = 1;
  if (error.ee_origin == SO_EE_ORIGIN_ICMP && error.ee_type == kUnreachableV4) {
    return meaning_v4(error.ee_code);
  }
  if (error.ee_origin == SO_EE_ORIGIN_ICMP6 && error.ee_type == kUnreachableV6) {
    return meaning_v6(error.ee_code);
  }
  return Unreachable::none;
}

bool tells_error(const cmsghdr& header) {
  return (header.cmsg_level == IPPROTO_IP && header.cmsg_type == IP_RECVERR) ||
         (header.cmsg_level == IPPROTO_IPV6 && header.cmsg_type == IPV6_RECVERR);
}

}  // namespace

void UdpPort::drain_errors() {
  constexpr int kMost = 64;  // a peer must not keep us here
  for (int i = 0; i < kMost; ++i) {
    std::array<std::byte, 64> data{};
    alignas(cmsghdr) std::array<std::byte, 256> control{};
    iovec vector{data.data(), data.size()};
    msghdr message{};
    message.msg_iov = &vector;
    message.msg_iovlen = 1;
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    if (::recvmsg(fd(), &message, MSG_ERRQUEUE | MSG_DONTWAIT) < 0) {
      return;
    }
    for (const cmsghdr* header = CMSG_FIRSTHDR(&message); header != nullptr;
         header = CMSG_NXTHDR(&message, const_cast<cmsghdr*>(header))) {
      if (!tells_error(*header)) {
        continue;
      }
      const auto error = payload_of<sock_extended_err>(header);
      if (error.ee_errno == ECONNREFUSED) {
        refused_ = true;
      } else if (error.ee_errno == EMSGSIZE) {
        mtu_hint_ = error.ee_info;
      }
      if (const Unreachable said = meaning_of(error); said != Unreachable::none) {
        unreachable_ = said;
      }
    }
  }
}

}  // namespace udperf::net
