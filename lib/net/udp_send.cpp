#include <netinet/in.h>
#include <netinet/udp.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "net/socket_options.hpp"
#include "net/udp_port.hpp"

namespace udperf::net {
namespace {

// A merged buffer stays whole on loopback and veth only below 64 KiB with its link-layer header
// (measured: 65493 bytes of payload over IPv4, 65473 over IPv6).
constexpr std::uint32_t kWholeV4 = 65493;
constexpr std::uint32_t kWholeV6 = 65473;
constexpr std::uint32_t kSegmentsBefore69 = 64;  // kernels before 6.9 take 64 segments, later 128
constexpr std::uint32_t kMany = 64;              // datagrams for one sendmmsg
constexpr std::uint32_t kHeadersV4 = 28;
constexpr std::uint32_t kHeadersV6 = 48;

}  // namespace

std::uint32_t UdpPort::batch_limit(std::uint32_t segment) const {
  const bool v4 = remote_.address.family == IpFamily::v4;
  const bool fits_path = segment + (v4 ? kHeadersV4 : kHeadersV6) <= mtu_;
  if (!gso_ || !fits_path) {
    return kMany;  // the kernel fragments, or segmentation is off: one by one down the stack
  }
  return std::clamp((v4 ? kWholeV4 : kWholeV6) / segment, 1U, max_segments_);
}

SendOutcome UdpPort::send(std::span<const std::byte> data, std::uint32_t segment) {
  const auto n = static_cast<std::uint32_t>((data.size() + segment - 1) / segment);
  if (n == 1) {
    return send_one(data);
  }
  const bool v4 = remote_.address.family == IpFamily::v4;
  if (gso_ && segment + (v4 ? kHeadersV4 : kHeadersV6) <= mtu_ && n <= max_segments_) {
    return send_gso(data, segment, n);
  }
  return send_many(data, segment, n);
}

SendOutcome UdpPort::send_gso(std::span<const std::byte> data, std::uint32_t segment,
                              std::uint32_t n) {
  if (!set_segment(segment)) {
    gso_ = false;
    return send_many(data, segment, n);
  }
  ssize_t sent = ::send(fd(), data.data(), data.size(), MSG_DONTWAIT);
  if (sent < 0 && errno == EMSGSIZE) {
    drain_errors();  // it may be ICMP's answer to an earlier datagram
    sent = ::send(fd(), data.data(), data.size(), MSG_DONTWAIT);
  }
  if (sent >= 0) {
    return SendOutcome{SendOutcome::Status::taken, n, 1, 0};
  }
  const int reason = errno;
  if (reason == EINVAL && n > kSegmentsBefore69 && max_segments_ > kSegmentsBefore69) {
    max_segments_ = kSegmentsBefore69;
    return send_many(data, segment, n);
  }
  if (reason == EIO || reason == EINVAL || reason == EMSGSIZE) {
    gso_ = false;  // the device or the route does not do it: remember, and go on without
    return send_many(data, segment, n);
  }
  return error_outcome(reason);
}

SendOutcome UdpPort::send_many(std::span<const std::byte> data, std::uint32_t segment,
                               std::uint32_t n) {
  if (!set_segment(0)) {
    return error_outcome(errno);
  }
  std::array<iovec, 128> vectors{};
  std::array<mmsghdr, 128> messages{};
  n = std::min<std::uint32_t>(n, messages.size());
  for (std::uint32_t i = 0; i < n; ++i) {
    const auto piece = data.subspan(std::size_t{i} * segment);
    // sendmmsg does not write to the buffer; iovec has no const form.
    vectors[i].iov_base = const_cast<std::byte*>(piece.data());
    vectors[i].iov_len = std::min<std::size_t>(piece.size(), segment);
    messages[i].msg_hdr.msg_iov = &vectors[i];
    messages[i].msg_hdr.msg_iovlen = 1;
  }
  int taken = ::sendmmsg(fd(), messages.data(), n, MSG_DONTWAIT);
  if (taken < 0 && errno == EMSGSIZE) {
    drain_errors();
    taken = ::sendmmsg(fd(), messages.data(), n, MSG_DONTWAIT);
  }
  if (taken < 0) {
    return error_outcome(errno);
  }
  const auto count = static_cast<std::uint32_t>(taken);
  // After a partial send the reason shows at the next call.
  const auto status = count == n ? SendOutcome::Status::taken : SendOutcome::Status::blocked;
  return SendOutcome{status, count, count, 0};
}

SendOutcome UdpPort::send_one(std::span<const std::byte> datagram) {
  if (segment_.load(std::memory_order_relaxed) != 0) {
    set_segment(0);  // some drivers corrupt a single datagram sent with segmentation on
  }
  ssize_t sent = ::send(fd(), datagram.data(), datagram.size(), MSG_DONTWAIT);
  if (sent < 0 && errno == EMSGSIZE) {
    drain_errors();
    sent = ::send(fd(), datagram.data(), datagram.size(), MSG_DONTWAIT);
  }
  if (sent >= 0) {
    return SendOutcome{SendOutcome::Status::taken, 1, 1, 0};
  }
  return error_outcome(errno);
}

SendOutcome UdpPort::send_whole(std::span<const std::byte> datagram) {
  if (dont_fragment_) {
    return send_control(datagram);
  }
  const bool v4 = remote_.address.family == IpFamily::v4;
  const int level = v4 ? IPPROTO_IP : IPPROTO_IPV6;
  const int discover = v4 ? IP_MTU_DISCOVER : IPV6_MTU_DISCOVER;
  int before = 0;
  socklen_t size = sizeof before;
  static_assert(IP_PMTUDISC_PROBE == IPV6_PMTUDISC_PROBE);
  // Probing ignores what the kernel believes of the path, and marks the packet as not to be cut.
  if (::getsockopt(fd(), level, discover, &before, &size) != 0 ||
      !set_option(fd(), level, discover, IP_PMTUDISC_PROBE) ||
      (!v4 && !set_option(fd(), level, IPV6_DONTFRAG, 1))) {
    return SendOutcome{SendOutcome::Status::failed, 0, 0, errno};
  }
  const SendOutcome outcome = send_control(datagram);
  set_option(fd(), level, discover, before);
  if (!v4) {
    set_option(fd(), level, IPV6_DONTFRAG, 0);
  }
  return outcome;
}

std::optional<std::uint32_t> UdpPort::take_mtu_hint() {
  const std::uint32_t hint = mtu_hint_.exchange(0);
  return hint != 0 ? std::optional{hint} : std::nullopt;
}

SendOutcome UdpPort::send_control(std::span<const std::byte> datagram) {
  iovec vector{const_cast<std::byte*>(datagram.data()), datagram.size()};
  msghdr message{};
  message.msg_iov = &vector;
  message.msg_iovlen = 1;
  alignas(cmsghdr) std::array<std::byte, CMSG_SPACE(sizeof(std::uint16_t))> control{};
  if (gso_) {
    // The data thread may have segmentation on: say that this one goes as it is.
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    cmsghdr* const header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_UDP;
    header->cmsg_type = UDP_SEGMENT;
    header->cmsg_len = CMSG_LEN(sizeof(std::uint16_t));
  }
  constexpr int kTries = 3;  // an error left over from an earlier datagram takes the first try
  SendOutcome outcome;
  for (int i = 0; i < kTries; ++i) {
    if (::sendmsg(fd(), &message, MSG_DONTWAIT) >= 0) {
      return SendOutcome{SendOutcome::Status::taken, 1, 1, 0};
    }
    outcome = error_outcome(errno);
    if (outcome.status != SendOutcome::Status::refused &&
        outcome.status != SendOutcome::Status::too_big) {
      break;
    }
  }
  return outcome;
}

SendOutcome UdpPort::error_outcome(int os_error) {
  using Status = SendOutcome::Status;
  drain_errors();
  switch (os_error) {
    case EAGAIN:
    case ENOBUFS:
    case EINTR:
      return SendOutcome{Status::blocked, 0, 0, os_error};
    case ECONNREFUSED:
      refused_ = true;
      return SendOutcome{Status::refused, 0, 0, os_error};
    case EMSGSIZE:
      return SendOutcome{Status::too_big, 0, 0, os_error};
    default:
      return SendOutcome{Status::failed, 0, 0, os_error};
  }
}

bool UdpPort::set_segment(std::uint32_t segment) {
  if (segment_.load(std::memory_order_relaxed) == segment) {
    return true;
  }
  if (!set_option(fd(), SOL_UDP, UDP_SEGMENT, static_cast<int>(segment))) {
    return segment == 0;  // a kernel without the option has nothing to turn off
  }
  segment_.store(segment, std::memory_order_relaxed);
  return true;
}

}  // namespace udperf::net
