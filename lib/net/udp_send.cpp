#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <sys/ioctl.h>
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
constexpr std::uint32_t kFew = 16;               // as cheap one by one

/// Whether the errno of a send may be ICMP's answer to an earlier datagram instead (ip(7),
/// IP_RECVERR): then this one was not tried at all, and trying again tells.
bool may_be_late(int os_error) {
  constexpr std::array kFromIcmp{EMSGSIZE,    EHOSTUNREACH, ENETUNREACH, EACCES,    EPROTO,
                                 ENOPROTOOPT, EHOSTDOWN,    ENONET,      EOPNOTSUPP};
  return std::find(kFromIcmp.begin(), kFromIcmp.end(), os_error) != kFromIcmp.end();
}

/// Errors of which no later datagram can recover: the socket itself is at fault.
bool is_final(int os_error) {
  constexpr std::array kFinal{EBADF, ENOTSOCK, EFAULT, EDESTADDRREQ, ENOTCONN, EPIPE};
  return std::find(kFinal.begin(), kFinal.end(), os_error) != kFinal.end();
}

constexpr std::size_t kMostAtOnce = 128;  // datagrams that send_many describes for one sendmmsg

/// What sendmmsg takes: where the pieces of a buffer begin and how long they are.
class Messages {
 public:
  /// The first `n` pieces of `segment` bytes; the last may be shorter.
  Messages(std::span<const std::byte> data, std::uint32_t segment, std::uint32_t n) {
    for (std::uint32_t i = 0; i < n; ++i) {
      const auto piece = data.subspan(std::size_t{i} * segment);
      // sendmmsg does not write to the buffer; iovec has no const form.
      vectors_[i].iov_base = const_cast<std::byte*>(piece.data());
      vectors_[i].iov_len = std::min<std::size_t>(piece.size(), segment);
      messages_[i].msg_hdr.msg_iov = &vectors_[i];
      messages_[i].msg_hdr.msg_iovlen = 1;
    }
  }
  Messages(const Messages&) = delete;  // they point at each other
  Messages& operator=(const Messages&) = delete;
  ~Messages() = default;

  [[nodiscard]] mmsghdr* from(std::uint32_t first) { return messages_.data() + first; }

 private:
  std::array<iovec, kMostAtOnce> vectors_{};
  std::array<mmsghdr, kMostAtOnce> messages_{};
};

}  // namespace

/// What `call` returns, once more where its error may belong to an earlier datagram.
template <typename Call>
auto UdpPort::tried_twice(const Call& call) -> decltype(call()) {
  auto result = call();
  if (result < 0 && may_be_late(errno)) {
    drain_errors();
    result = call();
  }
  return result;
}

std::uint32_t UdpPort::batch_limit(std::uint32_t segment) const {
  if (!gso_ || !fits_path(segment)) {
    return kMany;  // the kernel fragments, or segmentation is off: one by one down the stack
  }
  const bool v4 = remote_.address.family == IpFamily::v4;
  return std::clamp((v4 ? kWholeV4 : kWholeV6) / segment, 1U, max_segments_);
}

SendOutcome UdpPort::send(std::span<const std::byte> data, std::uint32_t segment) {
  const auto n = static_cast<std::uint32_t>((data.size() + segment - 1) / segment);
  if (n == 1) {
    return send_one(data);
  }
  if (gso_ && fits_path(segment) && n <= max_segments_) {
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
  const ssize_t sent =
      tried_twice([&] { return ::send(fd(), data.data(), data.size(), MSG_DONTWAIT); });
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
    const SendOutcome singly = send_many(data, segment, n);
    // EINVAL is also what a route says whose source address is gone: that comes back.
    gso_ = singly.os_error == EINVAL;
    return singly;
  }
  return error_outcome(reason, n);
}

SendOutcome UdpPort::send_many(std::span<const std::byte> data, std::uint32_t segment,
                               std::uint32_t n) {
  if (!set_segment(0)) {
    return error_outcome(errno, 1);
  }
  n = std::min<std::uint32_t>(n, kMostAtOnce);
  if (n <= kFew || refuses_some_) {
    return send_singly(data, segment, n);
  }
  Messages messages{data, segment, n};
  SendOutcome outcome;
  outcome.calls = 0;
  while (outcome.datagrams < n) {
    const int taken = tried_twice([&] {
      return ::sendmmsg(fd(), messages.from(outcome.datagrams), n - outcome.datagrams,
                        MSG_DONTWAIT);
    });
    if (taken < 0) {  // of a partial send the reason shows only now
      const SendOutcome reason = error_outcome(errno, 1);
      refuses_some_ = refuses_some_ || reason.status == SendOutcome::Status::denied;
      outcome.status = reason.status;
      outcome.os_error = reason.os_error;
      outcome.lost = reason.lost;
      return outcome;
    }
    outcome.datagrams += static_cast<std::uint32_t>(taken);
    outcome.calls = outcome.datagrams;
    // A batch that ends early although there is room had one that was refused: what is to come is
    // sent singly, so that each is tried once and its reason is known.
    refuses_some_ = refuses_some_ || (outcome.datagrams < n && has_room());
  }
  return outcome;
}

/// Whether the send buffer is so empty that it cannot have been full a moment ago.
bool UdpPort::has_room() const {
  int queued = 0;
  return ::ioctl(fd(), SIOCOUTQ, &queued) == 0 &&
         static_cast<std::uint32_t>(std::max(queued, 0)) < sndbuf_ / 2;
}

/// One system call each: of a datagram in the middle of a sendmmsg the reason is not told, and
/// asking for it tries that datagram again.
SendOutcome UdpPort::send_singly(std::span<const std::byte> data, std::uint32_t segment,
                                 std::uint32_t n) {
  SendOutcome outcome;
  outcome.calls = 0;
  for (; outcome.datagrams < n; ++outcome.datagrams, ++outcome.calls) {
    const auto rest = data.subspan(std::size_t{outcome.datagrams} * segment);
    const SendOutcome one = send_one(rest.first(std::min<std::size_t>(rest.size(), segment)));
    if (one.status != SendOutcome::Status::taken) {
      outcome.status = one.status;
      outcome.os_error = one.os_error;
      outcome.lost = one.lost;
      return outcome;
    }
  }
  return outcome;
}

SendOutcome UdpPort::send_one(std::span<const std::byte> datagram) {
  if (segment_.load(std::memory_order_relaxed) != 0) {
    set_segment(0);  // some drivers corrupt a single datagram sent with segmentation on
  }
  const ssize_t sent =
      tried_twice([&] { return ::send(fd(), datagram.data(), datagram.size(), MSG_DONTWAIT); });
  if (sent >= 0) {
    return SendOutcome{SendOutcome::Status::taken, 1, 1, 0};
  }
  return error_outcome(errno, 1);
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
    const int reason = errno;
    outcome = error_outcome(reason, 1);
    if (outcome.status != SendOutcome::Status::refused && !may_be_late(reason)) {
      break;
    }
  }
  return outcome;
}

/// What this host itself says of the way, where ICMP has not said more.
void UdpPort::note_denial(int os_error) {
  Unreachable none = Unreachable::none;
  switch (os_error) {
    case ENETUNREACH:
    case ENETDOWN:
    case ENONET:
      unreachable_.compare_exchange_strong(none, Unreachable::net);
      break;
    case EHOSTUNREACH:
    case EHOSTDOWN:
      unreachable_.compare_exchange_strong(none, Unreachable::host);
      break;
    case EPERM:
    case EACCES:
      unreachable_.compare_exchange_strong(none, Unreachable::prohibited);
      break;
    default:
      break;
  }
}

/// `lost`: datagrams that are not tried again where the error is about them and not about now.
SendOutcome UdpPort::error_outcome(int os_error, std::uint32_t lost) {
  using Status = SendOutcome::Status;
  drain_errors();
  switch (os_error) {
    case EAGAIN:
    case ENOBUFS:
    case ENOMEM:
    case EINTR:
      return SendOutcome{Status::blocked, 0, 0, os_error};
    case ECONNREFUSED:
      refused_ = true;
      return SendOutcome{Status::refused, 0, 0, os_error};
    case EMSGSIZE:
      return SendOutcome{Status::too_big, 0, 0, os_error, lost};
    default:
      note_denial(os_error);
      return is_final(os_error) ? SendOutcome{Status::failed, 0, 0, os_error}
                                : SendOutcome{Status::denied, 0, 0, os_error, lost};
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
