#include "net/udp_listener.hpp"

#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "net/control_message.hpp"
#include "net/device.hpp"
#include "net/socket_address.hpp"
#include "net/socket_options.hpp"
#include "net/udp_port.hpp"

namespace udperf::net {
namespace {

constexpr std::size_t kMostLetters = 64;  // a turn of the loop stays short under a flood
constexpr std::size_t kLetterBytes =
    2048;  // handshakes are smaller; longer ones are cut and refused

/// The address that the datagram was sent to, from its control messages.
IpAddress destination(msghdr& message, const IpAddress& fallback) {
  for (const cmsghdr* header = CMSG_FIRSTHDR(&message); header != nullptr;
       header = CMSG_NXTHDR(&message, const_cast<cmsghdr*>(header))) {
    if (header->cmsg_level == IPPROTO_IP && header->cmsg_type == IP_PKTINFO) {
      return from_in_addr(payload_of<in_pktinfo>(header).ipi_addr);
    }
    if (header->cmsg_level == IPPROTO_IPV6 && header->cmsg_type == IPV6_PKTINFO) {
      const auto info = payload_of<in6_pktinfo>(header);
      return from_in6_addr(info.ipi6_addr, info.ipi6_ifindex);
    }
  }
  return fallback;
}

template <typename Info>
void attach(msghdr& message, int level, int type, const Info& info) {
  message.msg_controllen = CMSG_SPACE(sizeof info);
  cmsghdr* const header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = level;
  header->cmsg_type = type;
  header->cmsg_len = CMSG_LEN(sizeof info);
  std::memcpy(CMSG_DATA(header), &info, sizeof info);
}

/// Says which local address the answer leaves from.
void set_source(msghdr& message, const IpAddress& local) {
  if (local.family == IpFamily::v4) {
    in_pktinfo info{};
    std::memcpy(&info.ipi_spec_dst, local.bytes.data(), sizeof info.ipi_spec_dst);
    attach(message, IPPROTO_IP, IP_PKTINFO, info);
    return;
  }
  in6_pktinfo info{};
  std::memcpy(&info.ipi6_addr, local.bytes.data(), sizeof info.ipi6_addr);
  info.ipi6_ifindex = local.scope_id;
  attach(message, IPPROTO_IPV6, IPV6_PKTINFO, info);
}

}  // namespace

class UdpListener::Inbox {
 public:
  explicit Inbox(std::size_t datagrams)
      : bytes_(datagrams * kLetterBytes),
        vectors_(datagrams),
        control_(datagrams),
        from_(datagrams),
        messages_(datagrams),
        datagrams_(datagrams),
        used_(datagrams) {}

  std::span<const Datagram> read(int fd, const Endpoint& local) {
    prepare();
    int count = receive(fd);
    for (int i = 0; count < 0 && errno != EAGAIN && i < 8; ++i) {
      count = receive(fd);  // an ICMP error of an earlier answer
    }
    used_ = static_cast<std::size_t>(std::max(count, 0));
    for (std::size_t i = 0; i < used_; ++i) {
      const std::size_t length = messages_[i].msg_len;
      const std::span<const std::byte> slot = std::span{bytes_}.subspan(i * kLetterBytes);
      const auto kept = slot.first(std::min(length, kLetterBytes));
      Datagram& datagram = datagrams_[i];
      datagram.bytes.assign(kept.begin(), kept.end());
      datagram.full_length = static_cast<std::uint32_t>(length);
      datagram.peer = from_[i].endpoint();
      datagram.local = Endpoint{destination(messages_[i].msg_hdr, local.address), local.port};
    }
    return std::span{datagrams_}.first(used_);
  }

 private:
  struct Control {
    alignas(cmsghdr) std::array<std::byte, 256> bytes;
  };

  /// The kernel has overwritten the headers of those that were used.
  void prepare() {
    for (std::size_t i = 0; i < used_; ++i) {
      vectors_[i] = iovec{bytes_.data() + i * kLetterBytes, kLetterBytes};
      msghdr& header = messages_[i].msg_hdr;
      header = msghdr{};
      header.msg_name = from_[i].raw();
      header.msg_namelen = *from_[i].size_out();
      header.msg_iov = &vectors_[i];
      header.msg_iovlen = 1;
      header.msg_control = control_[i].bytes.data();
      header.msg_controllen = control_[i].bytes.size();
    }
  }
  int receive(int fd) {
    return ::recvmmsg(fd, messages_.data(), static_cast<unsigned>(messages_.size()),
                      MSG_DONTWAIT | MSG_TRUNC, nullptr);
  }

  std::vector<std::byte> bytes_;
  std::vector<iovec> vectors_;
  std::vector<Control> control_;
  std::vector<SocketAddress> from_;
  std::vector<mmsghdr> messages_;
  std::vector<Datagram> datagrams_;
  std::size_t used_;  ///< of them, by the last read
};

UdpListener::UdpListener(os::Fd socket, Endpoint local)
    : socket_(std::move(socket)), local_(local), inbox_(std::make_unique<Inbox>(kMostLetters)) {}

UdpListener::~UdpListener() = default;

Result<std::unique_ptr<UdpListener>> UdpListener::open(const std::optional<IpAddress>& bind,
                                                       std::uint16_t port, std::uint32_t buffer,
                                                       const std::string& device, bool one_family) {
  if (bind) {
    return open_at(Endpoint{*bind, port}, buffer, device, one_family);
  }
  auto both = open_at(Endpoint{IpAddress::any(IpFamily::v6), port}, buffer, device, false);
  if (both || both.error().os_error == EADDRINUSE || both.error().os_error == EACCES) {
    return both;
  }
  return open_at(Endpoint{IpAddress::any(IpFamily::v4), port}, buffer, device, true);
}

Result<std::unique_ptr<UdpListener>> UdpListener::open_at(const Endpoint& local,
                                                          std::uint32_t buffer,
                                                          const std::string& device,
                                                          bool one_family) {
  const bool v4 = local.address.family == IpFamily::v4;
  os::Fd fd{::socket(v4 ? AF_INET : AF_INET6, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)};
  if (!fd) {
    const int reason = errno;
    return system_error(reason, "create a UDP socket");
  }
  if (v4) {
    set_option(fd.get(), IPPROTO_IP, IP_PKTINFO, 1);
  } else {
    set_option(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, local.address.is_any() && !one_family ? 0 : 1);
    set_option(fd.get(), IPPROTO_IPV6, IPV6_RECVPKTINFO, 1);
    set_option(fd.get(), IPPROTO_IP, IP_PKTINFO, 1);
  }
  set_buffer(fd.get(), SO_RCVBUF, SO_RCVBUFFORCE, buffer);
  if (auto bound = bind_to_device(fd.get(), device); !bound) {
    return tl::unexpected{bound.error()};
  }
  const SocketAddress address{local};
  if (::bind(fd.get(), address.raw(), address.size()) != 0) {
    const int reason = errno;
    return system_error(reason, "bind " + local.to_string());
  }
  // Only now: a second server on this port must fail above, our own session sockets must not.
  set_option(fd.get(), SOL_SOCKET, SO_REUSEADDR, 1);
  SocketAddress bound;
  ::getsockname(fd.get(), bound.raw(), bound.size_out());
  Endpoint actual = bound.endpoint();
  actual.address = local.address;
  return std::unique_ptr<UdpListener>{new UdpListener{std::move(fd), actual}};
}

std::span<const Datagram> UdpListener::receive() {
  return inbox_->read(fd(), local_);
}

void UdpListener::send(const Datagram& datagram) {
  const bool v6_socket = local_.address.family == IpFamily::v6;
  SocketAddress to =
      v6_socket ? SocketAddress::mapped(datagram.peer) : SocketAddress{datagram.peer};
  alignas(cmsghdr) std::array<std::byte, 128> control{};
  iovec vector{const_cast<std::byte*>(datagram.bytes.data()), datagram.bytes.size()};
  msghdr message{};
  message.msg_name = to.raw();
  message.msg_namelen = to.size();
  message.msg_iov = &vector;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  set_source(message, datagram.local.address);
  if (::sendmsg(fd(), &message, MSG_DONTWAIT) < 0 && errno == ECONNREFUSED) {
    ::sendmsg(fd(), &message, MSG_DONTWAIT);  // the error was an earlier answer's
  }
}

Result<std::unique_ptr<DatagramPort>> UdpListener::open_session(const PortOptions& options,
                                                                std::vector<Datagram>& strays) {
  auto fd = open_bound(options);
  if (!fd) {
    return tl::unexpected{fd.error()};
  }
  if (auto connected = connect_to(fd->get(), options.remote); !connected) {
    return tl::unexpected{connected.error()};
  }
  // Between bind and connect this socket was the better match for everybody's datagrams. From now
  // on only its peer's come, who must not keep us here: he says the rest again.
  constexpr std::size_t kMostStrays = 256;
  const Endpoint local{options.bind.value_or(local_.address), options.local_port};
  constexpr std::size_t kAtOnce = 4;  // there is hardly ever one
  Inbox inbox{kAtOnce};
  while (strays.size() < kMostStrays) {
    const auto datagrams = inbox.read(fd->get(), local);
    strays.insert(strays.end(), datagrams.begin(), datagrams.end());
    if (datagrams.size() < kAtOnce) {
      break;
    }
  }
  return std::unique_ptr<DatagramPort>{UdpPort::adopt(std::move(*fd), options)};
}

}  // namespace udperf::net
